"""Resets of a forgotten password: asked for by operators and mailers, redeemed by customers."""

from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
import time_machine
from sqlalchemy import text
from werkzeug.test import TestResponse

from customers_api.core import database
from tests.contracts.auth.sessions import refusal
from tests.contracts.main.calls import at_once
from tests.contracts.me.customers import (
    PASSWORD,
    code_of,
    log_in,
    make_customer,
    try_login,
    turn_on,
)
from tests.support.api import Api, problems

REDEEM = "/api/auth/customers/password-reset"
REQUESTS = "/api/auth/customers/password-reset-requests"
NEW = "an entirely new password"
Json = dict[str, Any]


@pytest.fixture
def ann(anonymous: Api) -> Json:
    return make_customer(anonymous)


def ask(editor: Api, id: int | str = 1) -> str:
    """A reset token for this customer."""
    answer = editor.post(f"/api/customers/{id}/password-reset")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.get_json()["token"])


def ask_by_email(editor: Api, email: str) -> Json:
    answer = editor.post(REQUESTS, {"email": email})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def redeem(api: Api, token: str, new: str = NEW) -> TestResponse:
    return api.with_token(None).post(REDEEM, {"token": token, "new_password": new})


def is_refused(answer: TestResponse) -> bool:
    assert answer.status_code in (200, 400), answer.get_data(as_text=True)
    return answer.status_code == 400 and code_of(answer) == "reset-token-invalid"


def test_a_reset_token_sets_a_new_password_and_ends_all_sessions(editor: Api, ann: Json) -> None:
    session = log_in(editor)
    assert redeem(editor, ask(editor, ann["customer_id"])).status_code == 200
    assert session.is_over()
    assert refusal(try_login(editor)) == "wrong-credentials"
    assert not log_in(editor, password=NEW).is_over()


def test_a_customer_without_a_password_gets_one_by_a_reset(editor: Api) -> None:
    make_customer(editor, "bob", None)
    assert redeem(editor, ask(editor)).status_code == 200
    log_in(editor, "bob", NEW)


def test_a_mailer_asks_by_email_without_regard_to_case(editor: Api, ann: Json) -> None:
    token = ask_by_email(editor, "ANN@example.COM")["token"]
    assert redeem(editor, token).status_code == 200
    log_in(editor, password=NEW)


def test_asking_for_an_unknown_email_looks_the_same_and_opens_nothing(
    editor: Api, ann: Json
) -> None:
    bob = make_customer(editor, "bob")
    editor.delete(f"/api/v1/customers/{bob['customer_id']}")
    known = ask_by_email(editor, "ann@example.com")
    for email in ("nobody@example.com", "bob@example.com", "no address", "nul\0"):
        unknown = ask_by_email(editor, email)
        assert unknown.keys() == known.keys()
        assert len(unknown["token"]) == len(known["token"])
        apart = datetime.fromisoformat(unknown["expires_at"]) - datetime.fromisoformat(
            known["expires_at"]
        )
        assert abs(apart) < timedelta(minutes=1)
        assert is_refused(redeem(editor, unknown["token"]))


