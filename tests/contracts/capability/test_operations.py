"""The capability's operations over HTTP."""

import re
from typing import Any

import pytest
from flask import Flask

from customers_api.core import clock
from customers_api.core.sign_in import service as sign_in
from tests.contracts.capability.calls import created, done, got
from tests.contracts.capability.printed import CODE, INPUT, OUTPUT, PREFIX, TITLES
from tests.support.api import Api, problems

WHOLE: dict[str, Any] = {
    "name": "José de la Cruz",
    "email": "jose@example.com",
    "phone": "+1-555-0123",
    "address": {"line1": "1 Main St", "city": "New York", "country": "USA", "floor": 3},
}
NOBODY = "CUST_00000000"


def without_words(schema: Any) -> Any:
    """A schema without what explains it or is stricter towards what is sent."""
    added = {"description", "additionalProperties", "writeOnly"}
    if not isinstance(schema, dict):
        return schema
    kept = {name: without_words(each) for name, each in schema.items() if name not in added}
    return {name: each for name, each in kept.items() if (name, each) != ("format", "password")}


def test_the_capability_lists_its_operations_with_the_printed_schemas(reader: Api) -> None:
    shown = reader.get(PREFIX).get_json()
    assert shown["code"] == CODE
    assert shown["title"]
    assert shown["description"]
    assert {each["code"]: each["title"] for each in shown["operations"]} == TITLES
    for each in shown["operations"]:
        assert without_words(each["inputSchema"]) == INPUT[each["code"]]
        assert without_words(each["outputSchema"]) == OUTPUT[each["code"]]
        assert each["description"]


def test_what_is_created_is_read(editor: Api) -> None:
    before = clock.now()
    customer_id = created(editor, **WHOLE)
    assert re.fullmatch("CUST_[0-9A-F]{8}", customer_id)
    shown = got(editor, customer_id)
    when = shown.pop("createdAt")
    assert shown == {"customerId": customer_id, **WHOLE}
    assert when.endswith("Z")
    assert f"{before:%Y-%m-%dT%H}" <= when


def test_what_a_customer_does_not_have_is_left_out(editor: Api) -> None:
    shown = got(editor, created(editor, "Cher", "cher@example.com"))
    assert shown.keys() == {"customerId", "name", "email", "createdAt"}
    assert shown["name"] == "Cher"


def test_an_id_is_found_in_either_case(editor: Api) -> None:
    customer_id = created(editor)
    assert got(editor, f" {customer_id.lower()} ")["customerId"] == customer_id


def test_an_update_changes_what_is_given_and_no_more(editor: Api) -> None:
    customer_id = created(editor, **WHOLE)
    before = got(editor, customer_id)
    answer = done(editor, "update_customer", customerId=customer_id, phone="555-0123")
    assert answer["success"] is True
    assert answer["updatedAt"].endswith("Z")
    assert got(editor, customer_id) == before | {"phone": "555-0123"}
    done(editor, "update_customer", customerId=customer_id, name="Ann Lee", email="ann@example.com")
    assert got(editor, customer_id) == before | {
        "phone": "555-0123", "name": "Ann Lee", "email": "ann@example.com",
    }  # fmt: skip


def test_a_deleted_customer_is_gone(admin: Api) -> None:
    customer_id = created(admin)
    assert done(admin, "delete_customer", customerId=customer_id) == {"success": True}
    for code in ("get_customer", "delete_customer"):
        answer = admin.post(f"{PREFIX}/{code}", {"customerId": customer_id})
        assert (answer.status_code, answer.get_json()["detail"]) == (404, "Customer not found")


@pytest.mark.parametrize("customer_id", [NOBODY, "", "7", "CUST_\0", "x" * 500])
def test_nobody_has_another_id(admin: Api, customer_id: str) -> None:
    created(admin)
    for code, more in {"get_customer": {}, "update_customer": {"name": "X"}}.items():
        answer = admin.post(f"{PREFIX}/{code}", {"customerId": customer_id, **more})
        assert (answer.status_code, answer.get_json()["detail"]) == (404, "Customer not found")


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_operation_that_there_is_not_is_404(reader: Api, slash: str) -> None:
    answer = reader.post(f"{PREFIX}/close_customer{slash}", {})
    assert answer.status_code == 404
    assert answer.get_json()["type"].endswith("#operation-not-found")


