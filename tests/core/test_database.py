"""How the core reaches the database: units of work, reads, retries, and what types come back."""

import gc
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, bindparam, func, insert, literal, select, text, update
from sqlalchemy.exc import IntegrityError

from customers_api.core import clock, database
from customers_api.core.errors import Unavailable
from customers_api.core.groups.queries import TABLE as GROUPS
from customers_api.core.statements import Prepared
from customers_api.extensions import db
from tests.conftest import make_app

on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
NAMES = select(GROUPS.c.name).order_by(GROUPS.c.id)
MOMENT = bindparam("now", type_=GROUPS.c.created_at.type)
ADDED = Prepared(
    insert(GROUPS)
    .values(name=bindparam("name"), created_at=MOMENT, updated_at=MOMENT)
    .returning(GROUPS.c.id)
)
# In PostgreSQL's own words, so that it is the driver that raises.
FAIL = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{}'; END $$"


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    """The application, at work."""
    with app.app_context():
        yield


def add(*names: str) -> None:
    """Write groups of these names, in the open unit of work."""
    now = clock.now()
    rows = [{"name": name, "created_at": now, "updated_at": now} for name in names]
    database.write(insert(GROUPS), rows)


def kept() -> list[str]:
    return [row.name for row in database.rows(NAMES)]


def test_a_unit_of_work_keeps_all_that_was_done_in_it() -> None:
    with database.unit_of_work():
        add("A")
        add("B")
    assert kept() == ["A", "B"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Unavailable])
def test_a_unit_of_work_in_which_anything_is_raised_keeps_nothing(
    error: type[BaseException],
) -> None:
    with pytest.raises(error), database.unit_of_work():  # noqa: PT012
        add("A")
        raise error
    assert kept() == []
    assert database.in_unit_of_work(lambda: add("B")) is None
    assert kept() == ["B"]


def test_a_constraint_that_refuses_a_write_undoes_the_whole_unit() -> None:
    with pytest.raises(IntegrityError), database.unit_of_work():  # noqa: PT012
        add("A", "B")
        add("A")
    assert kept() == []


@on_postgresql
def test_a_sole_unit_goes_on_after_what_was_tried_in_vain() -> None:
    with database.unit_of_work(sole=True):
        assert database.tried(ADDED, {"name": "A", "now": clock.now()})
    with database.unit_of_work(sole=True):
        assert database.tried(ADDED, {"name": "A", "now": clock.now()}) is None
        assert database.alone(ADDED, {"name": "B", "now": clock.now()})
    assert kept() == ["A", "B"]


@on_postgresql
def test_nothing_is_tried_in_a_unit_that_could_not_go_on_after_it() -> None:
    with database.unit_of_work():
        assert database.tried(ADDED, {"name": "A", "now": clock.now()}) is None
        add("B")
    with database.unit_of_work(sole=True):
        assert database.rows(NAMES)
        assert database.tried(ADDED, {"name": "A", "now": clock.now()}) is None
    assert kept() == ["B"]


def test_units_of_work_cannot_be_nested() -> None:
    with pytest.raises(RuntimeError, match="already"), database.unit_of_work():  # noqa: PT012
        add("A")
        with database.unit_of_work():
            add("B")
    assert kept() == []


def test_what_follows_a_unit_of_work_cannot_make_it_fail(
    caplog: pytest.LogCaptureFixture,
) -> None:
    followed: list[str] = []
    with database.unit_of_work():
        add("A")
        database.afterwards(lambda: followed[7])
        database.afterwards(lambda: followed.append("B"))
    assert kept() == ["A"]
    assert followed == ["B"]
    assert "failed" in caplog.text


def test_a_write_without_a_unit_of_work_is_refused() -> None:
    with pytest.raises(RuntimeError, match="needs a unit of work"):
        add("A")
    with database.unit_of_work():
        add("B")
    with pytest.raises(RuntimeError, match="needs a unit of work"):
        add("C")
    assert kept() == ["B"]


def test_a_unit_of_work_sees_what_it_wrote_and_nobody_else_does() -> None:
    with database.unit_of_work():
        add("A")
        assert kept() == ["A"]
        with db.engine.connect() as other:
            assert other.execute(NAMES).all() == []


def test_a_unit_given_up_can_still_look_up_why_and_keeps_nothing() -> None:
    with pytest.raises(ValueError, match="because"), database.unit_of_work():  # noqa: PT012
        add("A")
        database.give_up()
        assert kept() == []
        raise ValueError("because")
    assert kept() == []


def test_a_read_begins_no_transaction(backend: str) -> None:
    with db.engine.connect() as connection:
        connection.execute(NAMES).all()
        driver = connection.connection.driver_connection
        if backend == "sqlite":
            assert driver.in_transaction is False
        else:
            assert driver.info.transaction_status == TransactionStatus.IDLE


