"""Age: whole years on today's date in UTC."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from tests.contracts.main.calls import created, new_group, person
from tests.support.api import Api


def age(editor: Api, born: str | None, now: str | datetime) -> int | None:
    group_id = new_group(editor, "Retail")
    created(editor, **person(group_id=group_id, date_of_birth=born))
    with time_machine.travel(now, tick=False):
        answer = editor.get(f"/api/customers/group/{group_id}/?age=true")
    shown: int | None = answer.get_json()[0]["age"]
    return shown


@pytest.mark.parametrize(
    ("now", "years"),
    [
        ("2030-06-14T23:59:59Z", 39),
        ("2030-06-15T00:00:00Z", 40),
        ("2030-06-16T00:00:00Z", 40),
        ("2031-01-01T00:00:00Z", 40),
        ("2031-06-14T23:59:59Z", 40),
        ("2031-06-15T00:00:00Z", 41),
    ],
)
def test_a_year_is_whole_on_the_birthday(editor: Api, now: str, years: int) -> None:
    assert age(editor, "1990-06-15", now) == years


@pytest.mark.parametrize(
    ("now", "years"),
    [
        ("2031-02-28T12:00:00Z", 30),
        ("2031-03-01T00:00:00Z", 31),
        ("2032-02-28T23:59:59Z", 31),
        ("2032-02-29T00:00:00Z", 32),
    ],
)
def test_who_was_born_on_a_leap_day_is_a_year_older_on_the_day_after_the_28th(
    editor: Api, now: str, years: int
) -> None:
    assert age(editor, "2000-02-29", now) == years


@pytest.mark.parametrize(
    ("now", "years"),
    [
        (datetime(2030, 6, 14, 21, 0, tzinfo=ZoneInfo("America/New_York")), 40),
        (datetime(2030, 6, 15, 8, 0, tzinfo=ZoneInfo("Asia/Tokyo")), 39),
    ],
)
def test_today_is_todays_date_in_utc_and_not_where_the_server_stands(
    editor: Api, now: datetime, years: int
) -> None:
    assert age(editor, "1990-06-15", now) == years


def test_an_unknown_date_of_birth_is_an_unknown_age(editor: Api) -> None:
    assert age(editor, None, "2030-06-15T00:00:00Z") is None


def test_a_newborn_is_zero(editor: Api) -> None:
    with time_machine.travel("2030-06-15T00:00:00Z", tick=False):
        assert age(editor, "2030-06-15", "2030-06-15T00:00:00Z") == 0


def test_who_was_born_in_1900_has_an_age(editor: Api) -> None:
    assert age(editor, "1900-01-01", "2030-01-01T00:00:00Z") == 130
