"""What every text must hold: its length in characters, and no control characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers_api.core import text

CONTROL = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]


@pytest.mark.parametrize("value", ["a", "a" * 20, "é" * 20, "雷" * 20, "🎷" * 20, ""])
def test_a_line_up_to_its_length_is_good(value: str) -> None:
    assert text.one_line(value, most=20) is None


@pytest.mark.parametrize("value", ["a" * 21, "é" * 21, "🎷" * 21])
def test_a_line_beyond_its_length_is_refused_with_the_limit(value: str) -> None:
    assert text.one_line(value, most=20) == "Longer than 20 characters"


@pytest.mark.parametrize("character", CONTROL, ids=ascii)
def test_a_control_character_has_no_place_in_a_line(character: str) -> None:
    assert text.one_line(f"a{character}b", most=20) == "Contains a control character"


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20))
def test_every_other_character_has_a_place_in_a_line(value: str) -> None:
    assert text.one_line(value, most=20) is None


def test_free_text_has_lines_and_tabs() -> None:
    assert text.free("first\n\tsecond\r\n", most=100) is None


def test_free_text_has_no_nul() -> None:
    assert text.free("a\0b", most=100) == "Contains a NUL character"


def test_free_text_has_a_length_too() -> None:
    assert text.free("a" * 100, most=100) is None
    assert text.free("a" * 101, most=100) == "Longer than 100 characters"


def test_a_filled_line_is_not_blank() -> None:
    assert text.filled_line("", most=20) == "Must not be blank"
    assert text.filled_line("a", most=20) is None
    assert text.filled_line("a" * 21, most=20) == "Longer than 20 characters"
