"""GET /statistics/overview: what counting everybody says, at any time."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.contracts.main.calls import created, created_list, person, unchecked
from tests.contracts.shared.calls import bulk, everybody
from tests.contracts.shared.counting import check
from tests.support.api import Api

Json = dict[str, Any]


def people(first: int, count: int) -> list[Json]:
    """New customers of various places, genders and births; some of nowhere."""
    return [
        person(
            n,
            country=[None, "", "USA", "usa", "Schweiz"][n % 5],
            city=[None, "Zürich", "New York", ""][n % 4],
            state=["NY", None][n % 2],
            gender=[None, "male", "female", "", "non-binary"][n % 5],
            date_of_birth=[None, "1990-01-15", "2004-02-29", "1900-01-01"][n % 4],
            customer_status=["active", "active", "inactive", "canceled"][n % 4],
        )
        for n in range(first, first + count)
    ]


def test_of_nobody_everything_is_nought_and_the_age_unknown(reader: Api, prefix: str) -> None:
    shown = check(reader, datetime.now(UTC).date(), prefix)
    assert shown["total_customers"] == 0
    assert shown["average_customer_age"] is None
    assert shown["customers_by_country"] == shown["gender_distribution"] == {}


@time_machine.travel("2031-03-05T12:00:00Z", tick=False)
def test_every_kind_of_write_is_counted_at_once(admin: Api, prefix: str) -> None:
    today = date(2031, 3, 5)
    made = created_list(admin, *people(0, 23))
    check(admin, today, prefix)
    path = f"/api/customers/{made[1]['id']}"
    for changes in (
        {"city": "Bern", "country": "Schweiz"}, {"country": None}, {"gender": "other"},
        {"date_of_birth": None}, {"date_of_birth": "2010-03-06"}, {"customer_status": "canceled"},
        {"customer_status": "active", "state": "BE"}, {"notes": "no count changes"},
    ):  # fmt: skip
        admin.patch(path, changes)
        check(admin, today, prefix)
    for mark in ("verify-email", "verify-phone", "verify-phone"):
        admin.patch(f"{path}/{mark}")
        check(admin, today, prefix)
    admin.patch(path, {"phone": "555-0199"})
    admin.delete(f"/api/v1/customers/{made[2]['customer_id']}")
    admin.delete(f"/api/v1/customers/{made[2]['customer_id']}")
    check(admin, today, prefix)
    for removed in (made[1], made[2], made[7]):
        admin.delete(f"/api/v1/customers/{removed['customer_id']}/hard")
    check(admin, today, prefix)
    ids = [customer["id"] for customer in made[5:15]]
    bulk(admin, prefix, ids, city="Ulm", gender=None, customer_status="inactive")
    check(admin, today, prefix)
    created(admin, **person(100, country="USA", date_of_birth="2031-03-05"))
    assert check(admin, today, prefix)["total_customers"] == 21


def test_a_refused_write_is_not_counted(admin: Api, prefix: str) -> None:
    created_list(admin, *people(0, 3))
    body = {"customers": [*people(10, 3), person(0)]}
    assert admin.post("/api/customers/?size=list", body).status_code == 400
    assert bulk(admin, prefix, [1, 2], city="Ulm", group_id=99).status_code in (400, 422)
    assert check(admin, datetime.now(UTC).date(), prefix)["total_customers"] == 3


def test_lists_of_fifteen_hundred_are_counted(admin: Api) -> None:
    client, headers = unchecked(admin)
    body = {"customers": people(0, 1500)}
    answer = client.post("/api/customers/?size=list", json=body, headers=headers)
    assert answer.status_code == 201
    check(admin, datetime.now(UTC).date())
    created_list(admin, *people(1500, 3))
    check(admin, datetime.now(UTC).date())
    bulk(admin, "/api/customers", [*range(1, 1200)], city="Ulm", country="Germany")
    assert check(admin, datetime.now(UTC).date())["customers_by_city"]["Ulm"] == 1199


DAYS = (
    "2031-12-28", "2031-12-29", "2031-12-31", "2032-01-01", "2032-01-04", "2032-01-05",
    "2032-01-31", "2032-02-01", "2032-02-28", "2032-02-29", "2032-03-01", "2033-01-01",
    "2033-01-03",
)  # fmt: skip


def test_days_weeks_and_months_begin_in_utc(admin: Api) -> None:
    for n, day in enumerate(DAYS):
        for m, hour in enumerate(("00:00:00", "23:59:59.999999")):
            with time_machine.travel(f"{day}T{hour}Z", tick=False):
                created(admin, **person(2 * n + m, date_of_birth="2004-02-29"))
                shown = check(admin, date.fromisoformat(day))
            assert shown["as_of"][:19] == f"{day}T{hour[:8]}"
    # The same customers, seen later.
    for day in ("2033-01-08", "2033-01-09", "2033-01-10", "2033-02-01"):
        with time_machine.travel(f"{day}T12:00:00Z", tick=False):
            check(admin, date.fromisoformat(day))


@pytest.mark.parametrize(("day", "average"), [("2030-02-28", 32.3), ("2030-03-01", 32.7)])
def test_the_age_moves_with_the_day_and_has_one_decimal(
    admin: Api, prefix: str, day: str, average: float
) -> None:
    births = ("2004-02-29", "1990-01-15", "1998-02-28", None)
    created_list(admin, *[person(n, date_of_birth=born) for n, born in enumerate(births)])
    # 25 or 26, 40, 32 whole years: their sum is 97 or 98.
    with time_machine.travel(f"{day}T12:00:00Z", tick=False):
        shown = admin.get(f"{prefix}/statistics/overview").get_json()
    assert shown["average_customer_age"] == average


def test_only_the_hundred_largest_places_are_shown(admin: Api, prefix: str) -> None:
    created_list(
        admin,
        *[person(n, country=f"c{n % 103}", city=f"t{n % 101}", gender=f"g{n % 105}")
          for n in range(210)],
    )  # fmt: skip
    shown = check(admin, datetime.now(UTC).date(), prefix)
    assert len(shown["customers_by_country"]) == len(shown["customers_by_city"]) == 100
    assert [*shown["customers_by_country"].values()][:4] == [3, 3, 3, 3]
    assert sum(shown["gender_distribution"].values()) == 210


def test_a_city_of_two_countries_is_counted_together(admin: Api, prefix: str) -> None:
    places = (("Paris", "France"), ("Paris", "USA"), ("Paris", None), ("Lyon", "France"))
    created_list(
        admin, *[person(n, city=city, country=land) for n, (city, land) in enumerate(places)]
    )
    shown = admin.get(f"{prefix}/statistics/overview").get_json()
    assert shown["customers_by_city"] == {"Paris": 3, "Lyon": 1}


def test_as_of_is_now(reader: Api, prefix: str) -> None:
    before = datetime.now(UTC)
    shown = reader.get(f"{prefix}/statistics/overview").get_json()
    as_of = datetime.fromisoformat(shown["as_of"])
    assert before - timedelta(seconds=10) <= as_of <= datetime.now(UTC)


def test_it_takes_no_parameters(reader: Api, prefix: str) -> None:
    answer = reader.get(f"{prefix}/statistics/overview?country=USA")
    assert answer.status_code in (400, 422)
    assert everybody(reader) == []
