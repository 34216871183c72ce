"""What a client may set, call by call; every other name there is anywhere is refused by name.

The table is written from the contracts: a field that becomes settable fails these tests until it
has been written down here as well.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from flask import Flask

from customers_api.extensions import db
from customers_api.web.operation import UNSAFE
from tests.attacks.test_roles import dump
from tests.contracts.me import customers
from tests.house.test_routes import filled, operations
from tests.support.api import Api, problems

Json = dict[str, Any]
PERSON = {
    "first_name",
    "last_name",
    "email",
    "phone",
    "address_line1",
    "address_line2",
    "city",
    "state",
    "postal_code",
    "country",
    "date_of_birth",
    "gender",
    "marketing_emails",
    "marketing_sms",
    "preferred_communication_channels",
}
CUSTOMER = PERSON | {
    "group_id",
    "company_name",
    "tax_id",
    "customer_status",
    "is_loyalty_member",
    "lifetime_value",
    "customer_acquisition_date",
    "notes",
    "tags",
    "metadata",
}
LOYALTY = {
    "first_name",
    "last_name",
    "date_of_birth",
    "address",
    "city",
    "state",
    "postal_code",
    "phone_number",
    "email_address",
    "customer_acquisition_date",
    "preferred_communication_channels",
    "is_loyalty_member",
    "customer_status",
    "lifetime_value",
}
SEARCH = {
    "query",
    "first_name",
    "last_name",
    "email",
    "city",
    "country",
    "is_active",
    "is_verified",
    "company_name",
    "tags",
    "created_after",
    "created_before",
    "sort_by",
    "sort_order",
    "page",
    "limit",
}
CAPABILITY = "POST /api/capabilities/customer-management"
SETTABLE = {
    "POST /api/customers": CUSTOMER | {"customers"},
    "PATCH /api/customers/{customer_id}": CUSTOMER,
    "POST /api/customers/search": SEARCH,
    "POST /api/customers/bulk-update": {"customer_ids", "updates"},
    "PUT /api/customers/{customer_id}/password": {"password"},
    "POST /api/v1/customers": CUSTOMER,
    "PUT /api/v1/customers/{customer_id}": CUSTOMER,
    "POST /api/v1/customers/search": SEARCH,
    "POST /api/v1/customers/bulk-update": {"customer_ids", "updates"},
    "POST /customers": {"id", "name", "email", "phone"},
    "PUT /customers/{customer_id}": {"id", "name", "email", "phone"},
    "POST /loyalty/customers": LOYALTY,
    "PUT /loyalty/customers/{customer_id}": LOYALTY,
    f"{CAPABILITY}/get_customer": {"customerId"},
    f"{CAPABILITY}/create_customer": {"name", "email", "phone", "address"},
    f"{CAPABILITY}/update_customer": {"customerId", "name", "email", "phone", "address"},
    f"{CAPABILITY}/delete_customer": {"customerId"},
    f"{CAPABILITY}/authenticate_customer": {"email", "password"},
    "POST /api/groups": {"name", "description"},
    "PATCH /api/groups/{group_id}": {"name", "description"},
    "PUT /api/groups/{group_id}": {"name", "description"},
    "POST /api/auth/login": {"username", "password"},
    "POST /api/auth/refresh": {"refresh_token"},
    "POST /api/auth/customers/login": {"email", "password", "code"},
    "POST /api/auth/customers/refresh": {"refresh_token"},
    "POST /api/auth/customers/password-reset-requests": {"email"},
    "POST /api/auth/customers/password-reset": {"token", "new_password"},
    "PATCH /api/me": PERSON | {"current_password"},
    "PUT /api/me/password": {"current_password", "new_password"},
    "POST /api/me/totp": {"current_password"},
    "DELETE /api/me/totp": {"current_password"},
    "POST /api/me/totp/confirm": {"code"},
    "POST /api/operators": {"username", "password", "role"},
    "PATCH /api/operators/{operator_id}": {"role", "password", "disabled"},
    "POST /api/tokens": {"name", "role", "days"},
}
# Names of other people's programs, and of Python's, that must mean nothing here.
FOREIGN = {
    "is_admin",
    "admin",
    "is_superuser",
    "permissions",
    "group",
    "owner",
    "verified",
    "confirmed",
    "__class__",
    "__proto__",
    "constructor",
    "self",
    "actor",
    "expected",
    "_id",
    "$where",
    "ID",
    "Email",
    "email ",
    "first_name\0",
}
UNKNOWN = "Unknown or read-only field"


def body_of(document: Json, operation: Json) -> Iterator[tuple[str, Json, Json]]:
    """The query, an example and the schema of each kind of body."""
    for media in operation.get("requestBody", {}).get("content", {}).values():
        kinds = media["schema"].get("oneOf", [media["schema"]])
        named = [document["components"]["schemas"][k["$ref"].rpartition("/")[2]] for k in kinds]
        for place, (name, example) in enumerate(media["examples"].items()):
            query = f"?{name}" if "=" in name else ""
            yield query, deepcopy(example["value"]), named[min(place, len(named) - 1)]


def every_name(document: Json) -> set[str]:
    """Every field name of every table and of every schema, and those of others."""
    columns = {c.name for table in db.metadata.sorted_tables for c in table.columns}
    shown = {
        name
        for schema in document["components"]["schemas"].values()
        for name in schema.get("properties", {})
    }
    return columns | shown | FOREIGN


def named(method: str, path: str) -> str:
    return f"{method} {path.rstrip('/')}"


def test_a_client_may_set_what_the_contracts_say_and_nothing_else(reference: Json) -> None:
    documented: dict[str, set[str]] = {}
    for method, path, operation in operations(reference):
        for _, _, schema in body_of(reference, operation):
            documented.setdefault(named(method, path), set()).update(schema["properties"])
    assert documented == SETTABLE


@pytest.fixture
def own(admin: Api, john: Json) -> Api:
    """The API as a customer calls it; there is a customer 1 as well."""
    return customers.customer_session(admin, "cleo")


def pollute(document: Json, names: set[str]) -> tuple[Json, str]:
    """The body with these names in the innermost object that is about one thing, and its place."""
    inner, place = document, ""
    if "customers" in document:
        inner, place = document["customers"][1], "/customers/1"
    if "updates" in document:
        inner, place = document["updates"], "/updates"
    inner |= dict.fromkeys(names - inner.keys(), "admin")
    return document, place


def test_every_other_field_is_refused_by_name_and_nothing_is_changed(
    app: Flask, admin: Api, own: Api, reference: Json
) -> None:
    everything = every_name(reference)
    assert len(everything) > 120
    assert {"password_hash", "refresh_jti", "totp_secret", "email_key", "version"} <= everything
    before = dump(app)
    for method, path, operation in operations(reference):
        api = own if operation.get("x-role") == "customer" else admin
        for query, example, _ in body_of(reference, operation):
            settable = SETTABLE[named(method, path)]
            nested = {"customers", "updates"} & example.keys()
            forbidden = everything - (CUSTOMER if nested else settable)
            body, place = pollute(example, forbidden)
            answer = api(method, filled(path) + query, json=body)
            assert answer.status_code in (400, 422), f"{method} {path}"
            told = problems(answer)
            for name in forbidden:
                assert told.get(f"{place}/{name}") == UNKNOWN, f"{method} {path} took {name}"
    assert dump(app) == before


def test_every_unknown_parameter_is_refused_by_name_and_nothing_is_changed(
    app: Flask, admin: Api, own: Api, reference: Json
) -> None:
    before = dump(app)
    for method, path, operation in operations(reference):
        declared = {each["name"] for each in operation.get("parameters", ())}
        names = {"customer_id", "id", "role", "is_admin", "fields", "sort", "_method"} - declared
        query = "&".join(f"{name}=admin" for name in sorted(names))
        api = own if operation.get("x-role") == "customer" else admin
        answer = api(method, f"{filled(path)}?{query}")
        if method in UNSAFE or answer.status_code == 400:
            assert answer.status_code in (400, 415, 422), f"{method} {path}"
        if answer.status_code != 415:
            told = problems(answer)
            assert all(told[name] == "Unknown query parameter" for name in names)
    assert dump(app) == before


@pytest.mark.parametrize("tool", ["create_customer", "update_customer"])
def test_a_tool_takes_no_other_argument_either(app: Flask, admin: Api, tool: str) -> None:
    arguments = {"name": "Ann Lee", "email": "ann@example.com", "is_verified": True, "id": 7}
    message = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": tool, "arguments": arguments | {"customerId": "CUST_00000000"}},
    }
    headers = {"Authorization": f"Bearer {admin.token}"}
    before = dump(app)
    result = app.test_client().post("/mcp", json=message, headers=headers).get_json()["result"]
    assert result["isError"]
    for name in ("is_verified", "id"):
        assert f"/{name}: {UNKNOWN}" in result["content"][0]["text"]
    assert dump(app) == before


def test_no_method_is_taken_from_a_header_or_the_query(app: Flask, admin: Api, john: Json) -> None:
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "_method"):
        assert admin.get("/api/customers/1", headers={name: "DELETE"}).status_code == 200
        answer = admin.post("/api/customers/1", {}, headers={name: "DELETE"})
        assert answer.status_code == 405
    assert admin.get("/api/customers/1").get_json() == john


@pytest.mark.parametrize("form", ["{id}", "{customer_id}", "{uuid}"])
def test_a_customer_reaches_no_other_by_naming_one(own: Api, john: Json, form: str) -> None:
    other = form.format(**john)
    mine = own.get("/api/me").get_json()
    for path in (f"/api/me/{other}", f"/api/me/customers/{other}", f"/api/me/../customers/{other}"):
        assert own.get(path).status_code in (401, 404)
    for name in ("customer_id", "id", "user", "sub"):
        assert own.get(f"/api/me?{name}={other}").status_code == 400
        assert own.patch("/api/me", {name: other, "city": "Bern"}).status_code == 400
    named_so = {"X-User-Id": other, "X-Customer-Id": other, "X-Forwarded-User": other}
    assert own.get("/api/me", headers=named_so).get_json() == mine
    assert mine["customer_id"] != john["customer_id"]


def test_a_customer_ends_no_session_but_the_own_ones_whatever_its_number(
    admin: Api, own: Api
) -> None:
    customers.make_customer(admin, "bob")
    bobs = [customers.log_in(admin, "bob") for _ in range(3)]
    listed = {each["id"] for each in own.get("/api/me/sessions").get_json()}
    for number in {*range(1, 12)} - listed:
        assert own.delete(f"/api/me/sessions/{number}").status_code == 404
    assert not any(session.is_over() for session in bobs)
    assert own.get("/api/me").status_code == 200
