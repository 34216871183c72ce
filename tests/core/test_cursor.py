"""Statements that PostgreSQL knows: asked for by name, with every answer the same as at first."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from customers_api.core.cursor import Cursor
from customers_api.core.outage import Connection

OFTEN = 12
LENGTH = b"SELECT length($1), $2::timestamptz"
WHEN = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def address(postgres_server: str) -> str:
    return postgres_server + "postgres"


@pytest.fixture
def connection(address: str) -> Iterator[Connection]:
    with Connection.connect(address, autocommit=True, prepare_threshold=3) as one:
        yield one


@pytest.fixture
def cursor(connection: Connection) -> Cursor:
    return Cursor(connection)


def asked(cursor: Cursor, statement: bytes, *values: object) -> list[tuple[Any, ...]]:
    return cursor.execute(statement, [*values]).fetchall()


def known(connection: Connection) -> set[str]:
    found = connection.execute("SELECT statement FROM pg_prepared_statements", prepare=False)
    return {row[0] for row in found}


def test_the_answers_stay_the_same(cursor: Cursor) -> None:
    for i in range(OFTEN):
        assert asked(cursor, LENGTH, "a" * i, WHEN) == [(i, WHEN)]


def test_a_known_statement_does_without_psycopgs_detour(
    cursor: Cursor, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(OFTEN):
        asked(cursor, LENGTH, "a", WHEN)
    assert LENGTH.decode() in known(connection)

    def detour(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(psycopg.RawCursor, "execute", detour)
    assert asked(cursor, LENGTH, "abc", WHEN) == [(3, WHEN)]


def test_values_of_other_types_are_another_statement(cursor: Cursor) -> None:
    for i in range(OFTEN):
        for value in (i, i << 40, None, "1"):
            assert asked(cursor, b"SELECT $1::bigint", value)[0][0] == (value and int(value))


def test_what_is_refused_is_raised_and_the_cursor_goes_on(cursor: Cursor) -> None:
    for i in range(OFTEN):
        assert asked(cursor, b"SELECT 6 / $1::int", 3) == [(2,)]
        if i % 2:
            with pytest.raises(errors.DivisionByZero):
                asked(cursor, b"SELECT 6 / $1::int", 0)


def test_a_statement_that_returns_nothing_has_no_rows(cursor: Cursor) -> None:
    cursor.execute(b"CREATE TEMPORARY TABLE noted (n int)")
    for i in range(OFTEN):
        cursor.execute(b"INSERT INTO noted VALUES ($1)", [i])
        assert cursor.rowcount == 1
        with pytest.raises(psycopg.ProgrammingError):
            cursor.fetchall()
    assert asked(cursor, b"SELECT count(*) FROM noted WHERE n >= $1", 0) == [(OFTEN,)]


def test_what_psycopg_forgets_is_made_known_again(cursor: Cursor, connection: Connection) -> None:
    connection.prepared_max = 2
    statements = [b"SELECT $1::int + %d" % i for i in range(4)]
    for _ in range(2):
        for i, statement in enumerate(statements):
            for _ in range(OFTEN):
                assert asked(cursor, statement, 1) == [(1 + i,)]
    assert len(known(connection)) <= 3


def test_the_statement_asked_last_is_forgotten_last(cursor: Cursor, connection: Connection) -> None:
    connection.prepared_max = 2
    for _ in range(OFTEN):
        asked(cursor, LENGTH, "a", WHEN)
    for i in range(5):
        for _ in range(OFTEN):
            assert LENGTH.decode() in known(connection)
            asked(cursor, LENGTH, "a", WHEN)
            asked(cursor, b"SELECT $1::int + %d" % i, 1)


def test_in_a_transaction_nothing_is_committed_early(address: str) -> None:
    with Connection.connect(address, prepare_threshold=1) as connection:
        cursor = Cursor(connection)
        for i in range(OFTEN):
            assert asked(cursor, LENGTH, "a" * i, WHEN) == [(i, WHEN)]
            assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS
            connection.rollback()


def test_what_a_rollback_makes_psycopg_forget_is_made_known_again(
    cursor: Cursor, connection: Connection
) -> None:
    for _ in range(3):
        for i in range(OFTEN):
            assert asked(cursor, LENGTH, "a" * i, WHEN) == [(i, WHEN)]
        assert LENGTH.decode() in known(connection)
        connection.autocommit = False
        assert asked(cursor, LENGTH, "abc", WHEN) == [(3, WHEN)]
        connection.rollback()
        connection.autocommit = True
        assert LENGTH.decode() not in known(connection)


def test_what_cannot_be_sent_is_raised_and_the_cursor_goes_on(cursor: Cursor) -> None:
    for i in range(OFTEN):
        assert asked(cursor, LENGTH, "a" * i, WHEN) == [(i, WHEN)]
        with pytest.raises(psycopg.DataError):
            asked(cursor, LENGTH, "a\0b", WHEN)


def test_where_nothing_is_prepared_the_answers_are_the_same(address: str) -> None:
    with Connection.connect(address, autocommit=True, prepare_threshold=None) as connection:
        cursor = Cursor(connection)
        for i in range(OFTEN):
            assert asked(cursor, LENGTH, "a" * i, WHEN) == [(i, WHEN)]
        assert not known(connection)


def test_what_else_psycopg_can_be_told_is_heeded(cursor: Cursor) -> None:
    for _ in range(OFTEN):
        asked(cursor, LENGTH, "a", WHEN)
    cursor.execute(LENGTH, ["a", WHEN], binary=True)
    assert cursor.description is not None
    assert cursor.pgresult is not None
    assert cursor.pgresult.fformat(0) == psycopg.pq.Format.BINARY
    with pytest.raises(TypeError):
        cursor.execute(LENGTH, {"a": 1})


def test_a_connection_that_was_ended_says_so(
    cursor: Cursor, connection: Connection, address: str
) -> None:
    for _ in range(OFTEN):
        asked(cursor, LENGTH, "a", WHEN)
    with psycopg.connect(address, autocommit=True) as other:
        ending = sql.SQL("SELECT pg_terminate_backend({})").format(connection.info.backend_pid)
        other.execute(ending)
    with pytest.raises(psycopg.OperationalError):
        asked(cursor, LENGTH, "a", WHEN)
    assert connection.closed


def test_a_closed_connection_says_so(cursor: Cursor, connection: Connection) -> None:
    for _ in range(OFTEN):
        asked(cursor, LENGTH, "a", WHEN)
    connection.close()
    with pytest.raises(psycopg.OperationalError):
        asked(cursor, LENGTH, "a", WHEN)
