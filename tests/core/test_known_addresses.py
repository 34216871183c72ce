"""How many addresses an account knows, for how long, and under which secrets."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from time_machine import Traveller

from customers_api.core import database
from customers_api.core.attempts import known
from customers_api.core.attempts import service as attempts
from customers_api.core.attempts.model import KNOWN_ADDRESSES
from tests.contracts.auth.sessions import make_operator

pytestmark = pytest.mark.usefixtures("clock")
ANN = attempts.account("operator", "ann")
HOME = "192.0.2.1"


@pytest.fixture
def ann(app: Flask) -> Iterator[int]:
    """An operator, in whose application the test is at work."""
    id = make_operator(app, "ann")
    with app.app_context():
        yield id


def sign_in(id: int, address: str, account: str = ANN) -> None:
    attempt = attempts.begin(account, address)
    database.in_unit_of_work(lambda: attempts.succeed(attempt, operator_id=id))


def is_known(address: str, account: str = ANN) -> bool:
    return attempts.begin(account, address).known_as is not None


def count() -> int:
    row = database.first(select(func.count()).select_from(KNOWN_ADDRESSES))
    return int(row[0]) if row is not None else 0


def test_of_many_addresses_those_stay_known_that_were_seen_last(ann: int, clock: Traveller) -> None:
    addresses = [f"192.0.2.{n}" for n in range(1, known.MOST + 3)]
    for address in addresses[: known.MOST]:
        sign_in(ann, address)
        clock.shift(1)
    sign_in(ann, addresses[0])
    for address in addresses[known.MOST :]:
        clock.shift(1)
        sign_in(ann, address)
    assert count() == known.MOST
    assert [address for address in addresses if not is_known(address)] == addresses[1:3]


def test_many_addresses_of_one_account_leave_another_its_own(app: Flask, ann: int) -> None:
    bob, bobs = make_operator(app, "bob"), attempts.account("operator", "bob")
    sign_in(bob, HOME, bobs)
    for n in range(known.MOST + 1):
        sign_in(ann, f"192.0.2.{n}")
    assert is_known(HOME, bobs)


def test_what_has_expired_is_removed_when_anybody_comes_from_somewhere_new(
    app: Flask, ann: int, clock: Traveller
) -> None:
    bob, bobs = make_operator(app, "bob"), attempts.account("operator", "bob")
    sign_in(bob, HOME, bobs)
    clock.shift(timedelta(days=29))
    sign_in(bob, "192.0.2.2", bobs)
    clock.shift(timedelta(days=1))
    assert not is_known(HOME, bobs)
    sign_in(ann, HOME)
    assert count() == 2
    assert is_known("192.0.2.2", bobs)


def test_an_address_stays_known_when_the_secret_is_changed(
    app: Flask, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(ann, HOME)
    old = app.config["SECRET_KEY"]
    monkeypatch.setitem(app.config, "SECRET_KEY", "another secret" * 4)
    assert not is_known(HOME)
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", ("in between" * 4, old))
    assert is_known(HOME)
    sign_in(ann, HOME)
    assert count() == 1
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", ())
    assert is_known(HOME)


def test_forgetting_one_account_leaves_what_failed_of_others(ann: int) -> None:
    sign_in(ann, HOME)
    for account in (ANN, attempts.account("operator", "bob")):
        for address in (HOME, "203.0.113.1"):
            attempts.fail(attempts.begin(account, address))
    database.in_unit_of_work(lambda: attempts.forget(ANN, operator_id=ann))
    left = database.rows(select(attempts.F.account))
    assert [row.account for row in left] == [attempts.account("operator", "bob")]
