"""The password in /api/me, logging out, and one's list of sessions."""

from functools import partial
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.contracts.auth.sessions import refusal
from tests.contracts.main.calls import at_once
from tests.contracts.me.customers import (
    PASSWORD,
    Session,
    begun,
    code_of,
    log_in,
    make_customer,
    refresh,
    try_login,
)
from tests.support.api import Api, problems

NEW = "an entirely new password"
SESSIONS = "/api/me/sessions"
Json = dict[str, Any]


@pytest.fixture
def ann(anonymous: Api) -> Json:
    return make_customer(anonymous)


@pytest.fixture
def session(anonymous: Api, ann: Json) -> Session:
    return log_in(anonymous)


def change(session: Session, current: str = PASSWORD, new: str = NEW) -> TestResponse:
    body = {"current_password": current, "new_password": new}
    return session.api.put("/api/me/password", body)


def ids(session: Session) -> dict[int, bool]:
    """Which of the listed sessions is the current one, by id."""
    return {each["id"]: each["current"] for each in session.api.get(SESSIONS).get_json()}


def test_a_new_password_ends_the_other_sessions_and_not_this_one(
    anonymous: Api, session: Session
) -> None:
    other = log_in(anonymous)
    make_customer(anonymous, "bob")
    bob = log_in(anonymous, "bob")
    assert change(session).status_code == 200
    assert other.is_over()
    assert not session.is_over()
    assert not bob.is_over()
    assert refusal(try_login(anonymous)) == "wrong-credentials"
    log_in(anonymous, password=NEW)


def test_a_new_password_needs_the_current_one(session: Session) -> None:
    wrong = change(session, current="wrong")
    assert (wrong.status_code, code_of(wrong)) == (400, "wrong-current-password")
    assert set(problems(wrong)) == {"/current_password"}
    assert change(session).status_code == 200


@pytest.mark.parametrize("new", ["short", "password1", "a" * 129, "é" * 8, "ann@example.com"])
def test_a_new_password_is_held_to_the_rules(session: Session, new: str) -> None:
    answer = change(session, new=new)
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/new_password"}
    assert not session.is_over()


def test_guessing_the_current_password_is_delayed_in_that_session_alone(session: Session) -> None:
    for _ in range(5):
        assert change(session, current="wrong").status_code == 400
    delayed = change(session)
    assert delayed.status_code == 429
    assert int(delayed.headers["Retry-After"]) >= 1
    assert session.api.post("/api/me/totp", {"current_password": PASSWORD}).status_code == 429
    renewed = begun(session.api, refresh(session.api, session.refresh))
    assert change(renewed).status_code == 429
    # Whoever guesses with a found token keeps its owner out of nothing.
    assert change(log_in(session.api)).status_code == 200
    assert session.is_over()


def test_an_owner_who_is_heard_makes_no_other_sessions_guesses_free(session: Session) -> None:
    for _ in range(5):
        assert change(session, current="wrong").status_code == 400
    other = log_in(session.api)
    body = {"email": "ann.lee@example.com", "current_password": PASSWORD}
    assert other.api.patch("/api/me", body).status_code == 200
    assert change(session).status_code == 429


def test_of_racing_changes_by_one_password_one_succeeds(anonymous: Api, session: Session) -> None:
    calls = [
        partial(
            Api.put,
            path="/api/me/password",
            json={"current_password": PASSWORD, "new_password": f"{NEW} {n}"},
        )
        for n in range(3)
    ]
    answers = at_once(session.api, calls)
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
    [won] = [n for n, answer in enumerate(answers) if answer.status_code == 200]
    log_in(anonymous, password=f"{NEW} {won}")


def test_logging_out_ends_this_session_alone(anonymous: Api, session: Session) -> None:
    other = log_in(anonymous)
    assert session.api.post("/api/me/logout").status_code == 200
    assert session.is_over()
    assert not other.is_over()


def test_a_customer_lists_the_own_sessions(anonymous: Api, session: Session) -> None:
    make_customer(anonymous, "bob")
    bob, other = log_in(anonymous, "bob"), log_in(anonymous)
    assert [*ids(session).values()] == [False, True]
    assert [*ids(other).values()] == [True, False]
    assert len(ids(bob)) == 1
    assert not ids(bob).keys() & ids(session).keys()


def test_a_customer_ends_one_of_the_own_sessions(anonymous: Api, session: Session) -> None:
    other = log_in(anonymous)
    [theirs] = [id for id, current in ids(session).items() if not current]
    assert session.api.delete(f"{SESSIONS}/{theirs}").status_code == 200
    assert other.is_over()
    assert not session.is_over()
    assert session.api.delete(f"{SESSIONS}/{theirs}").status_code == 404


def test_a_customer_ends_nobody_elses_session(anonymous: Api, session: Session) -> None:
    make_customer(anonymous, "bob")
    bob = log_in(anonymous, "bob")
    [theirs] = ids(bob)
    assert session.api.delete(f"{SESSIONS}/{theirs}").status_code == 404
    assert session.api.delete(f"{SESSIONS}/{2**63}").status_code == 404
    assert not bob.is_over()
