"""POST /api/customers/ with size=one, or without size."""

import re
from typing import Any
from uuid import UUID

import pytest
import time_machine

from tests.contracts.main.calls import created, new_group, person
from tests.support.api import Api, problems

EVERYTHING = {
    "first_name": "Leonie",
    "last_name": "Köhler",
    "email": "Leonie.Koehler@example.com",
    "phone": "+49 0711 2842222",
    "address_line1": "Theodor-Heuss-Straße 34",
    "address_line2": "2. Stock",
    "city": "Stuttgart",
    "state": "Baden-Württemberg",
    "postal_code": "70174",
    "country": "Germany",
    "date_of_birth": "1990-01-15",
    "gender": "female",
    "company_name": "Köhler & Söhne",
    "tax_id": "DE123456789",
    "customer_status": "inactive",
    "marketing_emails": False,
    "marketing_sms": True,
    "is_loyalty_member": True,
    "lifetime_value": "37.62",
    "customer_acquisition_date": "2021-01-01T00:00:00Z",
    "preferred_communication_channels": ["phone", "email"],
    "notes": "Rings before noon.\nSpeaks French.",
    "tags": "premium,music",
    "metadata": {"source": "shop", "visits": 3},
}


def test_a_customer_needs_only_first_name_last_name_and_email(editor: Api) -> None:
    answer = editor.post("/api/customers/", person())
    assert answer.status_code == 201
    assert answer.get_json()["full_name"] == "Ann Lee"


@pytest.mark.parametrize("query", ["", "?size=one"])
def test_the_size_left_out_means_one(editor: Api, query: str) -> None:
    answer = editor.post(f"/api/customers/{query}", person())
    assert answer.status_code == 201
    assert answer.get_json()["email"] == "ann.1@example.com"


def test_the_location_leads_to_the_new_customer(editor: Api) -> None:
    answer = editor.post("/api/customers/", person())
    assert answer.headers["Location"] == f"/api/customers/{answer.get_json()['id']}"
    assert editor.get(answer.headers["Location"]).get_json() == answer.get_json()


def test_a_new_customer_of_whom_little_is_said_has_the_documents_defaults(editor: Api) -> None:
    customer = created(editor, **person())
    assert {name for name, value in customer.items() if value is None} == {
        "group_id", "phone", "address_line1", "address_line2", "city", "state", "postal_code",
        "country", "date_of_birth", "gender", "company_name", "tax_id", "notes", "tags",
        "last_login_at", "customer_acquisition_date",
    }  # fmt: skip
    assert customer["is_active"] is True
    assert customer["customer_status"] == "active"
    assert customer["marketing_emails"] is True
    assert customer["marketing_sms"] is False
    assert customer["is_verified"] is False
    assert customer["is_loyalty_member"] is False
    assert customer["lifetime_value"] == "0.00"
    assert customer["preferred_communication_channels"] == []
    assert customer["metadata"] == {}
    assert customer["version"] == 1


def test_every_field_that_is_given_comes_back(editor: Api) -> None:
    group_id = new_group(editor, "Retail")
    customer = created(editor, group_id=group_id, **EVERYTHING)
    assert {name: customer[name] for name in EVERYTHING} == EVERYTHING
    assert customer["group_id"] == group_id


def test_what_follows_from_the_fields_is_shown_beside_them(editor: Api) -> None:
    customer = created(editor, **EVERYTHING)
    assert customer["full_name"] == "Leonie Köhler"
    assert customer["full_address"] == (
        "Theodor-Heuss-Straße 34, 2. Stock, Stuttgart, Baden-Württemberg, 70174, Germany"
    )
    assert customer["username"] == "leoniekohler"
    assert customer["is_active"] is False


def test_the_full_address_leaves_out_what_is_not_there(editor: Api) -> None:
    full = created(editor, **person(1, city="Oslo", address_line2="", country="Norway"))
    none = created(editor, **person(2))
    assert (full["full_address"], none["full_address"]) == ("Oslo, Norway", "")


def test_the_customer_id_is_made_of_the_uuid(editor: Api) -> None:
    customer = created(editor, **person())
    assert re.fullmatch("CUST_[0-9A-F]{8}", customer["customer_id"])
    assert customer["customer_id"] == "CUST_" + UUID(customer["uuid"]).hex[:8].upper()


@time_machine.travel("2030-06-15T12:34:56.789Z", tick=False)
def test_times_are_utc_with_z(editor: Api) -> None:
    customer = created(editor, **person())
    assert customer["created_at"] == customer["updated_at"]
    assert re.fullmatch(r"2030-06-15T12:34:56\.7890*Z", customer["created_at"])


@pytest.mark.parametrize("field", ["first_name", "last_name", "email"])
@pytest.mark.parametrize("value", [None, "", " \t\n", 7])
def test_a_required_field_without_a_text_is_refused(editor: Api, field: str, value: Any) -> None:
    answer = editor.post("/api/customers/", person(**{field: value}))
    assert answer.status_code == 400
    assert set(problems(answer)) == {f"/{field}"}


def test_all_missing_fields_are_reported_at_once(editor: Api) -> None:
    answer = editor.post("/api/customers/", {})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/first_name", "/last_name", "/email"}


@pytest.mark.parametrize("group_id", [0, -1, 99, 2**63 - 1, 2**63, -(2**63), 2**64, 10**30])
def test_a_group_that_is_not_there_is_refused(editor: Api, group_id: int) -> None:
    answer = editor.post("/api/customers/", person(group_id=group_id))
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/group_id"}


@pytest.mark.parametrize("size", ["two", "", "ONE", "list,one", "%00"])
def test_any_other_size_is_refused_with_the_two_there_are(editor: Api, size: str) -> None:
    answer = editor.post(f"/api/customers/?size={size}", person())
    assert answer.status_code == 400
    assert problems(answer) == {"size": "Must be one of one, list"}
