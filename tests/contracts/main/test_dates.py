"""Dates of birth and moments: which forms are taken, and how they are shown."""

from typing import Any

import pytest
import time_machine

from tests.contracts.main.calls import created, person
from tests.support.api import Api, problems


@pytest.mark.parametrize("sent", ["1990-01-15", "1990-01-15T00:00:00", " 1990-01-15 "])
def test_both_forms_of_a_date_of_birth_are_shown_as_a_day(editor: Api, sent: str) -> None:
    assert created(editor, **person(date_of_birth=sent))["date_of_birth"] == "1990-01-15"


@pytest.mark.parametrize("day", ["1900-01-01", "2000-02-29", "2030-06-15"])
def test_a_birth_is_from_1900_to_today(editor: Api, day: str) -> None:
    with time_machine.travel("2030-06-15T00:00:00Z", tick=False):
        assert created(editor, **person(date_of_birth=day))["date_of_birth"] == day


@pytest.mark.parametrize(
    ("day", "complaint"),
    [
        ("1899-12-31", "Before 1900"),
        ("0001-01-01", "Before 1900"),
        ("2030-06-16", "In the future"),
        ("2030-06-16T00:00:00", "In the future"),
        ("9999-12-31", "In the future"),
    ],
)
def test_a_birth_before_1900_or_in_the_future_is_refused(
    editor: Api, day: str, complaint: str
) -> None:
    with time_machine.travel("2030-06-15T23:59:59Z", tick=False):
        answer = editor.post("/api/customers/", person(date_of_birth=day))
    assert answer.status_code == 400
    assert problems(answer) == {"/date_of_birth": complaint}


@pytest.mark.parametrize(
    "value",
    [
        "1990-01-15T10:30:00",
        "1990-01-15T00:00:01",
        "1990-1-15",
        "15.01.1990",
        "01/15/1990",
        "19900115",
        "1990-W03-1",
        "1990-02-30",
        "1991-02-29",
        "1990-13-01",
        "0000-01-01",
        "1990-01-15\0",
        "\u0661\u0669\u0669\u0660-\u0660\u0661-\u0661\u0665",
        "yesterday",
        "",
        19900115,
        632361600,
        True,
        ["1990-01-15"],
        {},
    ],
)
def test_anything_else_is_no_date(editor: Api, value: Any) -> None:
    answer = editor.post("/api/customers/", person(date_of_birth=value))
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/date_of_birth"}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
        ("2024-01-15t10:30:00z", "2024-01-15T10:30:00Z"),
        ("2024-01-15T10:30:00+02:00", "2024-01-15T08:30:00Z"),
        ("2024-01-01T00:30:00+01:00", "2023-12-31T23:30:00Z"),
        ("2024-01-15T10:30:00-05:30", "2024-01-15T16:00:00Z"),
        ("2024-01-15T10:30:00", "2024-01-15T10:30:00Z"),
        ("2024-01-15 10:30:00", "2024-01-15T10:30:00Z"),
        ("2024-01-15", "2024-01-15T00:00:00Z"),
        ("1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z"),
    ],
)
def test_a_moment_is_shown_in_utc_with_z(editor: Api, sent: str, shown: str) -> None:
    customer = created(editor, **person(customer_acquisition_date=sent))
    assert customer["customer_acquisition_date"] == shown


@pytest.mark.parametrize(
    "value",
    [
        "2024-01-15T25:00:00Z",
        "2024-01-15T10:30:00+25:00",
        "2024-02-30T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "1899-12-31T23:59:59Z",
        "1900-01-01T00:00:00+01:00",
        "10:30",
        "now",
        "",
        1705314600,
    ],
)
def test_anything_else_is_no_moment(editor: Api, value: Any) -> None:
    answer = editor.post("/api/customers/", person(customer_acquisition_date=value))
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/customer_acquisition_date"}
