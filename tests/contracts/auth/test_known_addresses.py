"""Signing in from where one has signed in before, while strangers guess."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text
from time_machine import Traveller
from werkzeug.test import TestResponse

from customers_api.core import database
from customers_api.extensions import db
from tests.conftest import make_app
from tests.contracts.auth.sessions import make_operator, refusal
from tests.contracts.auth.test_throttling import WRONG, wait_of
from tests.contracts.capability.printed import PREFIX
from tests.contracts.me.customers import LOGIN, PASSWORD, begun, make_customer
from tests.support.api import Api
from tests.support.conformance import Conformance

pytestmark = pytest.mark.usefixtures("clock")
HOME, OFFICE, STRANGER, ANOTHER = "192.0.2.1", "192.0.2.2", "203.0.113.1", "203.0.113.2"
NEW_PASSWORD = "an entirely new password"
Attempt = Callable[..., TestResponse]


def at(address: str, forwarded: str | None = None) -> dict[str, Any]:
    """What makes a call come from this address, and, it says, from another before."""
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    return {"environ_overrides": {"REMOTE_ADDR": address}, "headers": headers}


def try_customer(
    api: Api, address: str, password: str = PASSWORD, name: str = "ann", **more: Any
) -> TestResponse:
    body = {"email": f"{name}@example.com", "password": password}
    return api.with_token(None).post(LOGIN, body, **at(address, **more))


def try_operator(
    api: Api, address: str, password: str = PASSWORD, name: str = "ann"
) -> TestResponse:
    body = {"username": name, "password": password}
    return api.with_token(None).post("/api/auth/login", body, **at(address))


@pytest.fixture(params=[try_customer, try_operator])
def attempt(request: pytest.FixtureRequest, anonymous: Api) -> Attempt:
    """An attempt to sign in as ann, from an address, by the right password or another."""
    if request.param is try_operator:
        make_operator(anonymous.app, "ann")
    else:
        make_customer(anonymous, "ann")
    return partial(request.param, anonymous)


@pytest.fixture
def ann(anonymous: Api) -> Attempt:
    """An attempt to sign in as the customer ann."""
    make_customer(anonymous, "ann")
    return partial(try_customer, anonymous)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that have been run."""
    statements: list[str] = []
    rows, write = database.rows, database.write
    monkeypatch.setattr(database, "rows", lambda *a: statements.append(str(a[0])) or rows(*a))
    monkeypatch.setattr(database, "write", lambda *a: statements.append(str(a[0])) or write(*a))
    return statements


def is_heard(attempt: Attempt, address: str) -> bool:
    """Whether the right password is heard from this address."""
    answer = attempt(address)
    assert answer.status_code == 200 or wait_of(answer)
    return answer.status_code == 200


def fail(attempt: Attempt, address: str, times: int = 5, **more: str) -> None:
    for _ in range(times):
        refusal(attempt(address, WRONG, **more))


def kept(app: Flask, table: str = "known_addresses") -> list[tuple[Any, ...]]:
    """All rows of a table."""
    with app.app_context():
        return [tuple(row) for row in database.rows(text(f"SELECT * FROM {table}"))]


def test_an_owner_is_heard_at_a_known_address_while_strangers_have_to_wait(
    attempt: Attempt,
) -> None:
    assert is_heard(attempt, HOME)
    fail(attempt, STRANGER)
    assert wait_of(attempt(STRANGER)) == wait_of(attempt(ANOTHER)) == 1
    assert is_heard(attempt, HOME)
    # The owner's success makes nothing free for anybody else.
    assert wait_of(attempt(STRANGER)) == 1


def test_a_known_address_has_to_wait_as_long_and_only_for_what_failed_there(
    attempt: Attempt, clock: Traveller
) -> None:
    assert is_heard(attempt, HOME)
    fail(attempt, STRANGER, 4)
    fail(attempt, HOME)
    assert wait_of(attempt(HOME)) == 1
    clock.shift(1)
    fail(attempt, HOME, 1)
    assert wait_of(attempt(HOME)) == 2
    fail(attempt, STRANGER, 1)
    assert wait_of(attempt(STRANGER)) == 1
    clock.shift(2)
    assert is_heard(attempt, HOME)
    fail(attempt, HOME, 4)
    assert is_heard(attempt, HOME)


