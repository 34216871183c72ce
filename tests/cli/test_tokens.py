"""flask tokens."""

from datetime import timedelta

import time_machine
from flask import Flask

from customers_api.core import clock
from tests.cli.test_operators import invoke
from tests.support.api import Api


def create(app: Flask, *more: str, role: str = "reader", name: str = "billing") -> str:
    """A token, as it is printed."""
    code, said = invoke(app, "tokens", "create", "--role", role, "--name", name, *more)
    assert code == 0
    return said


def test_a_token_is_printed_alone_and_works(app: Flask, anonymous: Api) -> None:
    said = create(app)
    assert said.count("\n") == 1
    me = anonymous.with_token(said.strip()).get("/api/auth/me").get_json()
    assert (me["kind"], me["name"], me["role"]) == ("service", "billing", "reader")


def test_a_token_lasts_as_many_days_as_asked(app: Flask, anonymous: Api) -> None:
    token = create(app, "--days", "2").strip()
    with time_machine.travel(clock.now() + timedelta(days=1, hours=23), tick=False):
        assert anonymous.with_token(token).get("/api/auth/me").status_code == 200
    with time_machine.travel(clock.now() + timedelta(days=2, minutes=1), tick=False):
        assert anonymous.with_token(token).get("/api/auth/me").status_code == 401


def test_days_that_make_no_sense_are_one_line(app: Flask) -> None:
    words = ("tokens", "create", "--role", "reader", "--name", "x", "--days", "0")
    code, said = invoke(app, *words)
    assert code == 1
    assert said.startswith("Error: days:")


def test_an_unknown_role_is_refused_with_the_ones_there_are(app: Flask) -> None:
    code, said = invoke(app, "tokens", "create", "--role", "boss", "--name", "x")
    assert code == 2
    assert all(role in said for role in ("reader", "editor", "admin"))


def test_the_list_shows_names_and_no_token(app: Flask) -> None:
    token = create(app).strip()
    _, said = invoke(app, "tokens", "list")
    head, row = said.splitlines()
    assert head.split() == ["id", "name", "role", "created", "expires", "revoked"]
    assert row.split()[:3] == ["1", "billing", "reader"]
    assert token not in said


def test_a_token_is_revoked_by_id(app: Flask, anonymous: Api) -> None:
    token = create(app).strip()
    assert invoke(app, "tokens", "revoke", "1") == (0, "Revoked token 1.\n")
    assert anonymous.with_token(token).get("/api/auth/me").status_code == 401


def test_tokens_are_revoked_by_name(app: Flask, anonymous: Api) -> None:
    tokens = [create(app).strip(), create(app).strip()]
    other = create(app, name="shop").strip()
    assert invoke(app, "tokens", "revoke", "billing") == (0, "Revoked 2 tokens named billing.\n")
    answers = [anonymous.with_token(token).get("/api/auth/me") for token in (*tokens, other)]
    assert [answer.status_code for answer in answers] == [401, 401, 200]


def test_revoking_what_is_not_there_is_one_line(app: Flask) -> None:
    assert invoke(app, "tokens", "revoke", "7") == (1, "Error: Token not found\n")
    assert invoke(app, "tokens", "revoke", "nobody") == (1, "Error: Token not found\n")
