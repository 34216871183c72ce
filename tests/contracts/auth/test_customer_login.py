"""POST /api/auth/customers/login."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from passlib.context import CryptContext
from sqlalchemy import text

from customers_api.core import database
from customers_api.core.credentials import passwords
from customers_api.core.sign_in import service as sign_in
from tests.contracts.auth.forgery import part
from tests.contracts.auth.sessions import log_in as log_in_operator
from tests.contracts.auth.sessions import make_operator, refusal
from tests.contracts.me.customers import (
    LOGIN,
    PASSWORD,
    code_of,
    log_in,
    make_customer,
    try_login,
)
from tests.support.api import Api, problems

Json = dict[str, Any]


class Counting:
    """What hashes passwords, and how often it was asked to."""

    def __init__(self, hasher: CryptContext) -> None:
        self.hasher = hasher
        self.count = 0

    def __getattr__(self, name: str) -> Any:
        if name in ("hash", "verify", "dummy_verify"):
            self.count += 1
        return getattr(self.hasher, name)


@pytest.fixture
def hashing(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting(passwords._argon2id)
    monkeypatch.setattr(passwords, "_argon2id", counting)
    return counting


@pytest.fixture
def ann(anonymous: Api) -> Json:
    return make_customer(anonymous)


def kept_hash(api: Api) -> str:
    with api.app.app_context():
        row = database.first(text("SELECT password_hash FROM customer_credentials"))
    assert row is not None
    return str(row[0])


def test_login_answers_tokens_that_open_ones_own_profile(anonymous: Api, ann: Json) -> None:
    answer = try_login(anonymous)
    tokens = answer.get_json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 15 * 60)
    assert tokens["customer_id"] == ann["customer_id"]
    left = datetime.fromisoformat(tokens["expires_at"]) - datetime.now(UTC)
    assert timedelta(minutes=14) < left <= timedelta(minutes=15)
    me = anonymous.with_token(tokens["access_token"]).get("/api/me")
    assert me.get_json()["customer_id"] == ann["customer_id"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_customers_token_has_an_audience_of_its_own(anonymous: Api, ann: Json) -> None:
    claims = part(log_in(anonymous).access, 1)
    assert claims["aud"] == "customers-api/me"
    assert claims["sub"] == ann["customer_id"]


@pytest.mark.usefixtures("ann")
def test_an_access_token_is_good_for_fifteen_minutes(anonymous: Api) -> None:
    begin = datetime.now(UTC).replace(microsecond=0)
    with time_machine.travel(begin, tick=False) as traveller:
        session = log_in(anonymous)
        traveller.move_to(begin + timedelta(minutes=14, seconds=59))
        assert session.api.get("/api/me").status_code == 200
        traveller.move_to(begin + timedelta(minutes=15))
        assert refusal(session.api.get("/api/me")) == "token-expired"


@pytest.mark.usefixtures("ann")
def test_the_email_is_taken_without_regard_to_case_and_the_password_to_the_letter(
    anonymous: Api,
) -> None:
    body = {"email": " ANN@Example.com ", "password": PASSWORD}
    assert anonymous.post(LOGIN, body).status_code == 200
    assert refusal(anonymous.post(LOGIN, body | {"password": f"{PASSWORD} "})) == (
        "wrong-credentials"
    )


def test_wrong_password_unknown_email_no_password_and_inactive_customer_look_the_same(
    anonymous: Api, editor: Api, ann: Json
) -> None:
    make_customer(anonymous, "bob", None)
    carl = make_customer(anonymous, "carl")
    assert editor.delete(f"/api/v1/customers/{carl['customer_id']}").status_code == 200
    told = [
        try_login(anonymous, "ann", "wrong"),
        try_login(anonymous, "nobody"),
        try_login(anonymous, "bob"),
        try_login(anonymous, "carl"),
        anonymous.post(LOGIN, {"email": "no\0body", "password": "nul\0nul"}),
        try_login(anonymous, "ann", "a" * 5000),
    ]
    assert {refusal(answer) for answer in told} == {"wrong-credentials"}
    bodies = [answer.get_json() | {"request_id": ""} for answer in told]
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("password", ["wrong", "", "a" * 5000], ids=["wrong", "none", "endless"])
def test_a_refusal_takes_one_hash_whether_the_email_exists_or_not(
    anonymous: Api, hashing: Counting, password: str
) -> None:
    make_customer(anonymous, "bob", None)
    hashing.count = 0
    for count, name in enumerate(("ann", "nobody", "bob"), start=1):
        refusal(try_login(anonymous, name, password))
        assert hashing.count == count


@pytest.mark.usefixtures("ann")
def test_a_refusal_of_what_is_not_composed_takes_two_whether_the_email_exists_or_not(
    anonymous: Api, hashing: Counting
) -> None:
    make_customer(anonymous, "bob", None)
    hashing.count = 0
    for count, name in enumerate(("ann", "nobody", "bob"), start=1):
        refusal(try_login(anonymous, name, "cre\u0300me bru\u0302le\u0301e"))
        assert hashing.count == 2 * count


def test_a_password_is_known_however_it_is_composed(anonymous: Api) -> None:
    make_customer(anonymous, password="cre\u0300me bru\u0302le\u0301e")
    log_in(anonymous, password="crème brûlée")
    log_in(anonymous, password="cre\u0300me\u00a0bru\u0302le\u0301e")


@pytest.mark.usefixtures("ann")
def test_a_refusal_takes_the_same_statements_whether_the_email_exists_or_not(
    anonymous: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    run: list[str] = []
    rows, write = database.rows, database.write
    monkeypatch.setattr(database, "rows", lambda *a: run.append(str(a[0])) or rows(*a))
    monkeypatch.setattr(database, "write", lambda *a: run.append(str(a[0])) or write(*a))
    refusal(try_login(anonymous, "ann", "wrong"))
    known, run[:] = [*run], []
    refusal(try_login(anonymous, "nobody", "wrong"))
    assert known == run
    assert len(known) == 4


def test_signing_in_sets_the_last_login(anonymous: Api, editor: Api, ann: Json) -> None:
    path = f"/api/customers/{ann['id']}"
    assert editor.get(path).get_json()["last_login_at"] is None
    refusal(try_login(anonymous, "ann", "wrong"))
    assert editor.get(path).get_json()["last_login_at"] is None
    log_in(anonymous)
    last = datetime.fromisoformat(editor.get(path).get_json()["last_login_at"])
    assert datetime.now(UTC) - last < timedelta(minutes=1)


def test_the_registrys_route_sets_the_last_login_too(editor: Api, ann: Json) -> None:
    assert editor.patch(f"/api/v1/customers/{ann['customer_id']}/last-login").status_code == 200
    assert editor.get(f"/api/customers/{ann['id']}").get_json()["last_login_at"] is not None


@pytest.mark.usefixtures("ann")
def test_passwords_are_kept_as_argon2id_at_owasps_parameters(anonymous: Api) -> None:
    assert kept_hash(anonymous).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


@pytest.mark.usefixtures("ann")
def test_a_hash_is_renewed_at_login_when_the_parameters_have_changed(
    anonymous: Api, hashing: Counting
) -> None:
    session = log_in(anonymous)
    hashing.hasher = CryptContext(
        schemes=["argon2"],
        argon2__type="ID",
        argon2__memory_cost=19_456,
        argon2__rounds=3,
        argon2__parallelism=1,
    )
    assert not log_in(anonymous).is_over()
    assert kept_hash(anonymous).startswith("$argon2id$v=19$m=19456,t=3,p=1$")
    hashing.count = 0
    log_in(anonymous)
    assert hashing.count == 1
    assert not session.is_over()


def test_an_operators_hash_is_renewed_at_login_too(anonymous: Api, hashing: Counting) -> None:
    make_operator(anonymous.app)
    hashing.hasher = CryptContext(
        schemes=["argon2"], argon2__type="ID", argon2__memory_cost=19_456, argon2__rounds=3
    )
    log_in_operator(anonymous)
    with anonymous.app.app_context():
        row = database.first(text("SELECT password_hash FROM operators"))
    assert row is not None
    assert ",t=3," in row[0]
    assert not log_in_operator(anonymous).is_over()


def test_all_that_is_wrong_with_the_body_is_told_at_once(anonymous: Api) -> None:
    answer = anonymous.post(LOGIN, {"email": 7, "otp": "1", "code": 123456})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/email", "/password", "/otp", "/code"}


def test_other_contracts_sign_customers_in_by_the_core(anonymous: Api, ann: Json) -> None:
    with anonymous.app.app_context():
        session = sign_in.log_in("ann@example.com", PASSWORD)
        with pytest.raises(sign_in.WrongCredentials):
            sign_in.log_in("ann@example.com", "wrong")
    assert session.customer_id == ann["customer_id"]
    assert session.expires_in == 900
    assert anonymous.with_token(session.access_token).get("/api/me").status_code == 200


def test_an_editor_sets_a_password_by_either_form_of_the_id(
    anonymous: Api, editor: Api, ann: Json
) -> None:
    for id, password in ((ann["id"], "first and fine"), (ann["customer_id"], "second and fine")):
        answer = editor.put(f"/api/customers/{id}/password", {"password": password})
        assert answer.status_code == 200
        log_in(anonymous, password=password)


@pytest.mark.usefixtures("ann")
def test_a_password_set_by_an_operator_ends_the_customers_sessions(
    anonymous: Api, editor: Api
) -> None:
    session = log_in(anonymous)
    editor.put("/api/customers/1/password", {"password": "an entirely new one"})
    assert session.is_over()
    assert refusal(try_login(anonymous)) == "wrong-credentials"


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize(
    "password",
    [
        "seven c",
        "a" * 129,
        "Password1",
        "PASSWORD",
        "qwertyuiop",
        "01011980",
        "nul\0 in the middle",
        "é" * 8,
        "ANN@Example.com",
    ],
)
def test_a_password_that_nist_advises_against_is_refused(editor: Api, password: str) -> None:
    answer = editor.put("/api/customers/1/password", {"password": password})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/password"}


def test_the_own_username_is_no_password(editor: Api) -> None:
    customer = make_customer(editor, "Maximiliane", None)
    assert customer["username"] == "maximilianelee"
    answer = editor.put("/api/customers/1/password", {"password": "MaximilianeLee"})
    assert problems(answer) == {"/password": passwords.OWN}


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize(
    "password", ["8 signs ", "aaaaaaab" * 16, "zonder hoofdletters", "пароль и соль"]
)
def test_a_password_of_any_composition_is_taken(anonymous: Api, editor: Api, password: str) -> None:
    assert editor.put("/api/customers/1/password", {"password": password}).status_code == 200
    log_in(anonymous, password=password)


def test_a_password_needs_a_customer_and_an_editor(reader: Api, editor: Api) -> None:
    body = {"password": PASSWORD}
    assert editor.put("/api/customers/999/password", body).status_code == 404
    assert editor.put("/api/customers/CUST_00000000/password", body).status_code == 404
    assert reader.put("/api/customers/999/password", body).status_code == 403


def test_an_operators_password_is_held_against_the_common_ones_too(admin: Api) -> None:
    body = {"username": "otto", "role": "reader"}
    common = admin.post("/api/operators", {**body, "password": "1q2w3e4r5t6y"})
    assert code_of(common) == "invalid"
    assert set(problems(common)) == {"/password"}
    short = admin.post("/api/operators", {**body, "password": "eleven char"})
    assert set(problems(short)) == {"/password"}
