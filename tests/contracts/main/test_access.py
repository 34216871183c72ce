"""Who may call what: reader reads, editor creates and updates, admin removes."""

import base64
from typing import Any

import pytest

from tests.contracts.main.calls import person
from tests.support.api import Api

ROUTES = [
    ("POST", "/api/customers/", "editor"),
    ("GET", "/api/customers/{id}", "reader"),
    ("PATCH", "/api/customers/{id}", "editor"),
    ("DELETE", "/api/customers/{id}", "admin"),
    ("GET", "/api/customers/group/{id}/", "reader"),
]
ROLES = ("reader", "editor", "admin")


@pytest.fixture
def everybody(reader: Api, editor: Api, admin: Api) -> dict[str, Api]:
    """Each role's calls, by the role."""
    return {"reader": reader, "editor": editor, "admin": admin}


@pytest.mark.parametrize(("method", "path", "role"), ROUTES)
def test_a_lesser_role_is_refused_whether_or_not_there_is_such_a_customer(
    everybody: dict[str, Api], john: dict[str, Any], method: str, path: str, role: str
) -> None:
    for lesser in ROLES[: ROLES.index(role)]:
        for id in (john["id"], 999):
            answer = everybody[lesser](method, path.format(id=id), json={"city": "x"})
            assert answer.status_code == 403
            assert answer.get_json()["detail"]


@pytest.mark.parametrize(("method", "path", "role"), ROUTES)
def test_a_sufficient_role_is_let_through(
    everybody: dict[str, Api], method: str, path: str, role: str
) -> None:
    for number, sufficient in enumerate(ROLES[ROLES.index(role) :]):
        answer = everybody[sufficient](method, path.format(id=999), json=person(number))
        assert answer.status_code == (201 if method == "POST" else 404)


@pytest.mark.parametrize(("method", "path"), [route[:2] for route in ROUTES])
def test_without_a_token_existing_and_missing_customers_look_the_same(
    anonymous: Api, john: dict[str, Any], method: str, path: str
) -> None:
    answers = [anonymous(method, path.format(id=id), json=person()) for id in (john["id"], 999)]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    bodies = [answer.get_json() | {"request_id": ""} for answer in answers]
    assert bodies[0] == bodies[1]


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer a.b.c", "token", ""]
)
def test_a_malformed_token_is_401(anonymous: Api, authorization: str) -> None:
    answer = anonymous.get("/api/customers/1", headers={"Authorization": authorization})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_access_is_checked_before_the_body_and_the_query(anonymous: Api, reader: Api) -> None:
    assert anonymous.post("/api/customers/?size=no", {}).status_code == 401
    assert reader.post("/api/customers/?size=no", {}).status_code == 403


def test_a_refused_call_changes_nothing(
    anonymous: Api, reader: Api, editor: Api, john: dict[str, Any]
) -> None:
    path = f"/api/customers/{john['id']}"
    for api in (anonymous, reader, editor):
        api.delete(path)
    for api in (anonymous, reader):
        api.patch(path, {"city": "Berlin"})
    assert reader.get(path).get_json() == john


@pytest.mark.parametrize(
    "head", [b"[]", b"{}", b"[" * 5000, b'{"alg":"none"}', b'{"kid":[]}', b"1"]
)
@pytest.mark.parametrize("claims", [b"{}", b"[]", b"[" * 3000, b"\xff", b'{"exp":1e400}'])
def test_a_token_of_nonsense_is_401(anonymous: Api, head: bytes, claims: bytes) -> None:
    parts = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (head, claims, b"x")]
    authorization = {"Authorization": "Bearer " + ".".join(parts)}
    assert anonymous.get("/api/customers/1", headers=authorization).status_code == 401
