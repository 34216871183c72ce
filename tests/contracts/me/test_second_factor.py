"""A second factor: enrolled, confirmed, asked for at sign-in, used up, removed."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import time_machine
from sqlalchemy import text
from time_machine import Traveller

from customers_api.core import database
from tests.contracts.auth.sessions import refusal
from tests.contracts.main.calls import at_once
from tests.contracts.me.customers import (
    LOGIN,
    PASSWORD,
    Factor,
    Session,
    code_of,
    log_in,
    make_customer,
    try_login,
    turn_on,
)
from tests.support.api import Api, problems

TOTP = "/api/me/totp"
# Far ahead: tokens that were made before the clock was set must not begin after it.
NOON = datetime(2040, 11, 21, 12, tzinfo=UTC)
NOW = NOON.timestamp()
STEP = 30
AGAIN = {"current_password": PASSWORD}
Json = dict[str, Any]


@pytest.fixture
def clock() -> Iterator[Traveller]:
    """A clock that stands at noon until it is moved."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def session(anonymous: Api, clock: Traveller) -> Session:
    make_customer(anonymous)
    return log_in(anonymous)


@pytest.fixture
def factor(session: Session, clock: Traveller) -> Factor:
    """A second factor that is on; the code it was confirmed with is used up."""
    factor = turn_on(session, NOW)
    clock.shift(10 * STEP)
    return factor


@pytest.fixture
def now(factor: Factor) -> float:
    """The moment after the second factor was turned on."""
    return NOW + 10 * STEP


def test_enrolling_gives_a_secret_and_the_address_for_a_qr_code(session: Session) -> None:
    enrolled = session.api.post(TOTP, AGAIN).get_json()
    uri = urlsplit(enrolled["uri"])
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert unquote(uri.path) == "/customers-api:ann@example.com"
    query = parse_qs(uri.query)
    assert query["secret"] == [enrolled["secret"]]
    assert query["issuer"] == ["customers-api"]


def test_enrolling_needs_the_current_password(session: Session) -> None:
    wrong = session.api.post(TOTP, {"current_password": "wrong"})
    assert code_of(wrong) == "wrong-current-password"
    assert set(problems(session.api.post(TOTP, {}))) == {"/current_password"}


def test_nothing_is_asked_for_until_a_code_confirms_it(anonymous: Api, session: Session) -> None:
    session.api.post(TOTP, AGAIN)
    assert session.api.get(TOTP).get_json() == {
        "enabled": False,
        "confirmed_at": None,
        "recovery_codes_left": 0,
    }
    wrong = session.api.post(f"{TOTP}/confirm", {"code": "000000"})
    assert set(problems(wrong)) == {"/code"}
    log_in(anonymous)


def test_confirming_turns_it_on_and_gives_recovery_codes_once(session: Session) -> None:
    factor = turn_on(session, NOW)
    assert len(set(factor.recovery)) == 10
    state = session.api.get(TOTP).get_json()
    assert (state["enabled"], state["recovery_codes_left"]) == (True, 10)
    again = session.api.post(f"{TOTP}/confirm", {"code": factor.code(NOW)})
    assert (again.status_code, code_of(again)) == (409, "second-factor-on")
    assert session.api.post(TOTP, AGAIN).status_code == 409


def test_there_is_nothing_to_confirm_before_enrolling(session: Session) -> None:
    answer = session.api.post(f"{TOTP}/confirm", {"code": "123456"})
    assert (answer.status_code, code_of(answer)) == (409, "second-factor-not-begun")


def test_guessing_the_code_that_confirms_is_delayed(session: Session) -> None:
    session.api.post(TOTP, AGAIN)
    for _ in range(5):
        assert session.api.post(f"{TOTP}/confirm", {"code": "000000"}).status_code == 400
    assert session.api.post(f"{TOTP}/confirm", {"code": "000000"}).status_code == 429


def test_signing_in_needs_the_code_once_it_is_on(
    anonymous: Api, factor: Factor, now: float
) -> None:
    assert refusal(try_login(anonymous)) == "second-factor-needed"
    assert refusal(try_login(anonymous, password="wrong")) == "wrong-credentials"
    assert refusal(try_login(anonymous, code="000000")) == "wrong-code"
    assert not log_in(anonymous, code=factor.code(now)).is_over()


def test_a_right_code_does_not_make_up_for_a_wrong_password(
    anonymous: Api, factor: Factor, now: float
) -> None:
    wrong = try_login(anonymous, password="wrong", code=factor.code(now))
    assert refusal(wrong) == "wrong-credentials"
    # Nor is it used up by it.
    log_in(anonymous, code=factor.code(now))


