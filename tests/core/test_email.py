"""Which texts are email addresses."""

import email_validator
import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers_api.core.customers import rules

LABEL = st.text("abcXYZ019", min_size=1, max_size=5) | st.integers(60, 66).map("b".__mul__)


@pytest.mark.parametrize(
    "value",
    [
        "john@example.com",
        "john.doe@example.com",
        "JOHN.DOE+shop@Example.COM",
        "o'reilly@apple.ie",
        "puja_srivastava@yahoo.in",
        "stanisław.wójcik@wp.pl",
        "STANISŁAW.WÓJCIK@wp.pl",
        "李雷@例子.中国",
        "a@sub.domain.example.co.uk",
        "somebody@example.test",
        "a" * 64 + "@example.com",
        "a@" + "b" * 63 + ".com",
    ],
)
def test_an_address_is_good(value: str) -> None:
    assert rules.email(value) is None


@pytest.mark.parametrize(
    "value",
    [
        "",
        "john",
        "john@",
        "@example.com",
        "john@example",
        "john@@example.com",
        "john doe@example.com",
        "john@exa mple.com",
        "john..doe@example.com",
        ".john@example.com",
        "john.@example.com",
        "john@-example.com",
        "john@example..com",
        "John <john@example.com>",
        "john@example.com, jane@example.com",
        "john@example.com\0",
        "john@exam\nple.com",
        "a@" + "b" * 64 + ".com",
    ],
)
def test_anything_else_is_no_address(value: str) -> None:
    assert rules.email(value)


def test_an_address_longer_than_its_column_is_refused_as_such() -> None:
    assert rules.email("a@" + "b.c" * 84 + ".com") == "Longer than 255 characters"


@given(LABEL, st.lists(LABEL, min_size=1, max_size=2))
def test_the_quick_check_lets_nothing_pass_that_is_no_address(local: str, host: list[str]) -> None:
    value = f"{local}@{'.'.join(host)}.com"
    if rules.email(value) is None:
        assert email_validator.validate_email(value, check_deliverability=False)
