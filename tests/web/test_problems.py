"""Every error is a problem document (RFC 9457), and says nothing it should not."""

import re
from typing import Any

import pytest
from flask import Flask

from customers_api.core.customers import queries
from customers_api.extensions import db
from tests.conftest import make_app
from tests.support.api import Api, service_token
from tests.support.log import lines

MEMBERS = {"type", "title", "status", "detail", "request_id"}
# One call for each kind of refusal, as an editor.
CALLS: dict[int, tuple[str, str, dict[str, Any]]] = {
    400: ("POST", "/api/customers/", {"json": {}}),
    403: ("DELETE", "/api/customers/1", {}),
    404: ("GET", "/api/customers/999", {}),
    405: ("PUT", "/api/customers/1", {"json": {}}),
    415: ("POST", "/api/customers/", {"data": "x", "content_type": "text/plain"}),
}


@pytest.mark.parametrize("status", CALLS)
def test_an_error_is_a_problem_document(editor: Api, status: int) -> None:
    method, path, options = CALLS[status]
    answer = editor(method, path, **options)
    document = answer.get_json()
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert document.keys() - {"errors"} == MEMBERS
    assert document["status"] == status
    assert all(document[name] for name in MEMBERS)


def test_only_invalid_input_lists_errors(editor: Api) -> None:
    for status, (method, path, options) in CALLS.items():
        document = editor(method, path, **options).get_json()
        assert ("errors" in document) == (status == 400)


def test_each_error_has_a_place_and_a_message(editor: Api) -> None:
    answer = editor.post("/api/customers/?x=1", {"first_name": "", "phone": 1})
    for each in answer.get_json()["errors"]:
        assert each.keys() in ({"pointer", "message"}, {"parameter", "message"})
        assert each["message"]


def test_a_type_leads_to_what_it_means(editor: Api) -> None:
    types = {editor(m, path, **options).get_json()["type"] for m, path, options in CALLS.values()}
    page = editor.app.test_client().get("/docs/problems").get_data(as_text=True)
    assert len(types) == len(CALLS)
    for each in types:
        path, _, code = each.partition("#")
        assert path == "/docs/problems"
        assert f'id="{code}"' in page


@pytest.mark.parametrize("id", ["abc-123", "0f6b2c1d4e5a4b3c8d7e6f5a4b3c2d1e", "A.b_c-9", "x" * 64])
def test_a_request_id_that_the_client_chose_is_kept(editor: Api, id: str) -> None:
    for path in ("/api/customers/999", "/api/groups/", "/nothing"):
        answer = editor.get(path, headers={"X-Request-ID": id})
        assert answer.headers["X-Request-ID"] == id
        if answer.status_code == 404:
            assert answer.get_json()["request_id"] == id


@pytest.mark.parametrize("id", ["", "a b", "a/b", "<b>", "é", "x" * 65, "a,b", "${jndi:x}"])
def test_a_request_id_that_could_do_harm_is_replaced(editor: Api, id: str) -> None:
    answer = editor.get("/api/customers/999", headers={"X-Request-ID": id})
    made = answer.headers["X-Request-ID"]
    assert re.fullmatch("[0-9a-f]{32}", made)
    assert answer.get_json()["request_id"] == made


def test_each_request_has_an_id_of_its_own(reader: Api) -> None:
    ids = {reader.get("/api/groups/").headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("path", ["/nothing", "/api", "/api/nothing", "/api/customers/x/y"])
def test_an_address_where_nothing_is_is_404(anonymous: Api, reader: Api, path: str) -> None:
    for api in (anonymous, reader):
        answer = api.get(path)
        assert answer.status_code == 404
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]


def test_a_401_says_how_to_authenticate(anonymous: Api) -> None:
    answer = anonymous.get("/api/customers/1")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.get_json().keys() == MEMBERS


def test_an_unexpected_failure_tells_its_id_and_nothing_else(
    reader: Api, john: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("SELECT password FROM operators -- /srv/secret.py")

    monkeypatch.setattr(queries, "get", fail)
    answer = reader.get(f"/api/customers/{john['id']}")
    assert answer.status_code == 500
    assert answer.get_json().keys() == MEMBERS
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]
    text = answer.get_data(as_text=True)
    assert not re.search(r"Traceback|RuntimeError|SELECT|secret|\.py", text)


def test_the_failure_is_logged_under_the_same_id(
    reader: Api, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(queries, "get", lambda *_: 1 // 0)
    answer = reader.get("/api/customers/1", headers={"X-Request-ID": "find-me"})
    assert answer.status_code == 500
    (failure,) = [line for line in lines(capfd) if "exception" in line]
    assert failure["request_id"] == "find-me"
    assert "ZeroDivisionError" in failure["exception"]


@pytest.mark.parametrize(
    "url",
    ["sqlite:////nowhere/at/all/secret.db", "postgresql://secret:secret@127.0.0.1:1/secret"],
)
def test_a_database_that_cannot_be_reached_is_503_and_not_named(app: Flask, url: str) -> None:
    token = service_token(app, "reader")
    cut_off = make_app(url)
    headers = {"Authorization": f"Bearer {token}"}
    answer = cut_off.test_client().get("/api/customers/1", headers=headers)
    with cut_off.app_context():
        db.engine.dispose()
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.mimetype == "application/problem+json"
    assert not re.search("secret|sqlite|postgres|nowhere|127[.]0", answer.get_data(as_text=True))


def test_unknown_fields_are_told_in_the_order_they_were_sent(editor: Api) -> None:
    names = ["zz", "first_name", "b", "a", "yy", "email"]
    answer = editor.post("/api/customers/", dict.fromkeys(names, 1))
    told = [each["pointer"].removeprefix("/") for each in answer.get_json()["errors"]]
    assert told == [*names, "last_name"]
