"""Which other sites' pages may call: none, unless their origins are configured."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from customers_api.extensions import db
from tests.conftest import make_app
from tests.support.api import service_token

OURS, THEIRS = "https://app.example.com", "https://evil.example"
VALUES = {"int": "1", "customer": "1", "uuid": "a1b2c3d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d"}
ASKS = {
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization,content-type",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("none"))


@pytest.fixture(scope="module")
def client(folder: str) -> FlaskClient:
    """Calls a server that two origins may call; without a database, as nothing here needs one."""
    return served(folder, f"{OURS}, http://localhost:3000")


def served(folder: str, origins: str, **more: str) -> FlaskClient:
    return make_app(f"sqlite:///{folder}/none.db", CORS_ORIGINS=origins, **more).test_client()


def of(answer: TestResponse) -> dict[str, str]:
    """What an answer says to browsers about other sites."""
    return {name: text for name, text in answer.headers if name.startswith("Access-Control")}


def words(text: str) -> set[str]:
    return {word.strip() for word in text.split(",")}


def filled(rule: str) -> str:
    """An address of this rule."""
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: VALUES.get(found[1], "vip"), rule)


def preflight(client: FlaskClient, path: str, origin: str = OURS, **more: str) -> TestResponse:
    return client.options(path, headers={"Origin": origin, **ASKS, **more})


def test_by_default_no_page_of_another_site_may_call(folder: str) -> None:
    closed = served(folder, "")
    for answer in (
        preflight(closed, "/api/customers/1"),
        closed.get("/health/live", headers={"Origin": OURS}),
        closed.get("/api/customers/1", headers={"Origin": OURS}),
    ):
        assert of(answer) == {}
        assert "Vary" not in answer.headers
    refused = preflight(closed, "/api/customers/1")
    assert refused.status_code == 405
    assert words(refused.headers["Allow"]) == {"DELETE", "GET", "HEAD", "PATCH"}


@pytest.mark.parametrize("path", ["/api/customers/1", "/api/customers/1/"])
def test_a_preflight_is_answered_without_a_token(client: FlaskClient, path: str) -> None:
    answer = preflight(client, path)
    assert (answer.status_code, answer.data) == (204, b"")
    told = of(answer)
    assert told["Access-Control-Allow-Origin"] == OURS
    assert words(told["Access-Control-Allow-Methods"]) == {"DELETE", "GET", "HEAD", "PATCH"}
    assert words(told["Access-Control-Allow-Headers"]) >= {
        "Authorization",
        "Content-Type",
        "Idempotency-Key",
        "If-Match",
        "If-None-Match",
        "X-Request-ID",
    }
    assert int(told["Access-Control-Max-Age"]) > 0
    assert "Origin" in words(answer.headers["Vary"])


def test_a_preflight_tells_the_methods_of_every_route(client: FlaskClient) -> None:
    methods: dict[str, set[str]] = {}
    for rule in client.application.url_map.iter_rules():
        methods.setdefault(filled(rule.rule), set()).update(rule.methods or ())
    assert len(methods) > 60
    for path, known in methods.items():
        answer = preflight(client, path)
        assert (answer.status_code, answer.data) == (204, b""), path
        told = of(answer)
        assert words(told["Access-Control-Allow-Methods"]) >= known - {"OPTIONS"}, path
        assert words(told["Access-Control-Allow-Headers"]) >= {"Authorization", "X-Request-ID"}


def test_a_preflight_where_nothing_is_is_404(client: FlaskClient) -> None:
    assert preflight(client, "/nowhere").status_code == 404


@pytest.mark.parametrize(("path", "method"), [("/api/customers/1", "PATCH"), ("/docs", "GET")])
def test_options_that_are_no_preflight_are_refused_as_ever(
    client: FlaskClient, path: str, method: str
) -> None:
    answer = client.options(path, headers={"Origin": OURS})
    assert answer.status_code == 405
    assert method in words(answer.headers["Allow"])


@pytest.mark.parametrize(
    "origin", [THEIRS, "null", f"{OURS}.evil.example", f"{OURS}:8443", "http://app.example.com"]
)
def test_other_origins_are_told_nothing(client: FlaskClient, origin: str) -> None:
    refused = preflight(client, "/api/customers/1", origin)
    assert (refused.status_code, of(refused)) == (405, {})
    answer = client.get("/health/live", headers={"Origin": origin})
    assert (answer.status_code, of(answer)) == (200, {})
    assert "Origin" in words(answer.headers["Vary"])


@pytest.mark.parametrize("path", ["/health/live", "/api/customers/1", "/nowhere", "/openapi.json"])
def test_answers_and_errors_may_be_read_by_the_origins_configured(
    client: FlaskClient, path: str
) -> None:
    for origin in (OURS, "http://localhost:3000"):
        answer = client.get(path, headers={"Origin": origin})
        assert answer.headers.getlist("Access-Control-Allow-Origin") == [origin]
        assert answer.headers["Vary"] == "Origin"
        assert words(answer.headers["Access-Control-Expose-Headers"]) >= {
            "ETag",
            "Idempotent-Replayed",
            "Link",
            "Location",
            "RateLimit",
            "RateLimit-Policy",
            "Retry-After",
            "X-Request-ID",
            "X-Total-Count",
        }


def test_caches_are_told_although_no_origin_was_given(client: FlaskClient) -> None:
    answer = client.get("/health/live")
    assert (answer.headers["Vary"], of(answer)) == ("Origin", {})


def test_an_asterisk_lets_every_page_call(folder: str) -> None:
    everybody = served(folder, "*")
    for answer in (
        preflight(everybody, "/api/customers/1", THEIRS),
        everybody.get("/health/live", headers={"Origin": THEIRS}),
    ):
        assert answer.status_code in (200, 204)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("origins", [OURS, "*"])
def test_credentials_are_never_allowed(folder: str, origins: str) -> None:
    calling = served(folder, origins)
    for answer in (preflight(calling, "/api/me"), calling.get("/api/me", headers={"Origin": OURS})):
        assert "Access-Control-Allow-Credentials" not in answer.headers


def test_a_refusal_by_a_limit_may_be_read(folder: str) -> None:
    calling = served(folder, OURS, RATE_LIMIT_PER_ADDRESS="1/hour")
    answers = [calling.get("/docs", headers={"Origin": OURS}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["Access-Control-Allow-Origin"] == OURS


def test_a_page_of_an_origin_configured_may_call_the_mcp_tools(app: Flask) -> None:
    open_to = make_app(app.config["DATABASE_URL"], CORS_ORIGINS=OURS)
    token = service_token(app, "reader")
    ping: dict[str, Any] = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    told = {
        origin: open_to.test_client().post(
            "/mcp", json=ping, headers={"Origin": origin, "Authorization": f"Bearer {token}"}
        )
        for origin in (OURS, THEIRS)
    }
    assert [answer.status_code for answer in told.values()] == [200, 403]
    with open_to.app_context():
        db.engine.dispose()
