"""address: any JSON object, which comes back equal, and the customer's address fields besides."""

import json
from typing import Any

import pytest
from hypothesis import given

from tests.contracts.capability.calls import created, done, got, sent
from tests.contracts.capability.printed import PREFIX
from tests.contracts.main.calls import property_of_the_api
from tests.contracts.main.test_metadata import DOCUMENTS, NUMBERS, exact, written
from tests.support.api import Api, problems

FULL = {
    "line1": "1 Main St",
    "line2": "Apt 2",
    "city": "New York",
    "state": "NY",
    "postalCode": "10001",
    "country": "USA",
}
COLUMNS = {
    "line1": "address_line1",
    "line2": "address_line2",
    "city": "city",
    "state": "state",
    "postalCode": "postal_code",
    "country": "country",
}


def main(api: Api, customer_id: str) -> dict[str, Any]:
    """The customer as the registry contract shows him."""
    return dict(api.get(f"/api/v1/customers/{customer_id}").get_json())


@pytest.mark.parametrize(
    "address",
    [
        {},
        FULL,
        {"z": 1, "city": "  Ulm ", "a": None, "": [[{}]]},
        {"line1": 7, "city": None, "state": ["NY"], "country": {"code": "US"}},
        {"Line1": "x", "street": "Main\n\tSt", "é/~": "雷"},
        {"city": "", "state": "   "},
        {"address": {"city": "deep"}, "_schema": 1, "customerId": "x"},
    ],
)
def test_any_object_comes_back_equal(editor: Api, address: dict[str, Any]) -> None:
    customer_id = created(editor, address=address)
    shown = got(editor, customer_id)["address"]
    assert json.dumps(shown) == json.dumps(address)
    for key, column in COLUMNS.items():
        value = address.get(key)
        kept = value.strip() if isinstance(value, str) else None
        assert main(editor, customer_id)[column] == kept


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_keep_every_digit(editor: Api, number: str) -> None:
    customer_id = created(editor)
    body = f'{{"customerId": "{customer_id}", "address": {{"n": {number}, "city": "Ulm"}}}}'
    sent(editor, "update_customer", body)
    editor.put(f"/api/v1/customers/{customer_id}", {"city": "Bonn"})
    shown = sent(editor, "get_customer", json.dumps({"customerId": customer_id}))["address"]
    assert shown["city"] == "Bonn"
    assert str(shown["n"]) == str(exact(number))


@pytest.mark.parametrize("key", COLUMNS)
def test_a_field_that_another_contract_changed_wins(editor: Api, key: str) -> None:
    customer_id = created(editor, address={**FULL, "n": 1})
    path = f"/api/v1/customers/{customer_id}"
    editor.put(path, {COLUMNS[key]: "changed"})
    assert got(editor, customer_id)["address"] == {**FULL, "n": 1, key: "changed"}
    editor.put(path, {COLUMNS[key]: None})
    left = {name: value for name, value in FULL.items() if name != key}
    assert got(editor, customer_id)["address"] == {**left, "n": 1}


def test_fields_given_to_another_contract_are_an_address(editor: Api) -> None:
    body = {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com"}
    more = {"city": "Ulm", "postal_code": "89073"}
    customer_id = editor.post("/api/customers/", body | more).get_json()["customer_id"]
    assert got(editor, customer_id)["address"] == {"city": "Ulm", "postalCode": "89073"}
    editor.put(f"/api/v1/customers/{customer_id}", dict.fromkeys(more))
    assert "address" not in got(editor, customer_id)


def test_a_bulk_update_is_seen_in_the_address(editor: Api) -> None:
    customer_id = created(editor, address={"city": " Ulm ", "n": 1})
    body = {"customer_ids": [customer_id], "updates": {"country": "Germany"}}
    assert editor.post("/api/customers/bulk-update", body).status_code == 200
    shown = got(editor, customer_id)["address"]
    assert shown == {"city": " Ulm ", "n": 1, "country": "Germany"}


def test_an_update_replaces_the_whole_address(editor: Api) -> None:
    customer_id = created(editor, address=FULL)
    done(editor, "update_customer", customerId=customer_id, address={"city": "Ulm", "n": [1]})
    assert got(editor, customer_id)["address"] == {"city": "Ulm", "n": [1]}
    assert main(editor, customer_id)["full_address"] == "Ulm"
    done(editor, "update_customer", customerId=customer_id, address={})
    assert got(editor, customer_id)["address"] == {}
    assert main(editor, customer_id)["full_address"] == ""


def test_an_update_without_an_address_leaves_it(editor: Api) -> None:
    customer_id = created(editor, address={**FULL, "city": " New York"})
    done(editor, "update_customer", customerId=customer_id, phone="555-0123")
    assert got(editor, customer_id)["address"] == {**FULL, "city": " New York"}


@pytest.mark.parametrize("address", ["1 Main St", [], 7, True, [{}]])
def test_what_is_no_object_is_refused(editor: Api, address: Any) -> None:
    body = {"name": "A", "email": "a@example.com", "address": address}
    answer = editor.post(f"{PREFIX}/create_customer", body)
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/address"}


@pytest.mark.parametrize(
    ("address", "pointer"),
    [
        ({"line1": "x" * 256}, "/address/line1"),
        ({"line2": "x" * 256}, "/address/line2"),
        ({"city": "x" * 101}, "/address/city"),
        ({"state": "a\x1bb"}, "/address/state"),
        ({"postalCode": "1" * 21}, "/address/postalCode"),
        ({"country": "x" * 101}, "/address/country"),
        ({"line1": "x\0"}, "/address"),
        ({"any": ["\0"]}, "/address"),
        ({"any": "x" * 66_000}, "/address"),
    ],
)
def test_a_value_no_column_holds_is_refused_at_its_place(
    editor: Api, address: Any, pointer: str
) -> None:
    customer_id = created(editor, address=FULL)
    body = {"customerId": customer_id, "address": address}
    answer = editor.post(f"{PREFIX}/update_customer", body)
    assert answer.status_code == 400
    assert set(problems(answer)) == {pointer}
    assert got(editor, customer_id)["address"] == FULL


def test_white_space_does_not_count(editor: Api) -> None:
    address = {"city": " " * 50 + "x" * 100 + " " * 50}
    assert got(editor, created(editor, address=address))["address"] == address


@pytest.mark.parametrize("depth", [50, 300, 900, 5000])
def test_a_deep_object_comes_back_or_is_refused(editor: Api, depth: int) -> None:
    customer_id = created(editor)
    deep = '{"a":' * depth + "1" + "}" * depth
    text = f'{{"customerId": "{customer_id}", "address": {{"city": "Ulm", "x": {deep}}}}}'
    path = f"{PREFIX}/update_customer"
    answer = editor("POST", path, data=text, content_type="application/json")
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        editor.put(f"/api/v1/customers/{customer_id}", {"city": "Bonn"})
        shown = editor.post(f"{PREFIX}/get_customer", {"customerId": customer_id})
        assert f'"city":"Bonn","x":{deep}' in shown.get_data(as_text=True)


@property_of_the_api
@given(DOCUMENTS)
def test_every_object_makes_the_round_trip(editor: Api, address: dict[str, Any]) -> None:
    found = editor.get("/api/customers/1")
    customer_id = found.get_json()["customer_id"] if found.status_code == 200 else created(editor)
    text = written(address)
    sent(editor, "update_customer", f'{{"customerId": "{customer_id}", "address": {text}}}')
    shown = sent(editor, "get_customer", json.dumps({"customerId": customer_id}))
    assert shown["address"] == exact(text)
