"""How a customer is told from every other."""

import re
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers_api.core.customers import identity

A = UUID("a1b2c3d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d")


def test_a_customer_id_is_the_first_eight_hex_digits_of_the_uuid_in_capitals() -> None:
    assert identity.customer_id(A) == "CUST_A1B2C3D4"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("John@Example.COM", "john@example.com"),
        ("STANISŁAW.WÓJCIK@wp.pl", "stanisław.wójcik@wp.pl"),
        ("ΑΘΗΝΑ@example.gr", "αθηνα@example.gr"),
        ("ИВАН@example.ru", "иван@example.ru"),
        ("jos\u00e9@example.com", "jose\u0301@example.com"),
    ],
)
def test_two_spellings_of_one_email_have_one_key(one: str, other: str) -> None:
    assert identity.email_key(one) == identity.email_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("jose@example.com", "josé@example.com"),
        ("john@example.com", "john@example.org"),
        ("john.doe@example.com", "johndoe@example.com"),
    ],
)
def test_two_emails_have_two_keys(one: str, other: str) -> None:
    assert identity.email_key(one) != identity.email_key(other)


@pytest.mark.parametrize(
    ("first", "last", "username"),
    [
        ("John", "Doe", "johndoe"),
        ("José", "", "jose"),
        ("李雷", "", "lilei"),
        ("Mary-Jane", "O'Neil 3rd", "maryjaneoneil3rd"),
        ("Bjørn", "Hansen", "bjornhansen"),
        ("František", "Wichterlová", "frantisekwichterlova"),
        ("Jose\u0301", "Mun\u0303oz", "josemunoz"),
        ("Constantine", "Papadopoulos-Smith", "constantinepapadopou"),
        ("---", "...", "customer"),
        ("", "", "customer"),
    ],
)
def test_a_username_is_made_of_both_names(first: str, last: str, username: str) -> None:
    assert identity.base_username(first, last) == username


@given(st.text(max_size=100), st.text(max_size=100))
def test_a_username_has_one_to_twenty_ascii_letters_and_digits(first: str, last: str) -> None:
    assert re.fullmatch(r"[a-z0-9]{1,20}", identity.base_username(first, last))


def test_the_plain_username_is_tried_first_and_then_numeric_suffixes() -> None:
    plain, four, ten, _last = identity.usernames("johndoe", A)
    assert plain == "johndoe"
    assert re.fullmatch(r"johndoe[0-9]{4}", four)
    assert re.fullmatch(r"johndoe[0-9]{10}", ten)


def test_the_last_username_to_try_has_a_suffix_of_the_uuid() -> None:
    assert identity.usernames("johndoe", A)[-1] == "johndoe0e1f2a3b4c5d"


def test_two_customers_of_one_name_are_offered_different_last_usernames() -> None:
    assert identity.usernames("x", uuid4())[-1] != identity.usernames("x", uuid4())[-1]
