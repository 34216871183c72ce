"""How an address is kept as it was given and yet follows the fields that others change."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers_api.core.customers import addresses, rules
from customers_api.core.errors import Problem

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
OBJECTS = st.dictionaries(TEXT | st.sampled_from([*addresses.KEYS]), VALUES, max_size=8)


def row(address: str | None, **columns: str | None) -> dict[str, Any]:
    """A customer's row with this address and these columns."""
    spread = addresses.spread({"address": address})
    return {**dict.fromkeys(addresses.COLUMNS), **spread, **columns}


@given(OBJECTS)
def test_what_nobody_changed_is_the_text_that_was_given(address: dict[str, Any]) -> None:
    text = json.dumps(address)
    assert addresses.merged(row(text)) == text


@given(OBJECTS)
def test_a_column_is_the_text_under_its_key_without_white_space(address: dict[str, Any]) -> None:
    columns = addresses.spread({"address": json.dumps(address)})
    for key, column in addresses.KEYS.items():
        value = address.get(key)
        assert columns[column] == (addresses.stripped(value) if isinstance(value, str) else None)


@pytest.mark.parametrize(
    ("address", "columns", "shown"),
    [
        (None, {}, None),
        (None, {"city": "Bonn"}, '{"city":"Bonn"}'),
        (None, {"city": ""}, '{"city":""}'),
        ("{}", {}, "{}"),
        ("{}", {"postal_code": "1"}, '{"postalCode":"1"}'),
        ('{"city":" Ulm "}', {"city": "Ulm"}, '{"city":" Ulm "}'),
        ('{"city":" Ulm ","n":1.50}', {"city": "Bonn"}, '{"city":"Bonn","n":1.50}'),
        ('{"n":1e400,"city":"Ulm"}', {"city": None}, '{"n":1e400}'),
        ('{"city":"Ulm"}', {"city": None}, "{}"),
        ('{"city":7}', {"city": None}, '{"city":7}'),
        ('{"city":7}', {"city": "Bonn"}, '{"city":"Bonn"}'),
        ('{"line1":"a"}', {"address_line2": "b"}, '{"line1":"a","line2":"b"}'),
    ],
)
def test_a_field_that_was_changed_since_wins(
    address: str | None, columns: dict[str, str | None], shown: str | None
) -> None:
    assert addresses.merged(row(address, **columns)) == shown


def test_a_new_address_empties_the_columns_that_it_does_not_name() -> None:
    columns = addresses.spread({"address": '{"city":"Ulm","line1":null}', "phone": "555-0123"})
    assert {name for name, value in columns.items() if value is None} == {
        "address_line1", "address_line2", "state", "postal_code", "country",
    }  # fmt: skip
    assert (columns["city"], columns["phone"]) == ("Ulm", "555-0123")


def test_fields_without_an_address_are_left_alone() -> None:
    assert addresses.spread({"city": "Ulm"}) == {"city": "Ulm"}


def test_each_text_obeys_the_rule_of_its_column() -> None:
    address = {"city": "x" * 101, "postalCode": "1" * 21, "line1": "a\nb", "extra": "x" * 500}
    found = {*rules.problems({"address": json.dumps(address)})}
    assert found == {
        Problem(("address", "city"), "Longer than 100 characters"),
        Problem(("address", "postalCode"), "Longer than 20 characters"),
        Problem(("address", "line1"), "Contains a control character"),
    }


def test_an_object_is_bounded_and_holds_no_nul() -> None:
    large, nul = ({"address": json.dumps({"a": value})} for value in ("x" * 66_000, "\0"))
    assert [each.path for each in rules.problems(large)] == [("address",)]
    assert [each.path for each in rules.problems(nul)] == [("address",)]
