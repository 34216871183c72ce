"""What is asked of a new password, and the list of the most common ones."""

import pytest

from customers_api.core.credentials import one_time, passwords, totp

CUSTOMERS = passwords.SHORTEST_OF_CUSTOMERS


@pytest.mark.parametrize(
    ("length", "shortest", "is_good"),
    [(7, 8, False), (8, 8, True), (11, 12, False), (12, 12, True), (128, 8, True), (129, 8, False)],
)
def test_length_is_all_that_is_asked(length: int, shortest: int, *, is_good: bool) -> None:
    password = ("жук" * length)[:length]
    assert (passwords.complaint(password, shortest=shortest) is None) == is_good


@pytest.mark.parametrize(
    "password",
    ["password", "12345678", "Password123", "ILOVEYOU", "qwertyuiop", "trustno1", "31121990"],
)
def test_a_common_password_is_refused_in_whatever_case(password: str) -> None:
    assert passwords.complaint(password, shortest=CUSTOMERS) == passwords.COMMON


@pytest.mark.parametrize(
    "password", ["passwords are hard", "iloveyou, Ann", "01011899", "x1y2z3w4"]
)
def test_what_only_resembles_a_common_password_is_taken(password: str) -> None:
    assert passwords.complaint(password, shortest=CUSTOMERS) is None


def test_the_list_holds_thousands_of_lines_that_can_be_met() -> None:
    listed = passwords.common()
    assert len(listed) > 9_000
    assert all(len(each) >= CUSTOMERS and each == each.casefold() for each in listed)


def test_recovery_codes_are_long_and_read_however_they_are_written() -> None:
    codes = one_time.recovery_codes()
    assert {len(code) for code in codes} == {29}
    [first, *_] = codes
    written = f" {first.upper().replace('-', ' ')} "
    assert one_time.recovery_digest(written) == one_time.recovery_digest(first)


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "\uff11" * 6, "\ud800", "12 345"]
)
def test_what_is_no_code_fits_no_step(code: str) -> None:
    assert totp.step(totp.secret(), code) is None


def test_an_unknown_accounts_password_is_compared_at_the_present_parameters() -> None:
    assert passwords.renewed("whatever", passwords.NOBODYS) == passwords.NOBODYS
    assert not passwords.matches("whatever", None)
    assert not passwords.matches("", None)


def test_a_password_too_long_to_be_anyones_matches_nothing_even_cut_to_nothing() -> None:
    kept = passwords.hashed("correct horse battery staple")
    assert not passwords.matches("x" * 129, kept)
    assert not passwords.matches("x" * 129, passwords.hashed(""))


@pytest.mark.parametrize(
    "password", ["é" * 12, "e\u0301" * 12, "x" * 128, "xX" * 6, "ß" * 12, "雷" * 12]
)
def test_one_character_again_and_again_is_no_password(password: str) -> None:
    assert passwords.complaint(password) == passwords.REPEATED
    assert passwords.complaint(f"{password[:-2]}ab") is None


@pytest.mark.parametrize(
    ("password", "is_good"),
    [
        ("Ann@Example.com", False),
        ("JOSE\u0301LUIS", False),
        ("ann@example.co", True),
        ("josé luis", True),
        ("ann@example.com!", True),
    ],
)
def test_the_accounts_own_names_are_no_password(password: str, *, is_good: bool) -> None:
    own = ["ann@example.com", "joséluis"]
    complaint = passwords.complaint(password, shortest=CUSTOMERS, own=own)
    assert complaint == (None if is_good else passwords.OWN)


SPELLINGS = [
    ("Crème brûlée", "Cre\u0300me bru\u0302le\u0301e"),
    ("\u212bngstro\u0308m 10", "Ångström 10"),
    ("full width", "full\u3000width"),
    ("full width", "full\u00a0width"),
    ("한국말 비밀번호", "\u1112\u1161\u11ab국말 비밀번호"),
]


@pytest.mark.parametrize(("one", "other"), SPELLINGS, ids=ascii)
def test_however_a_keyboard_composes_a_password_it_is_the_same(one: str, other: str) -> None:
    assert one != other
    assert passwords.matches(one, passwords.hashed(other))
    assert passwords.matches(other, passwords.hashed(one))


@pytest.mark.parametrize(
    "other", ["creme brulee", "CRÈME BRÛLÉE", "\uff43rème brûlée", "Crème  brûlée", "Crème brûlée "]
)
def test_what_is_more_than_composed_in_another_way_is_another_password(other: str) -> None:
    assert not passwords.matches(other, passwords.hashed("Crème brûlée"))


def test_a_hash_of_what_an_earlier_release_did_not_compose_still_matches_that() -> None:
    composed, apart = SPELLINGS[0]
    kept = passwords._argon2id.hash(apart)
    assert passwords.matches(apart, kept)
    assert not passwords.matches(composed, kept)


@pytest.mark.parametrize("password", [" " * 12, "\u2003" * 20, "\t" * 8 + " " * 8])
def test_white_space_alone_is_no_password(password: str) -> None:
    assert passwords.complaint(password) == passwords.BLANK