def test_a_taken_email_is_400_in_whichever_case(editor: Api) -> None:
    created(editor)
    other = created(editor, "Ann Lee", "ann@example.com")
    taken = {"email": "John.DOE@example.com"}
    bodies = {
        "create_customer": {"name": "J", **taken},
        "update_customer": {"customerId": other, **taken},
    }
    for code, body in bodies.items():
        answer = editor.post(f"{PREFIX}/{code}", body)
        assert answer.status_code == 400
        assert answer.get_json()["detail"] == "Customer with this email already exists"
        assert set(problems(answer)) == {"/email"}


def test_a_customer_may_be_given_the_email_it_has(editor: Api) -> None:
    customer_id = created(editor)
    done(editor, "update_customer", customerId=customer_id, email="John.Doe@example.com")
    assert got(editor, customer_id)["email"] == "John.Doe@example.com"


def test_all_that_is_wrong_is_told_at_once(editor: Api) -> None:
    created(editor)
    answer = editor.post(
        f"{PREFIX}/create_customer",
        {
            "name": " ",
            "email": "john.doe@example.com",
            "phone": "call me",
            "address": {"city": "x" * 101, "line1": "a\nb", "extra": "x" * 300},
            "zip": "10001",
        },
    )
    assert answer.status_code == 400
    wrong = {"/name", "/email", "/phone", "/address/city", "/address/line1", "/zip"}
    assert set(problems(answer)) == wrong


@pytest.mark.parametrize("field", ["name", "email", "phone", "address"])
def test_null_is_no_value_of_any_field(editor: Api, field: str) -> None:
    customer_id = created(editor, **WHOLE)
    before = got(editor, customer_id)
    answer = editor.post(f"{PREFIX}/update_customer", {"customerId": customer_id, field: None})
    assert answer.status_code == 400
    assert set(problems(answer)) == {f"/{field}"}
    assert got(editor, customer_id) == before


def test_an_update_of_nothing_is_refused(editor: Api) -> None:
    answer = editor.post(f"{PREFIX}/update_customer", {"customerId": created(editor)})
    assert answer.status_code == 400
    assert "at least one field" in answer.get_json()["detail"]


@pytest.mark.parametrize("code", INPUT)
def test_what_is_required_is_named(admin: Api, code: str) -> None:
    answer = admin.post(f"{PREFIX}/{code}", {})
    assert answer.status_code == 400
    assert set(problems(answer)) == {f"/{name}" for name in INPUT[code]["required"]}


@pytest.mark.parametrize("code", INPUT)
@pytest.mark.parametrize("body", [[], "text", 7])
def test_a_body_is_an_object(admin: Api, code: str, body: Any) -> None:
    assert admin.post(f"{PREFIX}/{code}", body).status_code == 400


def test_each_operation_needs_its_role(reader: Api, editor: Api, admin: Api) -> None:
    needed = {"create_customer": 1, "update_customer": 1, "delete_customer": 2}
    for rank, api in enumerate((reader, editor, admin)):
        for code in INPUT:
            status = api.post(f"{PREFIX}/{code}", {}).status_code
            assert status == (403 if rank < needed.get(code, 0) else 400), code


def test_a_customer_of_one_contract_is_a_customer_of_all(editor: Api) -> None:
    customer_id = created(editor, **WHOLE)
    registry = editor.get(f"/api/v1/customers/{customer_id}").get_json()
    main = editor.get(f"/api/customers/{registry['id']}").get_json()
    for shown in (registry, main):
        assert shown["full_name"] == WHOLE["name"]
        assert (shown["first_name"], shown["last_name"]) == ("José", "de la Cruz")
        assert (shown["email"], shown["phone"]) == (WHOLE["email"], WHOLE["phone"])
        assert shown["full_address"] == "1 Main St, New York, USA"
        assert shown["address_line1"] == "1 Main St"
        assert "address" not in shown


def test_a_wrong_password_and_an_unknown_email_are_the_same_401(editor: Api) -> None:
    created(editor)
    answers = []
    for email in ("john.doe@example.com", "nobody@example.com"):
        body = {"email": email, "password": "not the password"}
        answer = editor.post(f"{PREFIX}/authenticate_customer", body)
        assert answer.status_code == 401
        answers.append({**answer.get_json(), "request_id": ""})
    assert answers[0] == answers[1]


def test_the_right_password_gives_a_token(app: Flask, editor: Api, reader: Api) -> None:
    customer_id, password = created(editor), "correct horse battery staple"
    with app.app_context():
        sign_in.set_password(customer_id, password)
    body = {"email": "JOHN.doe@example.com", "password": password}
    answer = done(reader, "authenticate_customer", **body)
    assert answer["customerId"] == customer_id
    assert answer["token"]
    assert answer["expiresAt"].endswith("Z")
