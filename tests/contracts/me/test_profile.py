"""GET and PATCH /api/me."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contracts.auth.sessions import refusal
from tests.contracts.main.calls import set_columns
from tests.contracts.me.customers import (
    PASSWORD,
    Session,
    code_of,
    log_in,
    make_customer,
    try_login,
)
from tests.support.api import Api, problems

ME = "/api/me"
Json = dict[str, Any]
# What operators note about a customer, and the numbers that only they know a customer by.
OPERATORS_OWN = {
    "id",
    "uuid",
    "group_id",
    "company_name",
    "tax_id",
    "customer_status",
    "is_active",
    "is_verified",
    "is_loyalty_member",
    "lifetime_value",
    "customer_acquisition_date",
    "notes",
    "tags",
    "metadata",
    "version",
}
# All that a customer may change without giving the password.
CHANGES = {
    "first_name": "Anna",
    "last_name": "Li",
    "phone": "+1-555-0123",
    "address_line1": "1 High Street",
    "address_line2": "Flat 2",
    "city": "Leeds",
    "state": "Yorkshire",
    "postal_code": "LS1",
    "country": "UK",
    "date_of_birth": "1990-01-15",
    "gender": "f",
    "marketing_emails": False,
    "marketing_sms": True,
    "preferred_communication_channels": ["phone", "email"],
}


@pytest.fixture
def ann(anonymous: Api) -> Json:
    return make_customer(anonymous)


@pytest.fixture
def session(anonymous: Api, ann: Json) -> Session:
    return log_in(anonymous)


def test_a_customer_sees_the_own_profile_and_nothing_that_operators_note(
    admin: Api, ann: Json, session: Session
) -> None:
    make_customer(admin, "bob")
    admin.patch(f"/api/customers/{ann['id']}", {"notes": "difficult", "tags": "vip"})
    whole = admin.get(f"/api/customers/{ann['id']}").get_json()
    mine = session.api.get(ME).get_json()
    assert mine == {name: value for name, value in whole.items() if name not in OPERATORS_OWN}
    assert mine["email"] == "ann@example.com"


def test_a_customer_changes_the_fields_that_are_a_customers(
    admin: Api, ann: Json, session: Session
) -> None:
    answer = session.api.patch(ME, CHANGES)
    assert answer.status_code == 200
    whole = admin.get(f"/api/customers/{ann['id']}").get_json()
    for shown in (answer.get_json(), session.api.get(ME).get_json(), whole):
        assert {name: shown[name] for name in CHANGES} == CHANGES


@pytest.mark.parametrize(
    "field",
    sorted(OPERATORS_OWN | {"customer_id", "username", "email_verified", "last_login_at", "role"}),
)
def test_a_customer_changes_nothing_else(session: Session, field: str) -> None:
    before = session.api.get(ME).get_json()
    answer = session.api.patch(ME, {"city": "Leeds", field: "1"})
    assert answer.status_code == 400
    assert set(problems(answer)) == {f"/{field}"}
    assert session.api.get(ME).get_json() == before


def test_a_change_keeps_absent_fields_and_null_clears_one(session: Session) -> None:
    session.api.patch(ME, CHANGES)
    changed = session.api.patch(ME, {"phone": None}).get_json()
    assert changed["phone"] is None
    assert changed["city"] == "Leeds"


def test_all_that_is_wrong_with_a_change_is_told_at_once(session: Session) -> None:
    wrong = {"first_name": "", "phone": "x", "date_of_birth": "2999-01-01", "marketing_sms": 1}
    answer = session.api.patch(ME, wrong)
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/first_name", "/phone", "/date_of_birth", "/marketing_sms"}
    assert session.api.patch(ME, {}).status_code == 400


def test_a_new_email_needs_the_current_password(session: Session) -> None:
    change = {"email": "ann@example.org"}
    assert set(problems(session.api.patch(ME, change))) == {"/current_password"}
    wrong = session.api.patch(ME, {**change, "current_password": "wrong"})
    assert (wrong.status_code, code_of(wrong)) == (400, "wrong-current-password")
    assert session.api.get(ME).get_json()["email"] == "ann@example.com"
    assert session.api.patch(ME, {**change, "current_password": PASSWORD}).status_code == 200


def test_a_new_email_or_phone_is_no_longer_verified_and_signs_in(
    anonymous: Api, ann: Json, session: Session
) -> None:
    set_columns(anonymous, ann["id"], email_verified=True, phone_verified=True)
    change = {"email": "anna@example.com", "phone": "555-0199", "current_password": PASSWORD}
    changed = session.api.patch(ME, change).get_json()
    assert (changed["email_verified"], changed["phone_verified"]) == (False, False)
    assert refusal(try_login(anonymous)) == "wrong-credentials"
    log_in(anonymous, "anna")


def test_a_taken_email_is_told_only_to_who_knows_the_password(
    anonymous: Api, session: Session
) -> None:
    make_customer(anonymous, "bob")
    for email in ("bob@example.com", "free@example.com"):
        body = {"email": email, "current_password": "wrong", "phone": "x"}
        assert set(problems(session.api.patch(ME, body))) <= {"/current_password", "/phone"}
    body = {"email": "BOB@example.com", "current_password": PASSWORD}
    taken = session.api.patch(ME, body)
    assert taken.status_code == 400
    assert taken.get_json()["detail"] == "Customer with this email already exists"


def test_a_change_of_the_profile_moves_the_time_of_change(session: Session) -> None:
    changed = session.api.patch(ME, {"city": "Leeds"}).get_json()
    assert datetime.now(UTC) - datetime.fromisoformat(changed["updated_at"]) < timedelta(minutes=1)


def test_a_change_of_ones_own_profile_may_be_sent_again(anonymous: Api) -> None:
    make_customer(anonymous)
    me = log_in(anonymous).api
    key = {"Idempotency-Key": "once"}
    first = me.patch("/api/me", {"city": "Bern"}, headers=key)
    me.patch("/api/me", {"city": "Oslo"})
    again = me.patch("/api/me", {"city": "Bern"}, headers=key)
    assert (again.status_code, again.get_data()) == (200, first.get_data())
    assert again.headers["Idempotent-Replayed"] == "true"
    assert me.get("/api/me").get_json()["city"] == "Oslo"
    assert me.patch("/api/me", {"city": "Rome"}, headers=key).status_code == 422


def test_a_change_of_ones_own_profile_may_be_made_conditional(anonymous: Api) -> None:
    make_customer(anonymous)
    me = log_in(anonymous).api
    read = me.get("/api/me").headers["ETag"]
    assert me.get("/api/me", headers={"If-None-Match": read}).status_code == 304
    assert me.patch("/api/me", {"city": "Bern"}, headers={"If-Match": read}).status_code == 200
    assert me.patch("/api/me", {"city": "Oslo"}, headers={"If-Match": read}).status_code == 412
    assert me.get("/api/me").get_json()["city"] == "Bern"
