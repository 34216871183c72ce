"""PATCH /api/customers/<id>."""

from typing import Any

import pytest
import time_machine

from tests.contracts.main.calls import created, new_group, person
from tests.support.api import Api, problems

FILLED = {
    "phone": "+1-555-0123",
    "address_line1": "123 Main Street",
    "address_line2": "Apt 4",
    "city": "New York",
    "state": "NY",
    "postal_code": "10001",
    "country": "USA",
    "date_of_birth": "1990-01-15",
    "gender": "male",
    "company_name": "Tech Corp",
    "tax_id": "12-3456789",
    "customer_acquisition_date": "2021-01-01T00:00:00Z",
    "notes": "Premium customer",
    "tags": "premium,tech",
}
OTHERS = {
    "first_name": "Jon",
    "last_name": "Dough",
    "email": "jon@example.org",
    "phone": "555-0199",
    "address_line1": "1 Side Street",
    "address_line2": "Floor 2",
    "city": "Boston",
    "state": "MA",
    "postal_code": "02101",
    "country": "Canada",
    "date_of_birth": "2000-02-29",
    "gender": "non-binary",
    "company_name": "Dough Ltd",
    "tax_id": "98-7654321",
    "customer_status": "canceled",
    "marketing_emails": False,
    "marketing_sms": True,
    "is_loyalty_member": True,
    "lifetime_value": "1500.00",
    "customer_acquisition_date": "2022-05-06T07:08:09Z",
    "preferred_communication_channels": ["text"],
    "notes": "Moved",
    "tags": "moved,late",
    "metadata": {"a": [1, 2]},
}
FOLLOWING = {"version", "updated_at", "full_name", "full_address", "is_active"}


def path(customer: dict[str, Any]) -> str:
    return f"/api/customers/{customer['id']}"


@pytest.mark.parametrize("field", OTHERS)
def test_one_field_changes_and_absent_fields_stay(editor: Api, field: str) -> None:
    before = created(editor, **person(**FILLED))
    answer = editor.patch(path(before), {field: OTHERS[field]})
    assert answer.status_code == 200
    after = answer.get_json()
    assert after[field] == OTHERS[field] != before[field]
    for name in before.keys() - FOLLOWING - {field}:
        assert after[name] == before[name], name


def test_all_fields_change_together(editor: Api, john: dict[str, Any]) -> None:
    after = editor.patch(path(john), OTHERS).get_json()
    assert {name: after[name] for name in OTHERS} == OTHERS
    assert after["full_name"] == "Jon Dough"
    assert after["is_active"] is False


def test_what_patch_answers_is_what_get_shows(editor: Api, john: dict[str, Any]) -> None:
    after = editor.patch(path(john), {"city": "Berlin", "tags": "a,b"}).get_json()
    assert editor.get(path(john)).get_json() == after


def test_null_clears_every_field_that_may_be_empty(editor: Api) -> None:
    before = created(editor, **person(group_id=new_group(editor, "Retail"), **FILLED))
    nulls = dict.fromkeys([*FILLED, "group_id"])
    after = editor.patch(path(before), nulls).get_json()
    assert {name: after[name] for name in nulls} == nulls


@pytest.mark.parametrize("field", ["first_name", "last_name", "email"])
@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_required_field_is_not_cleared(
    editor: Api, john: dict[str, Any], field: str, value: str | None
) -> None:
    answer = editor.patch(path(john), {field: value})
    assert answer.status_code == 400
    assert set(problems(answer)) == {f"/{field}"}
    assert editor.get(path(john)).get_json() == john


def test_no_fields_at_all_are_refused(editor: Api, john: dict[str, Any]) -> None:
    answer = editor.patch(path(john), {})
    assert answer.status_code == 400
    assert set(problems(answer)) == {""}
    assert editor.get(path(john)).get_json() == john


def test_the_version_counts_the_changes(editor: Api, john: dict[str, Any]) -> None:
    assert john["version"] == 1
    versions = [editor.patch(path(john), {"city": c}).get_json()["version"] for c in "abc"]
    assert versions == [2, 3, 4]


def test_updated_at_moves_and_created_at_stays(editor: Api, john: dict[str, Any]) -> None:
    with time_machine.travel("2040-01-02T03:04:05Z", tick=False):
        after = editor.patch(path(john), {"city": "Berlin"}).get_json()
    assert after["updated_at"] == "2040-01-02T03:04:05Z"
    assert after["created_at"] == john["created_at"]


def test_a_change_of_nothing_but_tags_counts_as_well(editor: Api, john: dict[str, Any]) -> None:
    with time_machine.travel("2040-01-02T03:04:05Z", tick=False):
        after = editor.patch(path(john), {"tags": "new"}).get_json()
    assert (after["tags"], after["version"]) == ("new", 2)
    assert after["updated_at"] == "2040-01-02T03:04:05Z"


def test_a_refused_change_changes_nothing(editor: Api, john: dict[str, Any]) -> None:
    for bad in ({"phone": "1"}, {"email": "x"}, {"id": 9}, {"group_id": 99}, {"city": 1}):
        answer = editor.patch(path(john), {"first_name": "Changed", "tags": "changed", **bad})
        assert answer.status_code == 400
        assert editor.get(path(john)).get_json() == john


@pytest.mark.parametrize("group_id", [0, -1, 99, 2**63 - 1, 2**63, -(2**63), 10**30])
def test_a_group_that_is_not_there_is_refused(
    editor: Api, john: dict[str, Any], group_id: int
) -> None:
    answer = editor.patch(path(john), {"group_id": group_id})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/group_id"}
    assert editor.get(path(john)).get_json() == john


def test_names_change_and_the_username_stays(editor: Api, john: dict[str, Any]) -> None:
    after = editor.patch(path(john), {"first_name": "Zoe", "last_name": "Ray"}).get_json()
    assert after["full_name"] == "Zoe Ray"
    assert after["username"] == john["username"]


def test_other_customers_stay_as_they_are(editor: Api, john: dict[str, Any]) -> None:
    other = created(editor, **person(**FILLED))
    editor.patch(path(john), OTHERS)
    assert editor.get(path(other)).get_json() == other


def test_changing_a_customer_that_is_not_there_is_404(editor: Api) -> None:
    answer = editor.patch("/api/customers/7", {"city": "Berlin"})
    assert answer.status_code == 404
    assert answer.get_json()["detail"] == "Customer not found"
