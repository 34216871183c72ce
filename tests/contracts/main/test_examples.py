"""The documents' own examples are valid input, every one."""

from typing import Any

import pytest

from tests.contracts.main.calls import created, new_group, person
from tests.support.api import Api

REGISTRY = {
    "first_name": "John",
    "last_name": "Doe",
    "email": "john.doe@example.com",
    "phone": "+1-555-0123",
    "address_line1": "123 Main Street",
    "city": "New York",
    "state": "NY",
    "postal_code": "10001",
    "country": "USA",
    "date_of_birth": "1990-01-15T00:00:00",
    "gender": "male",
    "company_name": "Tech Corp",
    "marketing_emails": True,
    "marketing_sms": False,
    "notes": "Premium customer",
    "tags": "premium,tech,new-york",
}


def test_the_main_documents_customer_is_valid(editor: Api) -> None:
    john = {"first_name": "John", "last_name": "Doe", "email": "john.doe@example.com"}
    group_id = new_group(editor, "Retail")
    customer = created(editor, **john, group_id=group_id)
    assert customer["full_name"] == "John Doe"
    assert customer["group_id"] == group_id


def test_the_registrys_customer_is_valid_and_shows_the_date_of_birth_as_a_day(editor: Api) -> None:
    customer = created(editor, **REGISTRY)
    shown = {name: customer[name] for name in REGISTRY}
    assert shown == REGISTRY | {"date_of_birth": "1990-01-15"}
    assert customer["full_address"] == "123 Main Street, New York, NY, 10001, USA"


@pytest.mark.parametrize("phone", ["+1-555-0123", "555-0123", "1234567890", "9876543210"])
def test_the_documents_phones_come_back_as_written(editor: Api, phone: str) -> None:
    assert created(editor, **person(phone=phone))["phone"] == phone


@pytest.mark.parametrize(
    "email",
    ["john@example.com", "jane@example.com", "jane.smith@example.com", "john.doe@example.com"],
)
def test_the_documents_emails_come_back_as_written(editor: Api, email: str) -> None:
    assert created(editor, **person(email=email))["email"] == email


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("lifetime_value", 1500.00, "1500.00"),
        ("lifetime_value", 2000.00, "2000.00"),
        ("preferred_communication_channels", ["email", "phone"], ["email", "phone"]),
        ("customer_status", "active", "active"),
        ("tags", "bulk-updated", "bulk-updated"),
        ("notes", "Bulk updated customer", "Bulk updated customer"),
    ],
)
def test_the_other_documents_values_are_valid(
    editor: Api, field: str, value: Any, shown: Any
) -> None:
    assert created(editor, **person(**{field: value}))[field] == shown
