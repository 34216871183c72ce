"""What changes to an operator do to the sessions that the operator has."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from customers_api.core.credentials import passwords
from tests.contracts.auth.sessions import (
    PASSWORD,
    Session,
    begun,
    log_in,
    make_operator,
    refusal,
)
from tests.support.api import Api

NEW_PASSWORD = "an entirely other password"


@pytest.fixture
def nadia(anonymous: Api) -> int:
    return make_operator(anonymous.app, "nadia", "reader")


@pytest.fixture
def session(anonymous: Api, nadia: int) -> Session:
    begun = log_in(anonymous)
    # From here on the token is one that the server has seen before.
    assert begun.api.get("/api/auth/me").status_code == 200
    return begun


def change(admin: Api, operator: int, **changes: object) -> TestResponse:
    answer = admin.patch(f"/api/operators/{operator}", changes)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer


def test_a_new_role_holds_at_once_for_the_token_in_use(
    admin: Api, nadia: int, session: Session
) -> None:
    assert session.api.post("/api/groups", {"name": "A"}).status_code == 403
    change(admin, nadia, role="editor")
    assert session.api.post("/api/groups", {"name": "A"}).status_code == 201
    change(admin, nadia, role="reader")
    assert session.api.post("/api/groups", {"name": "B"}).status_code == 403
    assert not session.is_over()


def test_disabling_an_operator_ends_every_session(
    anonymous: Api, admin: Api, nadia: int, session: Session
) -> None:
    unused = log_in(anonymous)
    change(admin, nadia, disabled=True)
    assert session.is_over()
    assert unused.is_over()


def test_an_operator_enabled_again_has_to_log_in(
    anonymous: Api, admin: Api, nadia: int, session: Session
) -> None:
    change(admin, nadia, disabled=True)
    change(admin, nadia, disabled=False)
    assert session.is_over()
    assert not log_in(anonymous).is_over()


def test_a_new_password_ends_every_session(
    anonymous: Api, admin: Api, nadia: int, session: Session
) -> None:
    unused = log_in(anonymous)
    change(admin, nadia, password=NEW_PASSWORD)
    assert session.is_over()
    assert unused.is_over()


def test_only_the_new_password_opens_a_session(anonymous: Api, admin: Api, nadia: int) -> None:
    change(admin, nadia, password=NEW_PASSWORD)
    old = {"username": "nadia", "password": PASSWORD}
    assert refusal(anonymous.post("/api/auth/login", old)) == "wrong-password"
    assert not log_in(anonymous, password=NEW_PASSWORD).is_over()


@pytest.mark.parametrize("changes", [{"disabled": True}, {"password": NEW_PASSWORD}])
def test_other_operators_and_service_tokens_go_on(
    anonymous: Api, admin: Api, nadia: int, changes: dict[str, object]
) -> None:
    make_operator(anonymous.app, "otto")
    otto = log_in(anonymous, "otto")
    change(admin, nadia, **changes)
    assert not otto.is_over()
    assert admin.get("/api/auth/me").status_code == 200


def test_an_admin_who_disables_herself_is_out(anonymous: Api) -> None:
    rosa = make_operator(anonymous.app, "rosa", "admin")
    session = log_in(anonymous, "rosa")
    change(session.api, rosa, disabled=True)
    assert session.is_over()


@pytest.mark.parametrize("changes", [{"disabled": True}, {"password": NEW_PASSWORD}])
def test_a_login_that_is_overtaken_by_a_change_opens_nothing(
    admin: Api, nadia: int, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object]
) -> None:
    check = passwords.matches

    def check_and_be_overtaken(password: str, kept: str | None) -> bool:
        is_right = check(password, kept)
        # In a thread of its own, as a request within a request would share its session.
        with ThreadPoolExecutor(1) as other:
            other.submit(change, admin, nadia, **changes).result(timeout=10)
        return is_right

    monkeypatch.setattr(passwords, "matches", check_and_be_overtaken)
    credentials = {"username": "nadia", "password": PASSWORD}
    answer = admin.with_token(None).post("/api/auth/login", credentials)
    assert answer.status_code == 401 or begun(admin, answer).is_over()