def test_of_wrong_passwords_sent_at_once_from_a_known_address_five_are_heard(
    attempt: Attempt, clock: Traveller
) -> None:
    assert is_heard(attempt, HOME)
    with ThreadPoolExecutor(8) as pool:
        racing = [*pool.map(lambda _: attempt(HOME, WRONG).status_code, range(8))]
    assert sorted(racing) == [*[401] * 5, 429, 429, 429]
    clock.shift(1)
    with ThreadPoolExecutor(6) as pool:
        racing = [*pool.map(lambda _: attempt(HOME, WRONG).status_code, range(6))]
    assert sorted(racing) == [401, *[429] * 5]


def test_only_success_makes_an_address_known(attempt: Attempt) -> None:
    fail(attempt, HOME)
    assert wait_of(attempt(HOME)) == wait_of(attempt(STRANGER)) == 1


def test_an_address_is_known_for_thirty_days_since_it_was_last_used(
    attempt: Attempt, clock: Traveller
) -> None:
    assert is_heard(attempt, HOME)
    for _ in range(2):
        clock.shift(timedelta(days=30, seconds=-1))
        fail(attempt, STRANGER)
        assert is_heard(attempt, HOME)
    clock.shift(timedelta(days=30))
    fail(attempt, STRANGER)
    assert wait_of(attempt(HOME)) == 1


def test_an_address_is_known_to_one_account_only(anonymous: Api) -> None:
    for name in ("ann", "bob"):
        make_customer(anonymous, name)
        make_operator(anonymous.app, name)
    assert try_customer(anonymous, HOME).status_code == 200
    fail(partial(try_operator, anonymous), STRANGER)
    fail(partial(try_customer, anonymous), STRANGER, name="bob")
    assert wait_of(try_operator(anonymous, HOME)) == 1
    assert wait_of(try_customer(anonymous, HOME, name="bob")) == 1


def test_an_ipv6_address_is_known_by_its_network(ann: Attempt) -> None:
    assert is_heard(ann, "2001:db8:1:2::3")
    fail(ann, "2001:db8:1:3::3")
    assert wait_of(ann("2001:db8:1:3::4")) == 1
    assert is_heard(ann, "2001:db8:1:2:ffff::5")


@pytest.mark.usefixtures("ann")
def test_a_trusted_proxy_is_believed_whose_address_it_is_and_nobody_else(
    app: Flask, promises: Conformance
) -> None:
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    behind = make_app(url, TRUSTED_PROXIES="10.0.0.0/8")
    try:
        attempt = partial(try_customer, Api(behind, promises, None))
        assert attempt("10.0.0.1", forwarded=HOME).status_code == 200
        fail(attempt, "10.0.0.1", forwarded=STRANGER)
        assert wait_of(attempt(STRANGER, forwarded=HOME)) == 1
        assert wait_of(attempt("10.0.0.1", forwarded=f"{HOME}, {STRANGER}")) == 1
        assert wait_of(attempt("10.0.0.1")) == 1
        assert attempt("10.0.0.2", forwarded=f"{STRANGER}, {HOME}").status_code == 200
    finally:
        with behind.app_context():
            db.engine.dispose()


def test_a_socket_without_an_address_is_known_to_nobody(anonymous: Api, ann: Attempt) -> None:
    assert is_heard(ann, "")
    assert kept(anonymous.app) == []


def test_who_asks_for_customers_by_the_capability_is_a_stranger(reader: Api, ann: Attempt) -> None:
    def authenticate(password: str = PASSWORD) -> TestResponse:
        body = {"email": "ann@example.com", "password": password}
        return reader.post(f"{PREFIX}/authenticate_customer", body, **at(OFFICE))

    assert authenticate().status_code == 200
    assert kept(reader.app) == []
    assert is_heard(ann, OFFICE)
    fail(ann, STRANGER)
    assert authenticate().status_code == 429
    assert is_heard(ann, OFFICE)