@pytest.mark.usefixtures("ann")
def test_asking_for_an_unknown_email_takes_as_many_writes_and_leaves_nothing(
    editor: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[object] = []
    written: list[str] = []
    rows, write = database.rows, database.write
    monkeypatch.setattr(database, "rows", lambda *a: read.append(a) or rows(*a))
    monkeypatch.setattr(database, "write", lambda *a: written.append(str(a[0])[:6]) or write(*a))
    # The first call looks the token up, too.
    ask_by_email(editor, "ann@example.com")
    read.clear()
    written.clear()
    ask_by_email(editor, "ann@example.com")
    assert written == ["INSERT", "INSERT"]
    reads = len(read)
    ask_by_email(editor, "nobody@example.com")
    assert written[2:] == ["INSERT", "DELETE"]
    assert len(read) == 2 * reads
    with editor.app.app_context():
        assert rows(text("SELECT account FROM login_failures")) == []


def test_only_an_editor_may_ask(anonymous: Api, reader: Api, ann: Json) -> None:
    for api, status in ((anonymous, 401), (reader, 403)):
        assert api.post("/api/customers/1/password-reset").status_code == status
        assert api.post(REQUESTS, {"email": "ann@example.com"}).status_code == status


def test_asking_for_nobody_by_id_is_not_found(editor: Api) -> None:
    assert editor.post("/api/customers/999/password-reset").status_code == 404


def test_a_token_works_once(editor: Api, ann: Json) -> None:
    token = ask(editor)
    assert redeem(editor, token).status_code == 200
    assert is_refused(redeem(editor, token, "yet another password"))
    log_in(editor, password=NEW)


def test_of_racing_redeemings_of_one_token_one_succeeds(editor: Api, ann: Json) -> None:
    for attempt in range(3):
        body = {"token": ask(editor)}
        calls = [
            partial(Api.post, path=REDEEM, json=body | {"new_password": f"password {attempt} {n}"})
            for n in range(4)
        ]
        answers = at_once(editor.with_token(None), calls)
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
        [won] = [n for n, answer in enumerate(answers) if answer.status_code == 200]
        log_in(editor, password=f"password {attempt} {won}")


def test_a_new_token_replaces_the_one_before(editor: Api, ann: Json) -> None:
    first, second = ask(editor), ask_by_email(editor, "ann@example.com")["token"]
    assert is_refused(redeem(editor, first))
    assert redeem(editor, second).status_code == 200


def test_a_token_is_good_for_an_hour(editor: Api, ann: Json) -> None:
    begin = datetime.now(UTC)
    with time_machine.travel(begin, tick=False) as traveller:
        answer = editor.post("/api/customers/1/password-reset").get_json()
        assert datetime.fromisoformat(answer["expires_at"]) == begin + timedelta(minutes=60)
        traveller.shift(timedelta(minutes=60))
        assert is_refused(redeem(editor, answer["token"]))
        token = ask(editor)
        traveller.shift(timedelta(minutes=59, seconds=59))
        assert redeem(editor, token).status_code == 200


@pytest.mark.parametrize("change", ["email", "password", "deactivation", "removal"])
def test_a_token_ends_with_what_it_was_made_for(admin: Api, ann: Json, change: str) -> None:
    token = ask(admin)
    changes = {
        "email": ("PATCH", "/api/customers/1", {"email": "another@example.com"}),
        "password": ("PUT", "/api/customers/1/password", {"password": PASSWORD}),
        "deactivation": ("DELETE", f"/api/v1/customers/{ann['customer_id']}", None),
        "removal": ("DELETE", "/api/customers/1", None),
    }
    method, path, body = changes[change]
    assert admin(method, path, json=body).status_code == 200
    assert is_refused(redeem(admin, token))


def test_a_bad_new_password_does_not_use_the_token_up(editor: Api, ann: Json) -> None:
    token = ask(editor)
    for bad in ("password1", "Ann@example.com"):
        answer = redeem(editor, token, bad)
        assert answer.status_code == 400
        assert set(problems(answer)) == {"/new_password"}
    assert redeem(editor, token).status_code == 200


@pytest.mark.parametrize("token", ["", "nonsense", "\0", "a" * 10_000, "ü"])
def test_what_is_no_token_opens_nothing(anonymous: Api, ann: Json, token: str) -> None:
    assert is_refused(redeem(anonymous, token))


def test_only_a_hash_of_the_token_is_kept(editor: Api, ann: Json) -> None:
    token = ask(editor)
    with editor.app.app_context():
        row = database.first(text("SELECT reset_hash FROM customer_credentials"))
    assert row is not None
    assert row.reset_hash == sha256(token.encode()).hexdigest()


def test_a_reset_leaves_the_second_factor_on(editor: Api, ann: Json) -> None:
    now = datetime.now(UTC).timestamp()
    turn_on(log_in(editor), now)
    assert redeem(editor, ask(editor)).status_code == 200
    assert refusal(try_login(editor, password=NEW)) == "second-factor-needed"
