"""What failures to sign in do to the next attempt, a customer's and an operator's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from flask import Flask
from sqlalchemy import text
from time_machine import Traveller
from werkzeug.test import TestResponse

from customers_api.core import database
from customers_api.core.attempts import service as attempts
from customers_api.core.errors import TooManyAttempts
from tests.contracts.auth.sessions import make_operator, refusal
from tests.contracts.auth.sessions import refresh as refresh_operator
from tests.contracts.me.customers import PASSWORD, log_in, make_customer, try_login
from tests.support.api import Api

Try = Callable[[Api, str, str], TestResponse]
WRONG = "wrong, and not for the first time"


def try_operator(api: Api, name: str, password: str) -> TestResponse:
    body = {"username": name, "password": password}
    return api.with_token(None).post("/api/auth/login", body)


def try_customer(api: Api, name: str, password: str) -> TestResponse:
    return try_login(api, name, password)


@pytest.fixture(params=[try_customer, try_operator])
def attempt(request: pytest.FixtureRequest, anonymous: Api) -> Callable[[str, str], TestResponse]:
    """An attempt to sign in by name and password; `ann` has the right one."""
    if request.param is try_operator:
        make_operator(anonymous.app, "ann")
    else:
        make_customer(anonymous, "ann")
    return partial(request.param, anonymous)


Attempt = Callable[[str, str], TestResponse]


def wait_of(answer: TestResponse) -> int:
    """The seconds that a 429 tells to wait."""
    assert answer.status_code == 429, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["type"] == "/docs/problems#too-many-attempts"
    return int(answer.headers["Retry-After"])


def fail(attempt: Attempt, times: int, name: str = "ann") -> None:
    for _ in range(times):
        refusal(attempt(name, WRONG))


def test_after_five_failures_in_a_row_the_next_attempt_has_to_wait(
    attempt: Attempt, clock: Traveller
) -> None:
    fail(attempt, 5)
    assert wait_of(attempt("ann", PASSWORD)) == 1
    clock.shift(1)
    assert attempt("ann", PASSWORD).status_code == 200


def test_delays_grow_to_a_quarter_of_an_hour_and_no_further(
    attempt: Attempt, clock: Traveller
) -> None:
    fail(attempt, 5)
    waits = []
    for _ in range(13):
        waits.append(wait_of(attempt("ann", PASSWORD)))
        clock.shift(waits[-1])
        fail(attempt, 1)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]
    clock.shift(900)
    assert attempt("ann", PASSWORD).status_code == 200


def test_attempts_during_a_delay_do_not_lengthen_it(attempt: Attempt, clock: Traveller) -> None:
    fail(attempt, 5)
    clock.shift(1)
    fail(attempt, 1)
    for _ in range(20):
        assert wait_of(attempt("ann", WRONG)) == 2
    clock.shift(2)
    assert attempt("ann", PASSWORD).status_code == 200


def test_success_begins_the_count_anew(attempt: Attempt, clock: Traveller) -> None:
    for _ in range(2):
        fail(attempt, 4)
        assert attempt("ann", PASSWORD).status_code == 200
    fail(attempt, 5)
    clock.shift(1)
    assert attempt("ann", PASSWORD).status_code == 200
    fail(attempt, 5)
    assert wait_of(attempt("ann", PASSWORD)) == 1


def test_an_unknown_name_has_to_wait_like_a_known_one(attempt: Attempt, clock: Traveller) -> None:
    for name in ("ann", "nobody"):
        fail(attempt, 5, name)
    known, unknown = attempt("ann", PASSWORD), attempt("nobody", PASSWORD)
    assert wait_of(known) == wait_of(unknown) == 1
    bodies = [answer.get_json() | {"request_id": ""} for answer in (known, unknown)]
    assert bodies[0] == bodies[1]
    clock.shift(1)
    fail(attempt, 1, "nobody")
    assert wait_of(attempt("nobody", PASSWORD)) == 2


def test_one_accounts_failures_delay_no_other(attempt: Attempt, clock: Traveller) -> None:
    fail(attempt, 5, "nobody")
    assert attempt("ann", PASSWORD).status_code == 200


def test_failures_are_forgotten_after_a_day(
    anonymous: Api, attempt: Attempt, clock: Traveller
) -> None:
    fail(attempt, 4)
    clock.shift(timedelta(days=1))
    fail(attempt, 4)
    assert attempt("ann", PASSWORD).status_code == 200
    fail(attempt, 1, "nobody")
    clock.shift(timedelta(days=1))
    fail(attempt, 1, "somebody")
    with anonymous.app.app_context():
        kept = database.rows(text("SELECT account FROM login_failures"))
    # No row but that of the last failure, and no name in it.
    assert len(kept) == 1
    assert "somebody" not in kept[0].account


def test_of_attempts_racing_for_the_end_of_a_delay_one_is_heard(
    attempt: Attempt, clock: Traveller
) -> None:
    fail(attempt, 5)
    clock.shift(1)
    with ThreadPoolExecutor(6) as pool:
        racing = [*pool.map(lambda _: attempt("ann", WRONG), range(6))]
    assert sorted(answer.status_code for answer in racing) == [401, 429, 429, 429, 429, 429]
    assert wait_of(attempt("ann", PASSWORD)) == 2


def test_the_right_password_given_many_times_at_once_is_not_delayed(attempt: Attempt) -> None:
    with ThreadPoolExecutor(8) as pool:
        racing = [*pool.map(lambda _: attempt("ann", PASSWORD), range(8))]
    assert {answer.status_code for answer in racing} == {200}


def test_of_racing_failures_five_are_heard_and_counted(attempt: Attempt, clock: Traveller) -> None:
    with ThreadPoolExecutor(8) as pool:
        racing = [*pool.map(lambda _: attempt("ann", WRONG), range(8))]
    # As if they had been made one after the other.
    assert sorted(answer.status_code for answer in racing) == [*[401] * 5, 429, 429, 429]
    assert wait_of(attempt("ann", PASSWORD)) == 1


def test_the_right_password_is_not_heard_when_five_wrong_ones_were_faster(app: Flask) -> None:
    with app.app_context():
        right, *wrong = [attempts.begin("ann") for _ in range(6)]
        for each in wrong:
            attempts.fail(each)
        with pytest.raises(TooManyAttempts):
            database.in_unit_of_work(lambda: attempts.succeed(right))


def test_a_session_goes_on_while_its_account_is_delayed(anonymous: Api) -> None:
    make_customer(anonymous)
    session = log_in(anonymous)
    fail(partial(try_customer, anonymous), 5)
    assert wait_of(try_login(anonymous)) >= 1
    assert not session.is_over()


@pytest.mark.usefixtures("clock")
def test_the_owners_password_is_heard_in_a_session_while_others_guess(anonymous: Api) -> None:
    make_customer(anonymous)
    me, elsewhere = log_in(anonymous).api, log_in(anonymous)
    fail(partial(try_customer, anonymous), 5)
    again = {"current_password": PASSWORD}
    assert me.post("/api/me/totp", again).status_code == 200
    assert me.patch("/api/me", again | {"email": "ann@example.com"}).status_code == 200
    assert me("DELETE", "/api/me/totp", json=again).status_code == 200
    # What is heard there tells whoever guesses nothing, and makes no guess free.
    assert wait_of(try_login(anonymous)) >= 1
    changed = me.put("/api/me/password", again | {"new_password": "an entirely new password"})
    assert changed.status_code == 200
    assert elsewhere.is_over()
    log_in(anonymous, password="an entirely new password")


def test_an_operators_session_goes_on_while_the_account_is_delayed(anonymous: Api) -> None:
    make_operator(anonymous.app, "ann")
    tokens = try_operator(anonymous, "ann", PASSWORD).get_json()
    fail(partial(try_operator, anonymous), 5)
    assert refresh_operator(anonymous, tokens["refresh_token"]).status_code == 200


def test_a_password_set_by_an_operator_ends_the_delay(editor: Api) -> None:
    make_customer(editor)
    fail(partial(try_customer, editor), 5)
    assert editor.put("/api/customers/1/password", {"password": PASSWORD}).status_code == 200
    log_in(editor)


def test_a_new_password_ends_an_operators_delay(admin: Api) -> None:
    otto = make_operator(admin.app, "ann")
    fail(partial(try_operator, admin), 5)
    assert admin.patch(f"/api/operators/{otto}", {"password": PASSWORD}).status_code == 200
    assert try_operator(admin, "ann", PASSWORD).status_code == 200


def test_a_reset_ends_the_delay(editor: Api) -> None:
    make_customer(editor)
    fail(partial(try_customer, editor), 5)
    token = editor.post("/api/customers/1/password-reset").get_json()["token"]
    body = {"token": token, "new_password": PASSWORD}
    assert editor.with_token(None).post("/api/auth/customers/password-reset", body).status_code == (
        200
    )
    log_in(editor)
