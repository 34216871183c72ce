"""Every request that the loyalty contract's document prints gets the documented answer."""

from typing import Any

from tests.support.api import Api

NEW: dict[str, Any] = {
    "first_name": "John",
    "last_name": "Doe",
    "email_address": "john.doe@example.com",
    "phone_number": "555-0123",
    "preferred_communication_channels": ["email", "phone"],
    "is_loyalty_member": "y",
    "lifetime_value": 1500.00,
}
# The data model of the document.
FIELDS = {
    *NEW,
    "customer_id",
    "date_of_birth",
    "address",
    "city",
    "state",
    "postal_code",
    "customer_acquisition_date",
    "customer_status",
}
UNSAID = dict.fromkeys(
    ("date_of_birth", "address", "city", "state", "postal_code", "customer_acquisition_date")
)


def test_the_walk_of_the_document(admin: Api) -> None:
    made = admin.post("/loyalty/customers", NEW)
    assert made.status_code == 201
    john = made.get_json()
    assert {*john} == FIELDS
    assert john == NEW | UNSAID | {
        "customer_status": "active",
        "customer_id": john["customer_id"],
    }
    path = f"/loyalty/customers/{john['customer_id']}"
    assert made.headers["Location"] == path
    assert admin.get("/loyalty/customers").get_json() == [john]
    assert admin.get(path).get_json() == john
    changes = {"lifetime_value": 2000.00, "customer_status": "active"}
    changed = admin.put(path, changes)
    assert (changed.status_code, changed.get_json()) == (200, john | changes)
    removed = admin.delete(path)
    assert (removed.status_code, removed.get_json()) == (200, {"detail": "Customer deleted"})
    assert admin.get(path).status_code == 404


def test_a_customer_who_is_not_there_is_not_found_whatever_the_id_looks_like(admin: Api) -> None:
    for id in ("a1b2c3d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d", "7", "CUST_A1B2C3D4", "{}", "x" * 300):
        path = f"/loyalty/customers/{id}"
        for answer in (admin.get(path), admin.put(path, {"city": "Paris"}), admin.delete(path)):
            assert answer.status_code == 404
            assert answer.get_json()["detail"] == "Customer not found"


def test_roles_are_those_of_every_contract(reader: Api, editor: Api) -> None:
    assert reader.post("/loyalty/customers", NEW).status_code == 403
    john = editor.post("/loyalty/customers", NEW).get_json()
    path = f"/loyalty/customers/{john['customer_id']}"
    assert reader.get(path).status_code == 200
    assert reader.put(path, {"city": "Paris"}).status_code == 403
    assert editor.delete(path).status_code == 403
    assert editor.post("/loyalty/seed").status_code == 403
