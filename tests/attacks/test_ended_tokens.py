"""Tokens that were good: revoked, ended with whoever held them, or posing as more than they are."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import text

from customers_api.core import database
from tests.contracts.auth import sessions
from tests.contracts.auth.forgery import encoded, forged, part
from tests.contracts.auth.sessions import log_in, make_operator, refusal
from tests.contracts.me import customers
from tests.support.api import Api

ME = "/api/auth/me"
NEW = {"first_name": "Ann", "last_name": "Lee", "email": "ann.lee@example.com"}


@pytest.fixture
def nadia(anonymous: Api) -> sessions.Session:
    """A reader's session, whose token this process has just verified and remembers."""
    make_operator(anonymous.app, "nadia", "reader")
    session = log_in(anonymous)
    assert session.api.get(ME).status_code == 200
    return session


@pytest.fixture
def ann(anonymous: Api) -> customers.Session:
    """A customer's session that was just in use."""
    customers.make_customer(anonymous)
    session = customers.log_in(anonymous)
    assert session.api.get("/api/me").status_code == 200
    return session


def disable(admin: Api, session: sessions.Session) -> None:
    """Disable the operator whose session it is."""
    id = session.api.get(ME).get_json()["operator_id"]
    assert admin.patch(f"/api/operators/{id}", {"disabled": True}).status_code == 200


def revoke(admin: Api, session: sessions.Session) -> None:
    """Revoke the session."""
    id = session.api.get(ME).get_json()["token_id"]
    assert admin.delete(f"/api/tokens/{id}").status_code == 200


def log_out(admin: Api, session: sessions.Session) -> None:
    """Log out."""
    assert session.api.post("/api/auth/logout").status_code == 200


def replay(admin: Api, session: sessions.Session) -> None:
    """Use the refresh token twice, as a thief and its owner would."""
    sessions.refresh(admin, session.refresh)
    assert refusal(sessions.refresh(admin, session.refresh)) == "token-revoked"


def new_password(admin: Api, session: sessions.Session) -> None:
    """Give the operator another password."""
    id = session.api.get(ME).get_json()["operator_id"]
    changes = {"password": "another horse, another battery"}
    assert admin.patch(f"/api/operators/{id}", changes).status_code == 200


ENDS: list[Callable[[Api, sessions.Session], None]] = [
    disable,
    revoke,
    log_out,
    replay,
    new_password,
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_a_token_in_use_is_refused_at_once_when_its_session_ends(
    admin: Api, nadia: sessions.Session, end: Callable[[Api, sessions.Session], None]
) -> None:
    end(admin, nadia)
    assert refusal(nadia.api.get(ME)) == "token-revoked"
    assert refusal(nadia.api.post("/api/customers", NEW)) == "token-revoked"
    assert refusal(sessions.refresh(admin, nadia.refresh)) == "token-revoked"


def test_enabling_an_operator_again_brings_no_token_back(
    admin: Api, nadia: sessions.Session
) -> None:
    id = nadia.api.get(ME).get_json()["operator_id"]
    disable(admin, nadia)
    assert admin.patch(f"/api/operators/{id}", {"disabled": False}).status_code == 200
    assert refusal(nadia.api.get(ME)) == "token-revoked"


def test_the_tokens_of_an_operator_who_was_removed_are_refused(app: Flask, anonymous: Api) -> None:
    id = make_operator(app, "nadia", "admin")
    session = log_in(anonymous)
    with app.app_context():
        for removed in (
            "DELETE FROM tokens WHERE operator_id = :id",
            "DELETE FROM operators WHERE id = :id",
        ):
            statement = text(removed)
            database.in_unit_of_work(lambda s=statement: database.write(s, {"id": id}))
    assert refusal(session.api.get(ME)) == "token-revoked"
    assert refusal(sessions.refresh(anonymous, session.refresh)) == "token-revoked"


@pytest.mark.parametrize("end", ["logout", "deactivated", "removed", "password set"])
def test_a_customers_token_in_use_is_refused_at_once_when_its_session_ends(
    admin: Api, ann: customers.Session, end: str
) -> None:
    id = ann.api.get("/api/me").get_json()["customer_id"]
    if end == "logout":
        ann.api.post("/api/me/logout")
    elif end == "deactivated":
        admin.delete(f"/api/v1/customers/{id}")
    elif end == "removed":
        admin.delete(f"/api/v1/customers/{id}/hard")
    else:
        customers.set_password(admin, id, "another horse, another battery")
    assert refusal(ann.api.get("/api/me")) == "token-revoked"
    assert refusal(customers.refresh(admin, ann.refresh)) == "token-revoked"


def test_a_role_in_the_token_gains_nothing_even_with_the_right_key(
    nadia: sessions.Session,
) -> None:
    secret = str(nadia.api.app.config["SECRET_KEY"])
    claims = {"role": "admin", "roles": ["admin"], "scope": "admin", "is_admin": True}
    raised = nadia.api.with_token(forged(nadia.access, secret, claims=claims))
    assert raised.get(ME).get_json() == nadia.api.get(ME).get_json()
    assert raised.get(ME).get_json()["role"] == "reader"
    assert raised.post("/api/customers", NEW).status_code == 403
    assert raised.get("/api/operators").status_code == 403


def test_a_subject_in_the_token_gains_nothing_even_with_the_right_key(
    app: Flask, nadia: sessions.Session
) -> None:
    other = make_operator(app, "root", "admin")
    secret = str(app.config["SECRET_KEY"])
    posing = forged(nadia.access, secret, claims={"sub": f"session:{other}"})
    assert nadia.api.with_token(posing).get(ME).get_json()["name"] == "nadia"


def test_the_tampered_twin_of_a_remembered_token_is_refused(nadia: sessions.Session) -> None:
    header, _, signature = nadia.access.split(".")
    raised = part(nadia.access, 1) | {"role": "admin"}
    twin = f"{header}.{encoded(str(raised).encode())}.{signature}"
    for token in (twin, nadia.access.lower(), nadia.access + ".", f"{nadia.access}="):
        assert refusal(nadia.api.with_token(token).get(ME)) == "token-invalid"
    assert nadia.api.get(ME).status_code == 200


@pytest.mark.parametrize("path", [ME, "/api/me"])
@pytest.mark.parametrize("first", [True, False])
def test_of_two_authorization_headers_neither_counts(
    nadia: sessions.Session, ann: customers.Session, path: str, first: bool
) -> None:
    token = ann.access if path == "/api/me" else nadia.access
    values = [f"Bearer {token}", "Basic YTpi"]
    headers = [("Authorization", value) for value in (values if first else values[::-1])]
    answer = nadia.api.app.test_client().get(path, headers=headers)
    assert refusal(answer) in ("token-missing", "token-invalid")


@pytest.mark.parametrize("name", ["access_token", "access_token_cookie", "token", "jwt", "bearer"])
def test_a_customers_token_anywhere_but_in_its_header_is_a_missing_one(
    ann: customers.Session, name: str
) -> None:
    anonymous = ann.api.with_token(None)
    given = {"Cookie": f"{name}={ann.access}", "X-Access-Token": ann.access, name: ann.access}
    given |= {"Proxy-Authorization": f"Bearer {ann.access}"}
    answer = anonymous.get(f"/api/me?{name}={ann.access}", headers=given)
    assert refusal(answer) == "token-missing"
    assert refusal(anonymous.patch("/api/me", {name: ann.access})) == "token-missing"
