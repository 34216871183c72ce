"""The fields of the loyalty contract: names and value forms exactly as its table has them."""

import json
from typing import Any

import pytest

from tests.contracts.main.calls import created, person, send_text
from tests.support.api import Api, problems

LEAST = {"first_name": "Ann", "last_name": "Lee", "email_address": "ann@example.com"}


def made(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post("/loyalty/customers", LEAST | fields)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return dict(answer.get_json())


@pytest.mark.parametrize("missing", [*LEAST])
def test_create_needs_the_names_and_the_email_address(editor: Api, missing: str) -> None:
    body = {name: value for name, value in LEAST.items() if name != missing}
    answer = editor.post("/loyalty/customers", body)
    assert (answer.status_code, [*problems(answer)]) == (400, [f"/{missing}"])


def test_problems_are_told_at_once_in_the_contracts_own_names(editor: Api) -> None:
    body = {
        "first_name": "",
        "email_address": "nobody",
        "phone_number": "12",
        "address": "a\nb",
        "is_loyalty_member": True,
        "lifetime_value": "15",
        "customer_id": "a1b2c3d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
        "email": "ann@example.com",
    }
    answer = editor.post("/loyalty/customers", body)
    assert answer.status_code == 400
    assert {*problems(answer)} == {f"/{name}" for name in body} | {"/last_name"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("is_loyalty_member", "Y"),
        ("is_loyalty_member", "yes"),
        ("is_loyalty_member", None),
        ("is_loyalty_member", 1),
        ("customer_status", "cancelled"),
        ("preferred_communication_channels", ["fax"]),
        ("preferred_communication_channels", "email"),
        ("lifetime_value", "1500.00"),
        ("lifetime_value", True),
        ("lifetime_value", None),
        ("date_of_birth", "15/01/1990"),
        ("customer_acquisition_date", "yesterday"),
    ],
)
def test_a_value_of_another_form_is_refused(editor: Api, field: str, value: Any) -> None:
    answer = editor.post("/loyalty/customers", LEAST | {field: value})
    assert answer.status_code == 400
    assert all(pointer.startswith(f"/{field}") for pointer in problems(answer))


@pytest.mark.parametrize(("letter", "truth"), [("y", True), ("n", False)])
def test_membership_is_a_letter_here_and_a_boolean_in_the_main_contract(
    editor: Api, letter: str, truth: bool
) -> None:
    ann = made(editor, is_loyalty_member=letter)
    assert ann["is_loyalty_member"] == letter
    uuid = ann["customer_id"]
    [shown] = editor.get("/api/customers/").get_json()
    assert (shown["uuid"], shown["is_loyalty_member"]) == (uuid, truth)


def test_the_address_is_the_first_line_of_the_main_contracts(editor: Api) -> None:
    ann = created(editor, **person(address_line1="1 Main St", address_line2="Apt. 2"))
    path = f"/loyalty/customers/{ann['uuid']}"
    assert editor.get(path).get_json()["address"] == "1 Main St"
    editor.put(path, {"address": "2 Main St"})
    shown = editor.get(f"/api/customers/{ann['id']}").get_json()
    assert (shown["address_line1"], shown["address_line2"]) == ("2 Main St", "Apt. 2")


@pytest.mark.parametrize(
    "digits", ["0", "0.1", "0.10", "19.99", "999999999999.99", "-0.01", "1e3", "37.62", "0.07"]
)
def test_money_is_exact_between_the_requests_text_and_the_answers(editor: Api, digits: str) -> None:
    body = json.dumps(LEAST)[:-1] + f', "lifetime_value": {digits}}}'
    answer = send_text(editor, "POST", "/loyalty/customers", body)
    assert answer.status_code == 201
    whole, _, cents = digits.partition(".")
    expected = "1000.00" if digits == "1e3" else f"{whole}.{cents:0<2}"
    assert f'"lifetime_value":{expected}' in answer.get_data(as_text=True)
    [shown] = editor.get("/api/customers/").get_json()
    assert shown["lifetime_value"] == expected


def test_a_third_decimal_place_is_refused(editor: Api) -> None:
    answer = editor.post("/loyalty/customers", LEAST | {"lifetime_value": 0.125})
    assert problems(answer) == {"/lifetime_value": "More than two decimal places"}


def test_put_changes_what_is_given_and_nothing_else(editor: Api) -> None:
    ann = made(editor, city="Paris", phone_number="555-0123", date_of_birth="1990-01-15")
    path = f"/loyalty/customers/{ann['customer_id']}"
    changed = editor.put(path, {"city": None, "email_address": "new@example.com"}).get_json()
    assert changed == ann | {"city": None, "email_address": "new@example.com"}
    assert editor.put(path, {}).get_json() == changed


def test_an_id_in_capitals_names_the_same_customer(editor: Api) -> None:
    ann = made(editor)
    path = f"/loyalty/customers/{ann['customer_id'].upper()}"
    assert editor.get(path).get_json() == ann


def test_a_taken_email_address_is_refused_as_in_every_contract(editor: Api) -> None:
    made(editor)
    answer = editor.post("/loyalty/customers", LEAST | {"email_address": "ANN@example.com"})
    assert answer.status_code == 400
    assert answer.get_json()["detail"] == "Customer with this email already exists"
    assert [*problems(answer)] == ["/email_address"]
