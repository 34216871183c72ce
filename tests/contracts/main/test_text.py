"""Text: stored as sent but for the white space around it; never cut, never with controls."""

from typing import Any

import pytest

from tests.contracts.main.calls import created, person
from tests.support.api import Api, problems

# The lengths of the registry document's columns.
LENGTHS = {
    "first_name": 100,
    "last_name": 100,
    "phone": 20,
    "address_line1": 255,
    "address_line2": 255,
    "city": 100,
    "state": 100,
    "postal_code": 20,
    "country": 100,
    "gender": 20,
    "company_name": 255,
    "tax_id": 50,
    "tags": 500,
}
LINES = [name for name in LENGTHS if name not in ("phone", "tags")]
ONE_LINE = [*LENGTHS, "email"]
ARABIC = "\u0665\u0665\u0665\u0660\u0661\u0662\u0663"


def filling(field: str, length: int) -> str:
    if field == "phone":
        return "555-0123".replace("-", "-" * (length - 7))
    return "é" * length


@pytest.mark.parametrize("field", LENGTHS)
def test_text_that_fills_its_column_is_kept_whole(editor: Api, field: str) -> None:
    value = filling(field, LENGTHS[field])
    assert created(editor, **person(**{field: value}))[field] == value


@pytest.mark.parametrize("field", LENGTHS)
def test_longer_text_is_refused_and_not_cut(editor: Api, john: dict[str, Any], field: str) -> None:
    change = {field: filling(field, LENGTHS[field] + 1)}
    answer = editor.patch(f"/api/customers/{john['id']}", change)
    assert answer.status_code == 400
    assert problems(answer) == {f"/{field}": f"Longer than {LENGTHS[field]} characters"}
    assert editor.get(f"/api/customers/{john['id']}").get_json() == john


def test_an_email_longer_than_its_column_is_refused(editor: Api) -> None:
    email = "a@" + ".".join(["b" * 60] * 5) + ".com"
    answer = editor.post("/api/customers/", person(email=email))
    assert problems(answer) == {"/email": "Longer than 255 characters"}


@pytest.mark.parametrize("character", ["\0", "\n", "\r", "\t", "\x1b", "\x7f", "\x85"], ids=ascii)
def test_control_characters_are_refused_in_every_one_line_field(
    editor: Api, john: dict[str, Any], character: str
) -> None:
    changes = dict.fromkeys(ONE_LINE, f"a{character}b")
    answer = editor.patch(f"/api/customers/{john['id']}", changes)
    assert answer.status_code == 400
    assert set(problems(answer)) == {f"/{field}" for field in ONE_LINE}
    assert editor.get(f"/api/customers/{john['id']}").get_json() == john


def test_notes_have_lines_and_tabs_and_no_nul(editor: Api, john: dict[str, Any]) -> None:
    path = f"/api/customers/{john['id']}"
    notes = "First line.\r\n\n\tSecond line."
    assert editor.patch(path, {"notes": notes}).get_json()["notes"] == notes
    answer = editor.patch(path, {"notes": "a\0b"})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/notes"}


def test_white_space_around_text_is_stripped_and_inside_it_is_kept(editor: Api) -> None:
    fields = dict.fromkeys([*LINES, "notes"], " \t\n a  b \u3000")
    fields["email"], fields["phone"] = "  ann@example.com\n", "\t555 - 0123 "
    customer = created(editor, **fields)
    assert {name: customer[name] for name in LINES} == dict.fromkeys(LINES, "a  b")
    assert (customer["notes"], customer["email"]) == ("a  b", "ann@example.com")
    assert customer["phone"] == "555 - 0123"


@pytest.mark.parametrize(
    "value",
    [
        "Jos\u00e9",
        "Jose\u0301",
        "李雷",
        "🎷 & <b>'\"\\/%_",
        "'; DROP TABLE customers; --",
        "\u200bzero width",
        "{{7*7}}",
        "null",
    ],
)
def test_text_comes_back_as_sent(editor: Api, value: str) -> None:
    fields = dict.fromkeys([name for name in LINES if LENGTHS[name] > 20], value)
    customer = created(editor, **person(**fields, notes=value, tags=value))
    assert {name: customer[name] for name in fields} == fields
    assert (customer["notes"], customer["tags"]) == (value, value)


UNSEEN = ["\u200b", "\u3164", "\u115f", "\u2800\u200d", "\u202e\u2066 \ufeff", "\U000e0041"]


@pytest.mark.parametrize("value", ["", "  ", *UNSEEN], ids=ascii)
def test_a_name_of_which_nothing_is_seen_is_blank_one_by_one_and_in_a_list(
    editor: Api, john: dict[str, Any], value: str
) -> None:
    names = {"first_name": value, "last_name": value}
    blank = {f"/{name}": "Must not be blank" for name in names}
    assert problems(editor.post("/api/customers/", person(**names))) == blank
    assert problems(editor.patch(f"/api/customers/{john['id']}", names)) == blank
    answer = editor.post("/api/v1/customers/", person(**names))
    assert (answer.status_code, problems(answer)) == (422, blank)
    listed = {"customers": [person(), person(2, **names)]}
    answer = editor.post("/api/customers/?size=list", listed)
    assert problems(answer) == {f"/customers/1{name}": said for name, said in blank.items()}


@pytest.mark.parametrize("value", UNSEEN, ids=ascii)
def test_what_is_not_seen_is_kept_beside_what_is_and_where_nothing_need_be(
    editor: Api, value: str
) -> None:
    fields = {"first_name": f"{value}A", "last_name": f"B{value}", "city": value}
    customer = created(editor, **person(**fields))
    assert {name: customer[name] for name in fields} == fields


@pytest.mark.parametrize("value", [7, 1.5, True, ["a"], {"a": "b"}])
def test_what_is_no_text_is_refused(editor: Api, john: dict[str, Any], value: Any) -> None:
    names = [*ONE_LINE, "notes", "customer_status"]
    answer = editor.patch(f"/api/customers/{john['id']}", dict.fromkeys(names, value))
    assert answer.status_code == 400
    assert set(problems(answer)) == {f"/{name}" for name in names}


@pytest.mark.parametrize("gender", ["male", "female", "other", "non-binary", "prefer not to say"])
def test_gender_is_free_text(editor: Api, gender: str) -> None:
    assert created(editor, **person(gender=gender))["gender"] == gender


@pytest.mark.parametrize(
    "phone",
    [
        "123456",
        "1234567890123456",
        "call me",
        "+",
        "555-0123 x4",
        "5550123+",
        ARABIC,
    ],
)
def test_a_phone_has_seven_to_fifteen_digits_and_nothing_but_separators(
    editor: Api, phone: str
) -> None:
    answer = editor.post("/api/customers/", person(phone=phone))
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/phone"}