def test_no_address_is_kept_in_clear_or_so_that_it_could_be_tried(
    anonymous: Api, ann: Attempt
) -> None:
    make_customer(anonymous, "bob")
    assert is_heard(ann, HOME)
    assert ann(HOME, name="bob").status_code == 200
    fail(ann, HOME, 1)
    found = [row[0] for row in kept(anonymous.app)]
    (failure,) = [row[0] for row in kept(anonymous.app, "login_failures")]
    assert len({*found}) == 2
    account = sha256(b"customer:ann@example.com").hexdigest()
    assert failure.startswith(account[:32])
    for tried in (HOME, f"{account}:{HOME}", f"known address:{account}:{HOME}"):
        assert sha256(tried.encode()).hexdigest() not in found
    assert HOME not in str(kept(anonymous.app) + kept(anonymous.app, "login_failures"))


def test_known_addresses_go_with_their_customer(admin: Api, ann: Attempt) -> None:
    make_customer(admin, "bob")
    assert is_heard(ann, HOME)
    assert ann(HOME, name="bob").status_code == 200
    assert admin.delete("/api/customers/1").status_code == 200
    assert [row[1] for row in kept(admin.app)] == [2]


def test_known_addresses_are_forgotten_with_the_email_that_they_are_known_to(
    editor: Api, ann: Attempt
) -> None:
    assert is_heard(ann, HOME)
    same = {"email": "ANN@example.com", "first_name": "Anna"}
    assert editor.patch("/api/customers/1", same).status_code == 200
    assert len(kept(editor.app)) == 1
    assert editor.patch("/api/customers/1", {"email": "lee@example.com"}).status_code == 200
    assert kept(editor.app) == []


def test_a_password_from_an_operator_forgets_what_failed_and_what_is_known(
    editor: Api, ann: Attempt
) -> None:
    assert is_heard(ann, HOME)
    fail(ann, HOME)
    fail(ann, STRANGER)
    assert editor.put("/api/customers/1/password", {"password": PASSWORD}).status_code == 200
    assert kept(editor.app) == kept(editor.app, "login_failures") == []


def test_an_operators_new_password_forgets_what_failed_and_what_is_known(admin: Api) -> None:
    otto, attempt = make_operator(admin.app, "ann"), partial(try_operator, admin)
    assert is_heard(attempt, HOME)
    fail(attempt, HOME)
    fail(attempt, STRANGER)
    assert admin.patch(f"/api/operators/{otto}", {"password": PASSWORD}).status_code == 200
    assert kept(admin.app) == kept(admin.app, "login_failures") == []


def test_whoever_changes_the_own_password_stays_known_where_it_is_changed(
    anonymous: Api, ann: Attempt
) -> None:
    assert is_heard(ann, OFFICE)
    me = begun(anonymous, ann(HOME)).api
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert me.put("/api/me/password", body, **at(HOME)).status_code == 200
    fail(ann, STRANGER)
    assert wait_of(ann(OFFICE, NEW_PASSWORD)) == 1
    assert ann(HOME, NEW_PASSWORD).status_code == 200


def test_a_reset_leaves_known_only_where_it_was_redeemed(editor: Api, ann: Attempt) -> None:
    assert is_heard(ann, OFFICE)
    assert is_heard(ann, HOME)
    token = editor.post("/api/customers/1/password-reset").get_json()["token"]
    path, body = "/api/auth/customers/password-reset", {"token": token, "new_password": PASSWORD}
    assert editor.with_token(None).post(path, body, **at(HOME)).status_code == 200
    fail(ann, STRANGER)
    assert wait_of(ann(OFFICE)) == 1
    assert is_heard(ann, HOME)


def test_a_refusal_takes_the_same_statements_whether_account_and_address_are_known_or_not(
    anonymous: Api, ann: Attempt, run: list[str]
) -> None:
    assert is_heard(ann, HOME)
    seen = []
    for address, name in ((HOME, "ann"), (STRANGER, "ann"), (HOME, "nobody")):
        # Heard ones, then one during the delay.
        for _ in range(6):
            run.clear()
            ann(address, WRONG, name=name)
            seen.append([*run])
    known, stranger, nobody = seen[:6], seen[6:12], seen[12:]
    assert known == stranger == nobody
    assert [len(each) for each in known] == [*[4] * 5, 1]


def test_knowing_an_address_costs_one_statement_more(ann: Attempt, run: list[str]) -> None:
    costs = []
    for address in (HOME, HOME, ""):
        run.clear()
        assert is_heard(ann, address)
        costs.append(len(run))
    first, again, without = costs
    assert again - without == 1
    assert first - again == 2
