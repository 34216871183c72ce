"""Paths that mean another place to somebody, and text that would end a header."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient

from customers_api.web.reference import ASSETS
from tests.support.api import Api

PUBLIC_PAGES = ("/docs", "/docs/problems", "/openapi.json", "/health")
# In front of an address that needs no token, and of one that does: neither is reached by these.
ELSEWHERE = [
    "/docs/../{}",
    "/docs/..;/{}",
    "/docs/%2e%2e/{}",
    "/docs/..%2f{}",
    "/docs/assets/../../{}",
    "/docs/assets/%2e%2e/%2e%2e/{}",
    "/docs/assets/..%5c..%5c{}",
    "/docs\\..\\{}",
    "/./{}",
    "/;/{}",
    "/.;/{}",
    "/%2e/{}",
    "/%20/{}",
    "/docs/{}",
    "/health/{}",
    "/health/..;/{}",
    "/{};a=b",
    "/{}.json",
    "/{}.",
    "/{}..",
    "/{}~",
    "/{}%00",
    "/{}%00.css",
    "/{}%0a",
    "/{}%0d%0a",
    "/{}%09",
    "/{}%20",
    "/{}%23",
    "/{}/..",
    "/{}/.",
    "/{}/%2e",
    "/{}%5c",
    "/{}%c0%af",
    "/{}%ef%bc%8f1",
    "/{}%e2%80%8b",
]
FILES = [
    "../reference.py",
    "..%2freference.py",
    "%2e%2e/reference.py",
    "%2e%2e%2freference.py",
    "%252e%252e%252freference.py",
    "..%5creference.py",
    "....//reference.py",
    "..;/reference.py",
    "%c0%ae%c0%ae/reference.py",
    "%e0%80%ae/reference.py",
    "%uff0e%uff0e/reference.py",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "//etc/passwd",
    "file:///etc/passwd",
    "../../../../../../../../etc/passwd",
    "reference.css/../../reference.py",
    "reference.css%00.png",
    "reference.css%00",
    "reference.css.",
    "reference.css%20",
    "reference.css::$DATA",
    "REFERENCE.CSS",
    "reference.css~",
    ".",
    "..",
    "./reference.css",
    "",
    "oauth2-redirect.html",
    "swagger-ui.js",
    "VERSION",
    "a" * 300,
    "a" * 7000,
    "a/" * 3000,
]
TAGS = [
    'vip,>; rel="next", <//evil.example/',
    'vip,>;rel="next",<https://evil.example/>;x="',
    "vip,\u65e5\u672c",
    "vip,\u00e9 \u0430",
    "vip,\u0085Set-Cookie: a=b",
    "vip,%0d%0aSet-Cookie: a=b",
    "vip,a?b#c&d=e",
    "vip,a/b//c",
]


@pytest.fixture
def client(one_app: Flask) -> FlaskClient:
    """Calls without a token; what it gets need not be in the reference."""
    return one_app.test_client()


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_path_with_tricks_in_it_is_another_path(client: FlaskClient, path: str) -> None:
    for inner in ("api/customers", "api/operators", "api/me"):
        answer = client.get(path.format(inner))
        assert answer.status_code in (401, 404), path
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize("path", [*PUBLIC_PAGES, "/metrics", "/", "/api/customers", "/api/me"])
def test_doubled_slashes_lead_to_nothing(client: FlaskClient, path: str) -> None:
    for doubled in (f"/{path}", f"//{path}", f"{path}//", f"/{path}//", path.replace("/", "//")):
        # The client would take what follows for the name of a host.
        environ = {"PATH_INFO": doubled}
        assert client.get("/", environ_overrides=environ).status_code == 404, doubled


@pytest.mark.parametrize(
    ("path", "status"),
    [("tags/a%0Ab", 200), ("tags/%0A/", 200), ("email/a%0Ab@example.com", 404), ("email/%0A", 404)],
)
def test_a_line_break_in_a_path_is_a_letter_like_any_other(
    reader: Api, path: str, status: int
) -> None:
    answer = reader.get(f"/api/v1/customers/{path}")
    assert answer.status_code == status
    assert b"no-such-address" not in answer.get_data()


@pytest.mark.parametrize("name", FILES)
def test_no_file_is_served_but_those_the_reference_names(client: FlaskClient, name: str) -> None:
    with client.get(f"/docs/assets/{name}") as answer:
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_the_assets_are_five_files(client: FlaskClient) -> None:
    assert len(ASSETS) == 5
    for name in ASSETS:
        with client.get(f"/docs/assets/{name}") as answer:
            assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/API/customers", "/api/Customers/1", "/Docs", "/HEALTH"])
def test_paths_are_read_with_regard_to_case(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/api/customers/%31", "/api/%63ustomers", "/%61pi/me"])
def test_another_spelling_of_a_path_needs_a_token_as_well(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 401


def headers(values: Any) -> Iterator[str]:
    """Every header of an answer in one line."""
    for name, value in values.items():
        yield f"{name}: {value}"


def test_a_link_names_this_address_and_no_other_whatever_is_in_the_path(editor: Api) -> None:
    new = [
        {"first_name": "Ann", "last_name": "Lee", "email": f"{n}@example.com", "tags": "vip"}
        for n in range(2)
    ]
    assert editor.post("/api/customers?size=list", {"customers": new}).status_code == 201
    client, token = editor.app.test_client(), {"Authorization": f"Bearer {editor.token}"}
    for tags in TAGS:
        address = f"/api/customers/tags/{quote(tags, safe='')}"
        answer = client.get(f"{address}?limit=1", headers=token)
        assert answer.status_code == 200
        link = answer.headers["Link"]
        assert link.isascii()
        assert (link.count("<"), link.count(">"), link.count("rel=")) == (1, 1, 1)
        assert link.startswith("</api/customers/tags/vip,")
        assert link.endswith('>; rel="next"')
        onward = client.get(link[1 : link.index(">")], headers=token)
        assert [each["email"] for each in onward.get_json()] == ["1@example.com"]


@pytest.mark.parametrize("name", ["skip", "limit", "cursor", "city", "country"])
def test_a_parameter_that_would_end_a_header_is_refused(editor: Api, name: str) -> None:
    given = quote('1\r\nSet-Cookie: a=b\r\n\r\n>; rel="x"')
    answer = editor.get(f"/api/customers/location/search?{name}={given}")
    assert answer.status_code == 400
    assert not any("Set-Cookie" in line for line in headers(answer.headers))


@pytest.mark.parametrize(
    "given",
    ["a b", "a\tb", "a%0d%0ab", "a;b", "<script>", "\u00e9", "a" * 65, "", "a,b", "a/../b", '"a"'],
)
def test_a_request_id_that_is_not_plain_is_replaced(client: FlaskClient, given: str) -> None:
    answer = client.get("/api/customers", headers={"X-Request-ID": given})
    assert answer.headers["X-Request-ID"] != given
    assert answer.headers["X-Request-ID"] == answer.get_json()["request_id"]
    assert answer.headers["X-Request-ID"].isalnum()


def test_no_answer_repeats_the_host_it_was_asked_for(editor: Api) -> None:
    hosts = ("evil.example", "evil.example:1", 'evil"><script>', "x@evil.example", "evil host")
    for number, host in enumerate(hosts, 1):
        names = ("Host", "X-Forwarded-Host", "X-Host", "Forwarded", "X-Forwarded-Server")
        names += ("X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix")
        given = dict.fromkeys(names, host) | {"Authorization": f"Bearer {editor.token}"}
        client = editor.app.test_client()
        new = {"first_name": "Ann", "last_name": "Lee", "email": f"{number}@example.com"}
        made = client.post("/api/customers", json=new, headers=given)
        assert made.headers["Location"] == f"/api/customers/{number}"
        for path in ("/", *PUBLIC_PAGES, "/api/customers?limit=1", "/nothing"):
            answer = client.get(path, headers=given)
            assert answer.status_code < 500
            assert "evil" not in answer.get_data(as_text=True)
            assert not any("evil" in line for line in headers(answer.headers))
        assert client.get("/", headers=given).headers["Location"] == "/docs"
