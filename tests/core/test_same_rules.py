"""The rules' short cuts say what the rules say when they are written out."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import email_validator
import pytest
from anyascii import anyascii
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from customers_api.core import text
from customers_api.core.customers import identity, names, review, rules
from customers_api.core.errors import Problem
from customers_api.web import sizes
from customers_api.web.fields import NOT_BLANK, Day, Tags

ANY = st.text(max_size=12)
# What is easily taken for something else: spaces that are none, controls that strip as spaces.
ODD = st.text(
    "a ,\t\n\r\0\x1c\x1f\x7f\x85\xa0\xad\u200b\u2028\u3000\ufeff\ud800é雷\U0001f3b7", max_size=8
)
UNSEEN = st.text(
    "\xad\u034f\u115f\u1160\u180e\u200b\u200d\u2800\u3000\u3164\ufe0f\U000e0041ए ", max_size=5
)
TEXT = ANY | ODD | UNSEEN
OLD_PLAIN = re.compile(
    r"[a-zA-Z0-9_+-]+(?:\.[a-zA-Z0-9_+-]+)*@(?:[a-zA-Z0-9]{1,63}\.)+[a-zA-Z]{2,63}"
)
NEARLY_EMAIL = st.text("abZ09._+-@ \0é", max_size=12) | st.builds(
    "{}@{}.{}".format,
    st.text("abZ09._+-", max_size=70),
    st.text("ab0-.", max_size=70),
    st.sampled_from(["com", "c", "c0", "co\n", "test", ""]),
)
NEARLY_DAY = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", " ", "\x1c", "\n"]),
    st.dates().map(str) | st.text("0123456789-W٣T:", max_size=12) | st.just("1990-W03-1"),
    st.sampled_from(["", "T00:00:00", "T00:00:00T00:00:00", "T00:00:01", "t00:00:00"]),
    st.sampled_from(["", " ", "\n"]),
)


def control(value: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in value)


def unseen(character: str) -> bool:
    return text.SEEN.match(character) is None


def line(value: str, most: int) -> str | None:
    if len(value) > most:
        return f"Longer than {most} characters"
    return "Contains a control character" if control(value) else None


@given(TEXT)
def test_white_space_is_stripped_as_by_its_list(value: str) -> None:
    assert text.stripped(value) == value.strip(text.WHITE_SPACE)


@given(TEXT, st.integers(0, 12))
def test_a_line_is_short_and_has_no_control_character(value: str, most: int) -> None:
    assert text.one_line(value, most=most) == text.line_of(most)(value) == line(value, most)


def test_no_control_character_is_printable() -> None:
    assert not any(
        character.isprintable() for character in map(chr, range(0x110000)) if control(character)
    )


def email(value: str) -> str | None:
    if wrong := line(value, 255):
        return wrong
    if OLD_PLAIN.fullmatch(value) and value.index("@") <= 64:
        return None
    try:
        email_validator.validate_email(value, check_deliverability=False)
    except email_validator.EmailNotValidError as error:
        return f"Not a valid email address: {error}"
    return None


@given(NEARLY_EMAIL | ODD | st.integers(240, 256).map(lambda n: "a@" + "b." * (n // 2) + "com"))
def test_an_email_is_judged_by_its_length_then_its_characters_then_its_form(value: str) -> None:
    assert rules.email(value) == email(value)


@given(st.text("0123456789 ()./-+", max_size=22) | TEXT)
def test_a_phone_has_the_form_that_it_always_had(value: str) -> None:
    form = r"\+?[ ()./-]*(?:[0-9][ ()./-]*){7,15}"
    good = len(value) <= 20 and re.fullmatch(form, value)
    assert (rules.phone(value) is None) == bool(good)


@given(st.lists(ODD, max_size=4))
def test_tags_are_one_line_when_joined(value: list[str]) -> None:
    assert rules.tags(value) == line(",".join(value), 500)


@given(TEXT)
def test_a_first_name_is_a_line_that_is_not_blank(value: str) -> None:
    blank = not value.isascii() and all(map(unseen, value))
    assert rules.first_name(value) == (line(value, 100) if value and not blank else text.BLANK)


@given(NEARLY_DAY)
def test_a_day_has_four_two_and_two_digits_and_at_most_midnight(value: str) -> None:
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:T00:00:00)?", value.strip())
    try:
        expected = date.fromisoformat(found[1] if found else "")
    except ValueError:
        with pytest.raises(ValidationError, match="Not a date; write it as 1990-01-15"):
            Day().deserialize(value)
    else:
        assert Day().deserialize(value) == expected


@given(st.text("ab ,,\t\x1c\u3000é", max_size=12) | ANY)
def test_tags_are_stripped_and_the_empty_and_repeated_are_dropped(value: str) -> None:
    kept: list[str] = []
    for tag in value.split(","):
        bare = tag.strip(text.WHITE_SPACE)
        if bare and bare not in kept:
            kept.append(bare)
    assert Tags().deserialize(value) == tuple(kept)


@given(TEXT)
def test_what_is_blank_is_so_for_each_rule_and_in_the_reference(value: str) -> None:
    is_blank = text.is_blank(value)
    assert (text.filled_line(value, most=100) == text.BLANK) == is_blank
    assert (rules.first_name(value) == text.BLANK) == is_blank
    if is_blank:
        with pytest.raises(ValidationError, match=text.BLANK):
            NOT_BLANK(value)
    else:
        assert NOT_BLANK(value) == value
    pattern = sizes.filled_line(100)["pattern"]
    # Of those beyond sixteen bits no pattern tells.
    if text.stripped(value) == value and not any(character > "\uffff" for character in value):
        fits = re.search(pattern, value) is not None
        assert fits == (text.filled_line(value, most=100) is None)


@given(st.text(max_size=12) | st.text(st.characters(codec="ascii"), max_size=12), TEXT)
def test_a_username_is_both_names_in_ascii_letters_and_digits(first: str, last: str) -> None:
    letters = re.sub(r"[^a-z0-9]+", "", anyascii(first + last).lower())
    assert identity.base_username(first, last) == (letters[:20] or "customer")


@given(st.uuids())
def test_what_is_made_of_a_uuid_is_made_of_its_parts(uuid: UUID) -> None:
    assert identity.customer_id(uuid) == f"CUST_{uuid.hex[:8].upper()}"
    assert identity.usernames("x", uuid) == (
        "x",
        f"x{1000 + uuid.time_low % 9000}",
        f"x{1_000_000_000 + uuid.node % 9_000_000_000}",
        f"x{uuid.hex[-12:]}",
    )


FIELDS = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(
            (*rules.LINES, "first_name", "full_name", "notes", "unknown"), st.none() | TEXT
        ),
        "email": st.none() | NEARLY_EMAIL,
        "address": st.sampled_from([None, "{}", '{"city":"a\\u0001"}', '{"city":"\\u0000"}']),
    },
)


def problems(fields: Mapping[str, Any]) -> list[Problem]:
    found = []
    for name, value in fields.items():
        rule = rules.RULES.get(name) if value is not None else None
        if rule is not None and (complaint := rule(value)):
            found.append(Problem((name,), complaint))
        elif name == "address" and value is not None and "0001" in value:
            found.append(Problem(("address", "city"), "Contains a control character"))
    return found


@given(FIELDS)
def test_each_field_that_has_a_value_is_held_against_its_rule(fields: dict[str, Any]) -> None:
    assert {*rules.problems(fields)} == {*problems(fields)}


@given(TEXT)
def test_a_whole_name_is_taken_apart_and_the_rest_is_kept(full_name: str) -> None:
    first, _, last = full_name.partition(" ")
    parts = {"city": "Ulm", "first_name": first, "last_name": last}
    assert names.in_parts({"full_name": full_name, "city": "Ulm"}) == parts
    assert names.in_parts(parts) == parts


@given(st.lists(st.sampled_from(["a@b.co", "A@B.co", "é@b.co", "e\u0301@b.co", None]), max_size=5))
def test_an_email_that_stands_twice_is_told_at_each_place(emails: list[str | None]) -> None:
    records = [{} if email is None else {"email": email} for email in emails]
    found = [*review.broken_rules(records, review.paths_below((), records))]
    keys = [email and unicodedata.normalize("NFC", email).casefold() for email in emails]
    twice = [i for i, key in enumerate(keys) if key and keys.count(key) > 1]
    assert found == [Problem((i, "email"), review.EMAIL_REPEATED) for i in twice]
