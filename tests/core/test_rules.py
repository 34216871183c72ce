"""What must hold for a customer: phones, dates, amounts, tags, metadata."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from customers_api.core.customers import rules
from customers_api.core.errors import Problem


@pytest.mark.parametrize(
    "value",
    [
        "+1-555-0123",
        "555-0123",
        "1234567890",
        "9876543210",
        "+55 (12) 3923-5555",
        "+46 08-651 52 52",
        "(0)11 4311 4333",
        "01.47.42.71.71",
        "0711/2842222",
        "1234567",
        "123456789012345",
        "+123456789012345",
    ],
)
def test_what_people_write_is_a_phone(value: str) -> None:
    assert rules.phone(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "123456",
        "1234567890123456",
        "555-0123 ext 4",
        "1-800-FLOWERS",
        "++15550123",
        "555+0123",
        "5550123+",
        "+",
        "-------",
        "\u0665\u0665\u0665\u0660\u0661\u0662\u0663",
        "555\n0123",
        "5550123\0",
    ],
)
def test_anything_else_is_no_phone(value: str) -> None:
    assert rules.phone(value)


def test_a_phone_fits_its_column() -> None:
    assert rules.phone("555-0123".ljust(20)) is None
    assert rules.phone("555-0123".ljust(21)) == "Longer than 20 characters"


@given(
    st.lists(st.sampled_from("0123456789"), max_size=18),
    st.sampled_from(["", "+"]),
    st.sampled_from(["", " ", "-", "."]),
)
def test_seven_to_fifteen_digits_are_a_phone(digits: list[str], plus: str, between: str) -> None:
    half = len(digits) // 2
    value = plus + "".join(digits[:half]) + between + "".join(digits[half:])
    assert (rules.phone(value) is None) == (7 <= len(digits) <= 15)


@time_machine.travel("2030-06-15T12:00:00Z", tick=False)
@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (date(1899, 12, 31), "Before 1900"),
        (date(1900, 1, 1), None),
        (date(1990, 1, 15), None),
        (date(2030, 6, 15), None),
        (date(2030, 6, 16), "In the future"),
    ],
)
def test_birth_is_from_1900_to_today(value: date, complaint: str | None) -> None:
    assert rules.date_of_birth(value) == complaint


@pytest.mark.parametrize("value", ["999999999999.99", "-999999999999.99", "0.00", "-0.01"])
def test_an_amount_has_up_to_twelve_digits_before_the_point(value: str) -> None:
    assert rules.lifetime_value(Decimal(value)) is None


@pytest.mark.parametrize("value", ["1000000000000.00", "-1000000000000.00"])
def test_an_amount_of_thirteen_digits_is_refused(value: str) -> None:
    assert rules.lifetime_value(Decimal(value))


def test_tags_fit_the_registrys_column_when_joined() -> None:
    assert rules.tags(["a" * 249, "b" * 250]) is None
    assert rules.tags(["a" * 250, "b" * 250]) == "Longer than 500 characters"


def test_tags_are_one_line() -> None:
    assert rules.tags(["premium", "te\nch"]) == "Contains a control character"


def test_metadata_has_no_nul_in_keys_or_values() -> None:
    assert rules.metadata(r'{"a":"\u0000"}') == "Contains a NUL character"
    assert rules.metadata(r'{"\u0000":1}') == "Contains a NUL character"
    assert rules.metadata(r'{"a":"\\\u0000"}') == "Contains a NUL character"


def test_metadata_may_spell_the_escape_of_nul_out() -> None:
    assert rules.metadata(r'{"a":"\\u0000"}') is None
    assert rules.metadata(r'{"a":"\\\\u0000"}') is None


def test_a_moment_is_no_earlier_than_1900() -> None:
    assert rules.moment(datetime(1900, 1, 1, tzinfo=UTC)) is None
    assert rules.moment(datetime(1899, 12, 31, 23, 59, 59, tzinfo=UTC)) == "Before 1900"


@pytest.mark.parametrize(
    ("column", "most"),
    [
        ("first_name", 100),
        ("last_name", 100),
        ("address_line1", 255),
        ("address_line2", 255),
        ("city", 100),
        ("state", 100),
        ("postal_code", 20),
        ("country", 100),
        ("gender", 20),
        ("company_name", 255),
        ("tax_id", 50),
    ],
)
def test_lengths_are_those_of_the_registrys_columns(column: str, most: int) -> None:
    assert [*rules.problems({column: "x" * most})] == []
    assert [*rules.problems({column: "x" * (most + 1)})] == [
        Problem((column,), f"Longer than {most} characters")
    ]


def test_all_that_is_wrong_is_told_at_once() -> None:
    fields = {"first_name": "", "city": "a\0", "phone": "1", "email": "x", "country": "USA"}
    wrong = {problem.path[0] for problem in rules.problems(fields)}
    assert wrong == {"first_name", "city", "phone", "email"}


def test_a_field_without_a_value_breaks_no_rule() -> None:
    assert [*rules.problems({"phone": None, "date_of_birth": None, "city": None})] == []


WRONG = {
    "first_name": "",
    "email": "nobody",
    "phone": "12",
    "date_of_birth": date(1899, 12, 31),
    "tags": ("x" * 501,),
    "lifetime_value": Decimal(10**12),
    "metadata": '"\\u0000"',
    "address": '{"city": "a\\u0001b"}',
    "customer_acquisition_date": datetime(1899, 12, 31, tzinfo=UTC),
    "city": "a\nb",
}


@pytest.mark.parametrize("name", WRONG)
def test_the_rules_do_not_hold_for_a_list_in_which_one_breaks_one(name: str) -> None:
    fine: list[dict[str, Any]] = [{"first_name": "Ann", "city": "Bonn"}] * 3 + [{name: None}]
    wrong = {"first_name": "Ann", name: WRONG[name]}
    assert rules.hold(fine)
    assert not rules.hold([*fine, wrong])
    assert [*rules.problems(wrong)]
