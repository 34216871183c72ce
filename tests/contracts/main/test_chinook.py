"""The 59 customers of the Chinook sample, as people wrote them, are all valid."""

import csv
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.main.calls import created_list, new_group
from tests.support.api import Api

SAMPLE = Path(__file__).parents[2] / "data" / "chinook_customers.csv"


def rows() -> list[dict[str, str]]:
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return [*csv.DictReader(file)]


@pytest.fixture
def chinook(editor: Api) -> list[dict[str, Any]]:
    """The sample's customers as the API shows them, in the groups of the sample."""
    groups = {name: new_group(editor, name) for name in sorted({row["group"] for row in rows()})}
    bodies = [
        {name: value or None for name, value in row.items() if name not in ("id", "group")}
        | {"group_id": groups[row["group"]]}
        for row in rows()
    ]
    return created_list(editor, *bodies)


def test_all_of_them_are_created(chinook: list[dict[str, Any]]) -> None:
    assert len(chinook) == 59


def test_names_and_addresses_come_back_as_they_were_written(chinook: list[dict[str, Any]]) -> None:
    for row, customer in zip(rows(), chinook, strict=True):
        for name in ("first_name", "last_name", "address_line1", "email", "lifetime_value"):
            assert customer[name] == row[name]
        for name in ("phone", "company_name", "state", "country", "postal_code"):
            assert customer[name] == (row[name] or None)
        assert customer["city"] == row["city"].strip()


def test_days_of_acquisition_are_moments_in_utc(chinook: list[dict[str, Any]]) -> None:
    shown = [customer["customer_acquisition_date"] for customer in chinook]
    assert shown == [row["customer_acquisition_date"].replace(" ", "T") + "Z" for row in rows()]


def test_their_usernames_are_ascii_and_differ(chinook: list[dict[str, Any]]) -> None:
    usernames = [customer["username"] for customer in chinook]
    assert usernames[4] == "frantisekwichterlova"
    assert usernames[45] == "hughoreilly"
    assert usernames[48] == "stanislawwojcik"
    assert all(name.isascii() and name.isalnum() for name in usernames)
    assert len(set(usernames)) == 59


def test_each_group_lists_its_own(chinook: list[dict[str, Any]], reader: Api) -> None:
    for group_id in {customer["group_id"] for customer in chinook}:
        listed = reader.get(f"/api/customers/group/{group_id}/").get_json()
        assert listed == [customer for customer in chinook if customer["group_id"] == group_id]


def test_a_group_is_sorted_by_lifetime_value_as_amounts(
    chinook: list[dict[str, Any]], reader: Api
) -> None:
    group_id = chinook[0]["group_id"]
    listed = reader.get(f"/api/customers/group/{group_id}/?sort=lifetime_value&order=desc")
    amounts = [float(customer["lifetime_value"]) for customer in listed.get_json()]
    assert amounts == sorted(amounts, reverse=True)
