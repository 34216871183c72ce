"""POST /api/auth/login."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from customers_api.core import database
from tests.contracts.auth.sessions import PASSWORD, log_in, make_operator, refusal
from tests.support.api import Api, problems

LOGIN = "/api/auth/login"


@pytest.fixture(autouse=True)
def nadia(app: Flask) -> int:
    return make_operator(app, "nadia", "editor")


def cost(api: Api, username: str, password: str) -> float:
    """What a refused log-in costs the server at least, in seconds of its processor."""
    spent = []
    for _ in range(3):
        began = time.thread_time()
        refusal(api.post(LOGIN, {"username": username, "password": password}))
        spent.append(time.thread_time() - began)
    return min(spent)


def test_login_answers_tokens_that_work_for_fifteen_minutes(anonymous: Api) -> None:
    answer = anonymous.post(LOGIN, {"username": "nadia", "password": PASSWORD})
    assert answer.status_code == 200
    tokens = answer.get_json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 15 * 60)
    me = anonymous.with_token(tokens["access_token"]).get("/api/auth/me")
    assert me.get_json()["name"] == "nadia"


def test_login_is_never_cached(anonymous: Api) -> None:
    answer = anonymous.post(LOGIN, {"username": "nadia", "password": PASSWORD})
    assert answer.headers["Cache-Control"] == "no-store"


def test_each_login_begins_another_session(anonymous: Api) -> None:
    first, second = log_in(anonymous), log_in(anonymous)
    assert len({first.access, first.refresh, second.access, second.refresh}) == 4


def test_wrong_password_unknown_and_disabled_operator_look_the_same(
    anonymous: Api, admin: Api
) -> None:
    disabled = make_operator(anonymous.app, "former")
    assert admin.patch(f"/api/operators/{disabled}", {"disabled": True}).status_code == 200
    tries = {"nadia": "wrong", "nobody": PASSWORD, "former": PASSWORD}
    told = [
        anonymous.post(LOGIN, {"username": name, "password": password})
        for name, password in tries.items()
    ]
    assert [refusal(answer) for answer in told] == ["wrong-password"] * 3
    bodies = [answer.get_json() | {"request_id": ""} for answer in told]
    assert bodies[0] == bodies[1] == bodies[2]


@pytest.mark.parametrize(
    "password", ["wrong", "", "a" * 5000, "nul\0nul"], ids=["wrong", "none", "endless", "nul"]
)
def test_a_refusal_costs_the_same_whether_there_is_such_an_operator(
    anonymous: Api, password: str
) -> None:
    known, unknown = cost(anonymous, "nadia", password), cost(anonymous, "nobody", password)
    assert 0.5 < known / unknown < 2


@pytest.mark.parametrize(
    "name",
    ["Nadia", "nadia\0", "nadia' OR 1=1 --", "%", ""],
    ids=["case", "nul", "quote", "wildcard", "none"],
)
def test_a_username_is_taken_to_the_letter(anonymous: Api, name: str) -> None:
    answer = anonymous.post(LOGIN, {"username": name, "password": PASSWORD})
    assert refusal(answer) == "wrong-password"


def test_a_password_is_taken_with_its_white_space(anonymous: Api) -> None:
    answer = anonymous.post(LOGIN, {"username": "nadia", "password": f" {PASSWORD} "})
    assert refusal(answer) == "wrong-password"


def test_all_that_is_wrong_with_the_body_is_told_at_once(anonymous: Api) -> None:
    answer = anonymous.post(LOGIN, {"username": 7, "otp": "123456"})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/username", "/password", "/otp"}


def test_a_body_that_is_not_json_is_no_login(anonymous: Api) -> None:
    form = anonymous("POST", LOGIN, data={"username": "nadia", "password": PASSWORD})
    assert form.status_code == 415
    broken = anonymous("POST", LOGIN, data="{", content_type="application/json")
    assert broken.status_code == 400


def test_a_password_in_the_address_is_refused(anonymous: Api) -> None:
    body = {"username": "nadia", "password": PASSWORD}
    answer = anonymous.post(f"{LOGIN}?password=x", body)
    assert answer.status_code == 400
    assert set(problems(answer)) == {"password"}


def test_login_is_remembered_as_the_operators_last(anonymous: Api, admin: Api, nadia: int) -> None:
    assert admin.get(f"/api/operators/{nadia}").get_json()["last_login_at"] is None
    log_in(anonymous)
    last = admin.get(f"/api/operators/{nadia}").get_json()["last_login_at"]
    assert datetime.now(UTC) - datetime.fromisoformat(last) < timedelta(minutes=1)


def test_passwords_are_kept_as_salted_argon2id(app: Flask) -> None:
    make_operator(app, "otto")
    with app.app_context():
        kept = [row[0] for row in database.rows(text("SELECT password_hash FROM operators"))]
    # OWASP's parameters: 19 MiB, two passes, one lane.
    assert all(each.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for each in kept)
    assert len(set(kept)) == 2
    assert not any(PASSWORD in each for each in kept)