def test_a_code_works_once(anonymous: Api, factor: Factor, now: float) -> None:
    log_in(anonymous, code=factor.code(now))
    assert refusal(try_login(anonymous, code=factor.code(now))) == "wrong-code"
    log_in(anonymous, code=factor.code(now + STEP))
    # Neither does one from before it.
    assert refusal(try_login(anonymous, code=factor.code(now - STEP))) == "wrong-code"


def test_the_code_that_confirmed_does_not_sign_in(anonymous: Api, session: Session) -> None:
    factor = turn_on(session, NOW)
    assert refusal(try_login(anonymous, code=factor.code(NOW))) == "wrong-code"


@pytest.mark.parametrize(("steps", "is_good"), [(-2, False), (-1, True), (1, True), (2, False)])
def test_an_authenticators_clock_may_be_off_by_one_step(
    anonymous: Api, factor: Factor, now: float, steps: int, *, is_good: bool
) -> None:
    answer = try_login(anonymous, code=factor.code(now + steps * STEP))
    assert answer.status_code == (200 if is_good else 401)


@pytest.mark.parametrize("kind", ["authenticator", "recovery"])
def test_of_logins_racing_with_one_code_one_succeeds(
    anonymous: Api, factor: Factor, now: float, kind: str
) -> None:
    code = factor.code(now) if kind == "authenticator" else factor.recovery[0]
    body = {"email": "ann@example.com", "password": PASSWORD, "code": code}
    answers = at_once(anonymous, [partial(Api.post, path=LOGIN, json=body)] * 4)
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


def test_a_recovery_code_signs_in_once_however_it_is_written(
    anonymous: Api, factor: Factor
) -> None:
    first, second, *_ = factor.recovery
    session = log_in(anonymous, code=first)
    assert refusal(try_login(anonymous, code=first)) == "wrong-code"
    log_in(anonymous, code=second.replace("-", " ").upper())
    assert session.api.get(TOTP).get_json()["recovery_codes_left"] == 8


def test_one_customers_recovery_code_is_no_other_customers(anonymous: Api, factor: Factor) -> None:
    make_customer(anonymous, "bob")
    turn_on(log_in(anonymous, "bob"), NOW + 10 * STEP)
    assert refusal(try_login(anonymous, "bob", code=factor.recovery[0])) == "wrong-code"


def test_only_hashes_of_recovery_codes_are_kept(anonymous: Api, factor: Factor) -> None:
    with anonymous.app.app_context():
        kept = database.rows(text("SELECT code_hash FROM customer_recovery_codes"))
    assert len(kept) == 10
    assert all(len(row.code_hash) == 64 for row in kept)
    assert not {code.replace("-", "") for code in factor.recovery} & {r.code_hash for r in kept}


def test_guessing_codes_is_delayed_like_guessing_passwords(
    anonymous: Api, factor: Factor, now: float
) -> None:
    for _ in range(5):
        assert refusal(try_login(anonymous, code="000000")) == "wrong-code"
    assert try_login(anonymous, code=factor.code(now)).status_code == 429


def test_forgetting_the_code_is_no_failure(anonymous: Api, factor: Factor, now: float) -> None:
    for _ in range(6):
        assert refusal(try_login(anonymous)) == "second-factor-needed"
    log_in(anonymous, code=factor.code(now))


def test_a_code_without_a_second_factor_changes_nothing(anonymous: Api, session: Session) -> None:
    log_in(anonymous, code="123456")


def test_removing_it_needs_the_current_password(
    anonymous: Api, session: Session, factor: Factor
) -> None:
    wrong = session.api.delete(TOTP, json={"current_password": "wrong"})
    assert code_of(wrong) == "wrong-current-password"
    assert refusal(try_login(anonymous)) == "second-factor-needed"
    assert session.api.delete(TOTP, json=AGAIN).status_code == 200
    log_in(anonymous)
    assert session.api.get(TOTP).get_json()["recovery_codes_left"] == 0


def test_an_admin_removes_a_lost_one_and_an_editor_does_not(
    anonymous: Api, admin: Api, editor: Api, factor: Factor
) -> None:
    assert editor.delete("/api/customers/1/totp").status_code == 403
    assert admin.delete("/api/customers/999/totp").status_code == 404
    assert admin.delete("/api/customers/1/totp").status_code == 200
    log_in(anonymous)


def test_codes_of_a_secret_that_was_replaced_are_no_good(
    anonymous: Api, session: Session, factor: Factor, now: float
) -> None:
    session.api.delete(TOTP, json=AGAIN)
    renewed = turn_on(session, now)
    assert refusal(try_login(anonymous, code=factor.code(now + STEP))) == "wrong-code"
    assert refusal(try_login(anonymous, code=factor.recovery[0])) == "wrong-code"
    log_in(anonymous, code=renewed.code(now + STEP))
