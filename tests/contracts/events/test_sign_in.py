"""The events of customers' own sign-in: told, with every secret redacted."""

import time
from typing import Any

from tests.contracts.me.customers import LOGIN, PASSWORD, log_in, make_customer, turn_on
from tests.support.api import Api

NEW_PASSWORD = "another horse, another battery"


def told(admin: Api, kind: str) -> list[dict[str, Any]]:
    """The events of this kind, the newest first."""
    return list(admin.get(f"/api/events?kind={kind}").get_json())


def test_a_password_set_by_an_operator_is_told_and_not_shown(admin: Api) -> None:
    ann = make_customer(admin, password=None)
    admin.put(f"/api/customers/{ann['id']}/password", {"password": PASSWORD})
    [event] = told(admin, "customer.password_set")
    assert (event["actor_kind"], event["subject_id"]) == ("service", ann["id"])
    assert event["customer_id"] == ann["customer_id"]
    assert event["changes"] == [{"field": "password", "old": "[redacted]", "new": "[redacted]"}]


def test_logging_in_and_changing_the_password_are_the_customers_own_doing(admin: Api) -> None:
    ann = make_customer(admin)
    session = log_in(admin)
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert session.api.put("/api/me/password", body).status_code == 200
    [logged_in] = told(admin, "customer.logged_in")
    changed, _by_the_operator = told(admin, "customer.password_set")
    for event in (logged_in, changed):
        assert (event["actor_kind"], event["actor_name"]) == ("customer", ann["customer_id"])
        assert event["subject_id"] == ann["id"]


def test_a_change_of_ones_own_profile_is_told_with_its_values(admin: Api) -> None:
    ann = make_customer(admin)
    log_in(admin).api.patch("/api/me", {"city": "Bern"})
    [event] = told(admin, "customer.changed")
    assert (event["actor_kind"], event["actor_name"]) == ("customer", ann["customer_id"])
    assert event["changes"] == [{"field": "city", "old": None, "new": "Bern"}]


def test_asking_for_a_reset_and_using_it_are_told_apart(admin: Api) -> None:
    ann = make_customer(admin)
    token = admin.post(f"/api/customers/{ann['id']}/password-reset").get_json()["token"]
    [asked] = told(admin, "customer.reset_requested")
    assert (asked["actor_kind"], asked["changes"]) == ("service", [])
    body = {"token": token, "new_password": NEW_PASSWORD}
    admin.with_token(None).post("/api/auth/customers/password-reset", body)
    used = told(admin, "customer.password_set")[0]
    assert (used["actor_kind"], used["actor_name"]) == ("customer", ann["customer_id"])


def test_asking_for_an_unknown_email_is_told_to_nobody(admin: Api) -> None:
    body = {"email": "nobody@example.com"}
    assert admin.post("/api/auth/customers/password-reset-requests", body).status_code == 200
    assert told(admin, "customer.reset_requested") == []


def test_a_second_factor_is_told_when_it_comes_and_when_it_goes(admin: Api) -> None:
    make_customer(admin)
    session = log_in(admin)
    turn_on(session, time.time())
    [added] = told(admin, "customer.second_factor_added")
    assert {change["new"] for change in added["changes"]} == {"[redacted]"}
    session.api.delete("/api/me/totp", json={"current_password": PASSWORD})
    assert len(told(admin, "customer.second_factor_removed")) == 1
    # What is off already is not taken off.
    session.api.delete("/api/me/totp", json={"current_password": PASSWORD})
    assert admin.delete("/api/customers/1/totp").status_code == 200
    assert len(told(admin, "customer.second_factor_removed")) == 1
    turn_on(session, time.time())
    assert admin.delete("/api/customers/1/totp").status_code == 200
    assert len(told(admin, "customer.second_factor_removed")) == 2


def test_a_failed_log_in_changes_nothing_and_is_no_event(admin: Api) -> None:
    make_customer(admin)
    body = {"email": "ann@example.com", "password": "wrong"}
    assert admin.with_token(None).post(LOGIN, body).status_code == 401
    assert told(admin, "customer.logged_in") == []
