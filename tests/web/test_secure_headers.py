"""The headers that every answer carries, whatever it is and whoever wrote it."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from customers_api.web.refusals import INTERNAL, render
from tests.conftest import make_app
from tests.support.api import Api
from tests.support.gunicorn import only_here

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = "default-src 'none'; frame-ancestors 'none'"
HSTS = "Strict-Transport-Security"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Calls a server behind a proxy; no database, as nothing here needs one."""
    url = f"sqlite:///{tmp_path_factory.mktemp('none')}/none.db"
    return make_app(url, TRUSTED_PROXIES="10.0.0.1").test_client()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health/live", 200),
        ("HEAD", "/health/live", 200),
        ("GET", "/", 302),
        ("GET", "/api/customers/1", 401),
        ("GET", "/nowhere", 404),
        ("PUT", "/health", 405),
        ("OPTIONS", "/api/customers/1", 405),
        ("GET", "/openapi.json", 200),
        ("POST", "/mcp", 401),
        ("GET", "/docs", 200),
        ("GET", "/docs/problems", 200),
        ("GET", "/docs/assets/reference.js", 200),
    ],
)
def test_every_answer_carries_them_once(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    with client.open(path, method=method) as answer:
        assert answer.status_code == status
        for name, value in EVERYWHERE.items():
            assert answer.headers.getlist(name) == [value]
        assert len(answer.headers.getlist("Cache-Control")) == 1
        assert len(answer.headers.getlist("X-Request-ID")) == 1
        (policy,) = answer.headers.getlist("Content-Security-Policy")
        assert policy == POLICY or path in ("/docs", "/docs/problems")
        assert "frame-ancestors 'none'" in policy
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Server" not in answer.headers


def test_answers_are_not_kept_by_caches_unless_they_say_so(reader: Api) -> None:
    for path in ("/api/groups/", "/api/customers/999", "/loyalty/customers"):
        answer = reader.get(path)
        assert answer.headers["Cache-Control"] == "no-store"
        for name, value in EVERYWHERE.items():
            assert answer.headers.getlist(name) == [value]


def test_answers_with_etags_carry_them_too(reader: Api, john: dict[str, int]) -> None:
    path = f"/api/customers/{john['id']}"
    first = reader.get(path)
    known = reader.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, known.status_code) == (200, 304)
    for answer in (first, known):
        assert answer.headers.getlist("Cache-Control") == ["private, no-cache"]
        assert answer.headers["Content-Security-Policy"] == POLICY


@only_here("what fails is put there by the test")
def test_what_fails_unexpectedly_carries_them(app: Flask, reader: Api) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("customers_api.core.customers.queries.get", lambda *_: 1 // 0)
        answer = reader.get("/api/customers/1")
    assert answer.status_code == 500
    for name, value in EVERYWHERE.items():
        assert answer.headers.getlist(name) == [value]


def test_what_gunicorn_refuses_carries_them() -> None:
    head = render(INTERNAL, "id", secure=False)[0].partition(b"\r\n\r\n")[0].decode().split("\r\n")
    for name, value in {**EVERYWHERE, "Content-Security-Policy": POLICY}.items():
        assert f"{name}: {value}" in head
    assert "Cache-Control: no-store" in head


def test_tls_is_asked_for_only_where_it_is_spoken(client: FlaskClient) -> None:
    proto = {"X-Forwarded-Proto": "https"}
    peers = {peer: {"REMOTE_ADDR": peer} for peer in ("10.0.0.1", "10.0.0.2")}
    plain = client.get("/docs", environ_overrides=peers["10.0.0.1"])
    lied = client.get("/docs", headers=proto, environ_overrides=peers["10.0.0.2"])
    told = client.get("/docs", headers=proto, environ_overrides=peers["10.0.0.1"])
    spoken = client.get("/docs", environ_overrides={"wsgi.url_scheme": "https"})
    assert HSTS not in plain.headers
    assert HSTS not in lied.headers
    for answer in (told, spoken):
        assert answer.headers[HSTS] == "max-age=31536000"
