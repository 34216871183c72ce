"""No page of events reads more of them than it shows, whatever is asked for."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, event, insert, text

from customers_api.core import clock, database
from customers_api.core.events import queries
from customers_api.core.events.kinds import Kind
from customers_api.core.events.model import EVENTS
from customers_api.core.events.service import Entry, record_removal
from customers_api.core.paging import Slice
from customers_api.extensions import db
from tests.conftest import empty_database, make_app

MANY = 40_000
PAGE = Slice(100)
NOW = clock.now()
MIDDLE = NOW - timedelta(minutes=MANY // 2)
# More rows than this read for a page of a hundred are a fault.
MOST_READ = 600


@pytest.fixture(scope="module")
def seeded(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """A database with very many events, one a minute; few of most things, many of one."""
    with empty_database(backend, request, tmp_path_factory.mktemp("plans")) as url:
        app: Flask = make_app(url)
        with app.app_context():
            upgrade()
            rows = [row(n) for n in range(MANY)]
            database.in_unit_of_work(lambda: database.write(insert(EVENTS), rows))
            with db.engine.connect() as connection:
                connection.execute(text("ANALYZE"))
            yield db.engine
            db.engine.dispose()


def row(n: int) -> dict[str, Any]:
    rare = n < 50
    kind = Kind.GROUP_REMOVED if rare else Kind.CUSTOMER_CHANGED
    return {
        "at": NOW - timedelta(minutes=MANY - n),
        "kind": kind.value,
        "actor_kind": "service",
        "actor_name": "rare" if rare else f"often {n % 3}",
        "request_id": f"request {n // 2}",
        "subject_type": kind.noun,
        "subject_id": n % 5000 + 1,
        "customer_id": None if rare else f"CUST_{n % 5000:08}",
        "fields": "city",
        "new_values": '["x"]',
    }


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"kind": "group.removed"},
        {"kind": "customer.changed"},
        {"kind": "operator.changed"},
        {"subject_type": "group"},
        {"subject_type": "token"},
        {"subject_type": "customer"},
        {"subject_type": "customer", "subject_id": 77},
        {"subject_type": "customer", "subject_id": 99_999},
        {"actor": "rare"},
        {"actor": "often 1"},
        {"actor": "nobody"},
        {"request_id": "request 17"},
        {"since": MIDDLE},
        {"since": NOW - timedelta(minutes=30)},
        {"since": NOW},
        {"until": MIDDLE},
        {"until": NOW - timedelta(minutes=MANY - 30)},
        {"until": NOW - timedelta(days=999)},
        {"since": MIDDLE, "until": MIDDLE + timedelta(minutes=20)},
        {"since": MIDDLE, "until": MIDDLE, "kind": "customer.changed"},
    ],
    ids=lambda filters: "-".join(filters) or "none",
)
@pytest.mark.parametrize("after", [0, MANY // 2])
def test_a_page_reads_little_more_than_it_shows(
    seeded: Engine, filters: dict[str, Any], after: int
) -> None:
    part = Slice(PAGE.limit, after=after)
    statements = ran(seeded, lambda: queries.page(filters, part))
    assert len(statements) == 1
    assert walked(seeded, *statements[0]) <= MOST_READ


def test_forgetting_a_customer_reads_only_theirs(seeded: Engine) -> None:
    entry = Entry(77, customer_id="CUST_00000076")

    def remove() -> None:
        record_removal(Kind.CUSTOMER_REMOVED, entry)

    statements = ran(seeded, lambda: database.in_unit_of_work(remove))
    for statement, values in statements:
        if "UPDATE" in statement:
            assert walked(seeded, statement, values) <= MOST_READ
    assert queries.removed_customer("CUST_00000076") == 77
    [look_up] = ran(seeded, lambda: queries.removed_customer("CUST_00000076"))
    assert walked(seeded, *look_up) <= MOST_READ


def ran(engine: Engine, work: Any) -> list[tuple[str, Any]]:
    seen: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        if "events" in arguments[2]:
            seen.append((arguments[2], arguments[3]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return seen


def walked(engine: Engine, statement: str, values: Any) -> int:
    """How many rows the database looks at for this; undone, if it writes."""
    if engine.dialect.name == "sqlite":
        return _walked_in_sqlite(engine, statement, values)
    with (
        engine.connect() as connection,
        connection.execution_options(isolation_level="READ COMMITTED").begin() as transaction,
    ):
        found = connection.exec_driver_sql(
            f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", values
        ).scalar()
        transaction.rollback()
    plan: Any = json.loads(found) if isinstance(found, str) else found
    return _rows(plan[0]["Plan"])


def _rows(node: dict[str, Any]) -> int:
    counts = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    own = sum(node.get(name, 0) for name in counts) if "Scan" in node["Node Type"] else 0
    below = sum(_rows(each) for each in node.get("Plans", []))
    return int(own * node["Actual Loops"] + below)


def _walked_in_sqlite(engine: Engine, statement: str, values: Any) -> int:
    """SQLite does not count rows; it counts the steps of its machine, some ten for a row."""
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        steps = [0]

        def count() -> None:
            steps[0] += 1

        driver.set_progress_handler(count, 100)
        try:
            driver.execute("BEGIN")
            driver.execute(statement, values).fetchall()
            driver.execute("ROLLBACK")
        finally:
            driver.set_progress_handler(None, 0)
    return steps[0] * 100 // 25


def test_what_reads_everything_is_seen_here(seeded: Engine) -> None:
    assert walked(seeded, "SELECT id FROM events WHERE fields = 'x'", ()) > MOST_READ