@pytest.mark.parametrize(
    ("rows", "sizes"),
    [(0, [0]), (1, [1]), (1000, [1000]), (1001, [1000, 1]), (2500, [1000, 1000, 500])],
)
def test_chunks_gives_every_row_once_and_in_order(rows: int, sizes: list[int]) -> None:
    names = [f"{number:04}" for number in range(rows)]
    if names:
        database.in_unit_of_work(lambda: add(*names))
    chunks = [*database.chunks(Prepared(NAMES), {})]
    assert [len(chunk) for chunk in chunks] == sizes
    assert [row.name for chunk in chunks for row in chunk] == names


def test_chunks_can_be_left_before_the_end() -> None:
    database.in_unit_of_work(lambda: add(*map(str, range(2500))))
    for _ in range(20):
        chunks = database.chunks(Prepared(NAMES), {})
        assert len(next(chunks)) == 1000
        chunks.close()
    database.in_unit_of_work(lambda: add("and on"))


def test_chunks_in_a_unit_of_work_sees_what_was_written_there() -> None:
    with database.unit_of_work():
        add(*map(str, range(2500)))
        assert sum(len(chunk) for chunk in database.chunks(Prepared(NAMES), {})) == 2500


def test_more_values_than_a_statement_takes_are_looked_up_all_the_same() -> None:
    database.in_unit_of_work(lambda: add("A", "39999"))
    wanted = [str(number) for number in range(40_000)]
    assert database.in_use(GROUPS.c.name, wanted) == {"39999"}


@on_postgresql
@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_work_that_lost_to_another_writer_is_done_again(code: str) -> None:
    tries: list[int] = []

    def work() -> int:
        add("A")
        tries.append(1)
        if len(tries) < 3:
            database.write(text(FAIL.format(code)))
        return len(tries)

    assert database.in_unit_of_work(work) == 3
    assert kept() == ["A"]


@on_postgresql
def test_work_that_loses_every_time_ends_as_unavailable() -> None:
    def work() -> None:
        add("A")
        database.write(text(FAIL.format("40001")))

    with pytest.raises(Unavailable):
        database.in_unit_of_work(work)
    assert kept() == []


def test_work_that_failed_for_good_is_not_done_again() -> None:
    tries: list[int] = []

    def work() -> None:
        tries.append(1)
        add("A", "A")

    with pytest.raises(IntegrityError):
        database.in_unit_of_work(work)
    assert len(tries) == 1


@on_postgresql
def test_of_two_writers_in_a_deadlock_both_succeed_in_the_end(app: Flask) -> None:
    database.in_unit_of_work(lambda: add("A", "B"))
    both_hold_one = threading.Barrier(2, timeout=10)
    tries: list[str] = []

    def sign(name: str, by: str) -> None:
        longer = func.coalesce(GROUPS.c.description, "").concat(by)
        database.write(update(GROUPS).where(GROUPS.c.name == name).values(description=longer))

    def sign_both(first: str, then: str) -> None:
        def work() -> None:
            tries.append(first)
            sign(first, by=first)
            if len(tries) <= 2:
                both_hold_one.wait()
            sign(then, by=first)

        with app.app_context():
            database.in_unit_of_work(work)

    with ThreadPoolExecutor(2) as pool:
        [*pool.map(sign_both, "AB", "BA")]
    signed = [sorted(row.description) for row in database.rows(select(GROUPS.c.description))]
    assert signed == [["A", "B"], ["A", "B"]]
    assert len(tries) == 3


def leave_a_refused_statement_to_the_collector() -> None:
    now = clock.now()
    values = {"name": literal(None), "created_at": literal(now), "updated_at": literal(now)}
    nameless = Prepared(insert(GROUPS).values(values).returning(GROUPS.c.id))
    with pytest.raises(IntegrityError) as refused:
        database.in_unit_of_work(lambda: database.alone(nameless, {}))
    # A circle, which only the collector finds.
    refused.value.args = (refused.value,)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_collects_garbage_waits_for_no_other_writer() -> None:
    db.engine.dispose()
    holds, begins = threading.Event(), threading.Event()

    def wait_for_the_lock(engine: Engine) -> None:
        # The connection that the refused statement was made on, as it is the only one so far.
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout = 3000")
            begins.set()
            holds.wait()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.exec_driver_sql("ROLLBACK")
            connection.invalidate()

    gc.disable()
    try:
        leave_a_refused_statement_to_the_collector()
        with ThreadPoolExecutor(1) as pool:
            waits = pool.submit(wait_for_the_lock, db.engine)
            begins.wait()
            with database.unit_of_work():
                holds.set()
                time.sleep(0.2)
                gc.collect()
            waits.result()
    finally:
        gc.enable()


def test_a_database_that_cannot_be_reached_is_unavailable(backend: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = f"postgresql://nobody@127.0.0.1:{closed.getsockname()[1]}/none"
    missing = f"sqlite:///{tmp_path}/no/such/folder.db"
    with make_app(missing if backend == "sqlite" else nobody).app_context():
        for reach in (kept, database.revision, lambda: database.in_unit_of_work(lambda: add("A"))):
            with pytest.raises(Unavailable):
                reach()
