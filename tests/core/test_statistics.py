"""The counts that the database keeps: folded or not, and while others write, they are the same."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from customers_api.core import clock, database
from customers_api.core.customers import folding, service, statistics
from customers_api.core.customers.model import CUSTOMER_CHANGES, CUSTOMERS

C = CUSTOMERS.c
Json = dict[str, Any]


@pytest.fixture
def registry(app: Flask) -> Iterator[Flask]:
    """The core on an empty database."""
    with app.app_context():
        yield app


def person(number: int, **fields: Any) -> Json:
    return {"first_name": "A", "last_name": "B", "email": f"a{number}@example.com", **fields}


def load(first: int, count: int, **fields: Any) -> None:
    records = [person(n, country=f"c{n % 7}", **fields) for n in range(first, first + count)]
    database.in_unit_of_work(lambda: service.load(records))


def overview() -> Json:
    return {name: v for name, v in asdict(statistics.overview()).items() if name != "as_of"}


def waiting() -> int:
    return int(database.rows(select(func.count()).select_from(CUSTOMER_CHANGES))[0][0])


def every_count() -> dict[tuple[Any, ...], int]:
    summed = """
        SELECT dimension, key, part, sum(n) AS n FROM customer_counts_now
        GROUP BY dimension, key, part HAVING sum(n) <> 0
    """
    rows = database.rows(text(summed))
    return {(row.dimension, row.key, row.part): int(row.n) for row in rows}


def check_totals() -> None:
    """Fail unless the counts are those of the customers."""
    found = database.rows(select(C.id, C.country, C.customer_status).order_by(C.id))
    by_country: dict[str, int] = {}
    for row in found:
        by_country[row.country] = by_country.get(row.country, 0) + 1
    shown = statistics.overview()
    assert shown.total_customers == len(found) == statistics.count(None)
    assert shown.customers_by_country == {k: n for k, n in by_country.items() if k}
    active = sum(row.customer_status == "active" for row in found)
    assert shown.active_customers == active == statistics.count(True)
    assert statistics.count(False) == len(found) - active
    for place in range(0, len(found), max(1, len(found) // 7)):
        first, skip = statistics.block_at(place, None)
        assert [row.id for row in found if row.id >= first][skip] == found[place].id


def test_folding_changes_no_count(registry: Flask) -> None:
    load(0, 30, city="x", gender="g")
    database.in_unit_of_work(lambda: service.change_many([1, 2, 3], {"country": "new"}))
    database.in_unit_of_work(lambda: service.remove(4))
    database.in_unit_of_work(lambda: service.change_many([6], {"country": "newer"}))
    before, shown = every_count(), overview()
    assert waiting() > 0
    for _ in range(2):
        folding.fold()
        assert waiting() == 0
        assert (every_count(), overview()) == (before, shown)
    database.in_unit_of_work(lambda: service.deactivate(5))
    assert overview()["active_customers"] == shown["active_customers"] - 1
    check_totals()


def test_counts_of_nobody_are_not_kept(registry: Flask) -> None:
    load(0, 3)
    folding.fold()
    for id in (1, 2, 3):
        database.in_unit_of_work(partial(service.remove, id))
    assert every_count() == {}
    folding.fold()
    assert database.rows(text("SELECT * FROM customer_counts")) == []


def test_where_many_were_folded_they_are_cleared_away(registry: Flask) -> None:
    told = "SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'customer_changes'"
    if database.dialect() != "postgresql":
        pytest.skip("SQLite uses the room of removed rows at once")
    [[before]] = database.rows(text(told))
    load(0, folding.MOST_WAITING)
    assert database.rows(text(told)) == [(before + 1,)]


def test_a_change_that_no_count_shows_leaves_nothing_to_fold(registry: Flask) -> None:
    load(0, 3)
    folding.fold()
    database.in_unit_of_work(lambda: service.change(1, {"notes": "x"}, ("id",)))
    database.in_unit_of_work(lambda: service.change(1, {"first_name": "Z"}, ("id",)))
    assert waiting() == 0


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_is_set_to_what_it_was_leaves_nothing_to_fold(registry: Flask) -> None:
    load(0, 3, city="Salem", gender="female")
    folding.fold()
    counted = ("customer_status", "email_verified", "phone_verified", "country", "state", "city")
    same = ", ".join(f"{name} = {name}" for name in (*counted, "gender", "date_of_birth"))
    with database.unit_of_work():
        database.write(text(f"UPDATE customers SET {same}"))
    assert waiting() == 0


def test_many_writes_have_the_changes_folded(registry: Flask) -> None:
    load(0, folding.MOST_WAITING)
    assert waiting() == 0
    check_totals()


def test_a_unit_of_work_that_fails_is_not_counted(registry: Flask) -> None:
    def fail() -> None:
        service.load([person(n) for n in range(folding.MOST_WAITING)])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        database.in_unit_of_work(fail)
    assert (statistics.count(None), every_count()) == (0, {})


def test_places_are_found_over_gaps_and_blocks(registry: Flask) -> None:
    load(0, 2500)
    removed = {*range(50, 2500, 50), *range(1000, 1100, 3)}
    database.in_unit_of_work(lambda: [service.remove(id) for id in removed])
    check_totals()
    assert statistics.block_at(10**6, None)[1] == 0


def write(app: Flask, writer: int) -> None:
    with app.app_context():
        for n in range(12):
            start = 1000 * writer + 5 * n
            load(start, 5)
            emails = [f"a{start + i}@example.com" for i in range(2)]
            found = select(C.id).where(C.email_key.in_(emails))
            first, second = (row.id for row in database.rows(found))
            for work in (
                partial(service.change_many, [first, second], {"country": "z"}),
                *([partial(service.remove, first)] if n % 3 == 0 else ()),
                partial(service.change, second, {"city": "y"}, ("id",)),
            ):
                database.in_unit_of_work(work)


def fold_until(app: Flask, done: Event) -> int:
    folded = 0
    with app.app_context():
        while not done.is_set():
            folding.fold()
            folded += 1
    return folded


def test_folding_while_others_write_loses_nothing(registry: Flask) -> None:
    done = Event()
    with ThreadPoolExecutor(6) as pool:
        folders = [pool.submit(fold_until, registry, done) for _ in range(2)]
        writing = [pool.submit(write, registry, writer) for writer in range(4)]
        try:
            for each in writing:
                each.result(timeout=60)
        finally:
            done.set()
    assert sum(each.result() for each in folders) > 0
    assert statistics.overview().total_customers == 4 * (60 - 4)
    check_totals()
    folding.fold()
    check_totals()
    assert statistics.overview().as_of <= clock.now()


def test_what_waits_to_be_counted_of_a_removed_customer_is_folded_at_once(
    registry: Flask,
) -> None:
    load(0, 3, city="Secretville")
    database.in_unit_of_work(lambda: service.remove(2))
    assert waiting() == 0
    check_totals()
