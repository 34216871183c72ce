"""What every text must hold: its length in characters, and no control characters."""

import re
import unicodedata

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


# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), which Python does not know.
IGNORABLE = """
00AD 034F 061C 115F-1160 17B4-17B5 180B-180F 200B-200F 202A-202E 2060-206F 3164 FE00-FE0F FEFF FFA0
FFF0-FFF8 1BCA0-1BCA3 1D173-1D17A E0000-E0FFF
"""
# Not seen either: Braille's blank, and the marks around annotation.
ALSO = "2800 FFF9-FFFB"


def characters(ranges: str) -> set[str]:
    ends = ([int(end, 16) for end in each.split("-")] for each in ranges.split())
    return {chr(code) for first, *last in ends for code in range(first, (last or [first])[0] + 1)}


def test_what_is_not_seen_is_white_space_and_what_unicode_ignores() -> None:
    unseen = {c for c in map(chr, range(0x110000)) if not text.SEEN.match(c)}
    assert unseen == characters(IGNORABLE) | characters(ALSO) | {*filter(str.isspace, unseen)}
    spaces = {c for c in map(chr, range(0x110000)) if unicodedata.category(c) in ("Zs", "Zl", "Zp")}
    assert spaces <= unseen
    # Of format characters only those are seen that stand around or below digits and signs.
    seen = {c for c in map(chr, range(0x110000)) if unicodedata.category(c) == "Cf"} - unseen
    assert all(re.search("ARABIC|SYRIAC|KAITHI|EGYPTIAN", unicodedata.name(c)) for c in seen)


@pytest.mark.parametrize(
    "value",
    [
        "\u200b",
        "\u3164",
        "\u115f\u1160",
        "\u2800\u2800",
        "\u202e\u2066",
        "\U000e0041",
        "\xad \ufeff",
    ],
    ids=ascii,
)
def test_a_line_of_which_nothing_is_seen_is_blank(value: str) -> None:
    assert text.is_blank(value)
    assert text.filled_line(value, most=20) == "Must not be blank"


@pytest.mark.parametrize(
    "value",
    [
        "\u0645\u06cc\u200c\u0634\u0627",
        "\u0915\u094d\u200d\u0937",
        "\u200fA\u200e",
        "\u202eA",
        "\u26a0\ufe0f",
        "0",
        "\u3164\uac00",
    ],
    ids=ascii,
)
def test_a_line_of_which_anything_is_seen_is_as_good_as_it_was(value: str) -> None:
    assert not text.is_blank(value)
    assert text.filled_line(value, most=20) is None
