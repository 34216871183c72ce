"""Every plain request of the registry's document, as printed there."""

import re
from typing import Any

import pytest

from tests.contracts.registry.printed import CREATE, CREATED, MODEL, PREFIX
from tests.support.api import Api

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"


@pytest.fixture
def printed(editor: Api) -> dict[str, Any]:
    """The customer that the document creates, as the registry shows it."""
    return dict(editor.post(f"{PREFIX}/", CREATE).get_json())


def test_create_answers_201_with_every_documented_field(editor: Api) -> None:
    answer = editor.post(f"{PREFIX}/", CREATE)
    assert answer.status_code == 201
    customer = answer.get_json()
    assert customer.keys() >= MODEL
    assert {name: customer[name] for name in CREATED} == CREATED
    assert re.fullmatch("CUST_[0-9A-F]{8}", customer["customer_id"])
    assert re.fullmatch("johndoe[0-9]*", customer["username"])
    assert re.fullmatch(TIME, customer["created_at"])
    assert customer["created_at"] == customer["updated_at"]


def test_the_location_leads_to_the_new_customer(editor: Api) -> None:
    answer = editor.post(f"{PREFIX}/", CREATE)
    location = answer.headers["Location"]
    assert location == f"{PREFIX}/{answer.get_json()['customer_id']}"
    assert editor.get(location).get_json() == answer.get_json()


@pytest.mark.parametrize(
    "body",
    [
        {
            "first_name": "John",
            "last_name": "Doe",
            "email": "john.doe@example.com",
            "phone": "+1-555-0123",
        },
        {"first_name": "John", "last_name": "Doe", "email": "john.doe@example.com"},
    ],
)
def test_the_usage_examples_create_customers(editor: Api, body: dict[str, str]) -> None:
    answer = editor.post(f"{PREFIX}/", body)
    assert answer.status_code == 201
    customer = answer.get_json()
    assert {name: customer[name] for name in body} == body
    assert customer["date_of_birth"] is None
    assert (customer["marketing_emails"], customer["marketing_sms"]) == (True, False)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("name", ["customer_id", "id"])
def test_get_takes_either_id(reader: Api, printed: dict[str, Any], name: str, slash: str) -> None:
    answer = reader.get(f"{PREFIX}/{printed[name]}{slash}")
    assert answer.status_code == 200
    assert answer.get_json() == printed


@pytest.mark.parametrize("name", ["username", "email"])
def test_get_by_username_and_by_email(reader: Api, printed: dict[str, Any], name: str) -> None:
    answer = reader.get(f"{PREFIX}/{name}/{printed[name]}")
    assert answer.status_code == 200
    assert answer.get_json() == printed


def test_answers_are_json_and_not_to_be_sniffed(reader: Api, printed: dict[str, Any]) -> None:
    answer = reader.get(f"{PREFIX}/{printed['customer_id']}")
    assert answer.mimetype == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_nothing_is_escaped_for_html(editor: Api) -> None:
    name = '<b>O\'Brien & "Söhne"</b>'
    customer = editor.post(f"{PREFIX}/", CREATE | {"company_name": name}).get_json()
    assert customer["company_name"] == name


@pytest.mark.parametrize("name", ["customer_id", "id"])
def test_put_takes_the_body_of_create(editor: Api, printed: dict[str, Any], name: str) -> None:
    answer = editor.put(f"{PREFIX}/{printed[name]}", CREATE | {"first_name": "Jon"})
    assert answer.status_code == 200
    changed = {"first_name", "full_name", "updated_at", "version"}
    after = answer.get_json()
    assert (after["full_name"], after["version"]) == ("Jon Doe", 2)
    assert {n: v for n, v in after.items() if n not in changed} == {
        n: v for n, v in printed.items() if n not in changed
    }


def test_every_field_of_put_is_optional(editor: Api, printed: dict[str, Any]) -> None:
    for field in CREATE:
        body = {name: value for name, value in CREATE.items() if name != field}
        after = editor.put(f"{PREFIX}/{printed['customer_id']}", body).get_json()
        assert {name: after[name] for name in CREATE} == CREATE


def test_put_of_one_field_leaves_the_others(editor: Api, printed: dict[str, Any]) -> None:
    path = f"{PREFIX}/{printed['customer_id']}"
    after = editor.put(path, {"city": "Boston"}).get_json()
    assert after["city"] == "Boston"
    assert {n for n in after if after[n] != printed[n]} == {
        "city", "full_address", "updated_at", "version",
    }  # fmt: skip
    assert editor.get(path).get_json() == after


def test_put_of_nothing_changes_nothing(editor: Api, printed: dict[str, Any]) -> None:
    answer = editor.put(f"{PREFIX}/{printed['customer_id']}", {})
    assert answer.status_code == 200
    assert answer.get_json() == printed


def test_soft_delete_makes_inactive(editor: Api, printed: dict[str, Any]) -> None:
    path = f"{PREFIX}/{printed['customer_id']}"
    for _ in range(2):
        answer = editor.delete(path)
        assert answer.status_code == 200
        assert answer.get_json() == {"detail": "Customer deactivated"}
    after = editor.get(path).get_json()
    assert (after["is_active"], after["customer_status"]) == (False, "inactive")


def test_hard_delete_removes(admin: Api, printed: dict[str, Any]) -> None:
    answer = admin.delete(f"{PREFIX}/{printed['customer_id']}/hard")
    assert answer.status_code == 200
    assert answer.get_json() == {"detail": "Customer deleted"}
    for path in (printed["customer_id"], "username/johndoe", "email/john.doe@example.com"):
        assert admin.get(f"{PREFIX}/{path}").status_code == 404
    assert admin.get(f"{PREFIX}/").get_json() == []


@pytest.mark.parametrize("given", ["1990-01-15", "1990-01-15T00:00:00"])
def test_birth_has_a_time_in_the_registry_and_none_in_the_main_contract(
    editor: Api, given: str
) -> None:
    made = editor.post(f"{PREFIX}/", CREATE | {"date_of_birth": given}).get_json()
    assert made["date_of_birth"] == "1990-01-15T00:00:00"
    main = editor.get(f"/api/customers/{made['id']}").get_json()
    assert main["date_of_birth"] == "1990-01-15"
    assert main == made | {"date_of_birth": "1990-01-15"}
