"""GET /api/customers/<id>."""

from typing import Any

import pytest

from tests.support.api import Api

REGISTRY_FIELDS = {
    "id", "customer_id", "username", "first_name", "last_name", "email", "phone", "address_line1",
    "address_line2", "city", "state", "postal_code", "country", "date_of_birth", "gender",
    "company_name", "tax_id", "is_active", "is_verified", "email_verified", "phone_verified",
    "marketing_emails", "marketing_sms", "notes", "tags", "created_at", "updated_at",
    "last_login_at", "full_name", "full_address",
}  # fmt: skip
FURTHER_FIELDS = {
    "group_id", "uuid", "customer_status", "lifetime_value", "is_loyalty_member",
    "customer_acquisition_date", "preferred_communication_channels", "metadata", "version",
}  # fmt: skip


def test_a_reader_gets_a_customer_by_id(reader: Api, john: dict[str, Any]) -> None:
    answer = reader.get(f"/api/customers/{john['id']}")
    assert answer.status_code == 200
    assert answer.get_json() == john


def test_a_customer_is_shown_whole(reader: Api, john: dict[str, Any]) -> None:
    assert john.keys() == REGISTRY_FIELDS | FURTHER_FIELDS


def test_a_customer_that_is_not_there_is_404(reader: Api) -> None:
    answer = reader.get("/api/customers/7")
    assert answer.status_code == 404
    assert answer.get_json()["detail"] == "Customer not found"


@pytest.mark.parametrize("id", [0, 2**63 - 1, 2**63, 2**64, 10**30])
def test_an_id_that_no_database_holds_is_404_for_every_method(admin: Api, id: int) -> None:
    path = f"/api/customers/{id}"
    for answer in (admin.get(path), admin.patch(path, {"city": "x"}), admin.delete(path)):
        assert answer.status_code == 404
        assert answer.get_json()["detail"] == "Customer not found"


@pytest.mark.parametrize("id", ["-1", "abc", "1.0", "1e3", "%00", "%201", "CUST_", "9" * 5000])
def test_what_is_no_id_is_404(reader: Api, id: str) -> None:
    assert reader.get(f"/api/customers/{id}").status_code == 404


def test_reading_takes_no_query_parameters(reader: Api, john: dict[str, Any]) -> None:
    answer = reader.get(f"/api/customers/{john['id']}?age=true")
    assert answer.status_code == 400
    assert [error["parameter"] for error in answer.get_json()["errors"]] == ["age"]
