"""Connections that are lent for one statement: they come back, whatever happens meanwhile."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import QueuePool, String, TypeDecorator, bindparam, func, literal, select
from sqlalchemy.exc import DBAPIError

from customers_api.core import database, pool, statements
from customers_api.core.groups.queries import TABLE as GROUPS
from customers_api.core.statements import Prepared
from customers_api.extensions import db

on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
NAMED = Prepared(select(GROUPS.c.name).where(GROUPS.c.name == bindparam("wanted")))
WHO_ANSWERS = Prepared(select(func.pg_backend_pid().label("pid")))
MANY = Prepared(select(func.generate_series(1, 200).label("n")))
DIVIDED = Prepared(select(literal(1) / (func.length("a") - 1)))


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    """The application, at work."""
    with app.app_context():
        yield


def lender() -> QueuePool:
    assert isinstance(db.engine.pool, QueuePool)
    return db.engine.pool


def who_answers() -> int:
    return int(database.rows(WHO_ANSWERS)[0].pid)


def test_a_loan_ends_with_its_statement() -> None:
    database.rows(NAMED, {"wanted": "A"})
    assert lender().checkedout() == 0


def test_two_loans_at_once_are_of_two_connections() -> None:
    first, second = pool.lend(lender()), pool.lend(lender())
    try:
        assert first.dbapi_connection is not second.dbapi_connection
        assert lender().checkedout() == 2
    finally:
        pool.take_back(first, lender())
        pool.take_back(second, lender())
    assert lender().checkedout() == 0


@on_postgresql
def test_a_connection_whose_statement_is_refused_is_used_again() -> None:
    before = who_answers()
    with pytest.raises(DBAPIError, match="division by zero"):
        database.rows(DIVIDED)
    assert lender().checkedout() == 0
    assert who_answers() == before


class Unreadable(TypeDecorator[str]):
    """What somebody presses Control-C at."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: object, dialect: object) -> str:
        raise KeyboardInterrupt


@on_postgresql
def test_a_connection_that_may_be_in_the_midst_of_something_is_not_used_again() -> None:
    before = who_answers()
    with pytest.raises(KeyboardInterrupt):
        database.rows(Prepared(select(literal("a", Unreadable()))))
    assert lender().checkedout() == 0
    assert who_answers() != before


@on_postgresql
def test_a_value_that_is_missing_costs_no_connection() -> None:
    before = who_answers()
    with pytest.raises(KeyError):
        database.rows(NAMED, {})
    assert who_answers() == before


def test_a_default_that_nothing_looks_for_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="wanted"):
        database.rows(Prepared(select(bindparam("wanted", 10))), {"wanted": 3})


@on_postgresql
def test_what_was_found_is_not_kept_by_a_connection_nobody_uses() -> None:
    assert len(database.rows(MANY)) == 200
    one = pool.lend(lender())
    pool.take_back(one, lender())
    assert statements.CURSOR not in one.info
    database.rows(WHO_ANSWERS)
    assert statements.CURSOR in one.info


@on_postgresql
def test_a_sole_write_passes_over_a_connection_that_was_closed() -> None:
    before = who_answers()
    one = pool.lend(lender())
    assert one.dbapi_connection is not None
    one.dbapi_connection.close()
    pool.take_back(one, lender())
    assert statements.run(WHO_ANSWERS, {}, db.engine, fresh=True)[0].pid != before
    assert lender().checkedout() == 0


@on_postgresql
def test_what_breaks_in_a_pool_of_old_says_nothing_of_the_new_one() -> None:
    old = lender()
    broken = pool.lend(old)
    db.engine.dispose()
    now = who_answers()
    with pytest.raises(DBAPIError) as refused:
        statements.refuse(_error_of(broken), db.engine, broken, old)
    pool.take_back(broken, old)
    assert refused.value.connection_invalidated
    assert who_answers() == now


def _error_of(broken: pool.Loan) -> Exception:
    assert broken.dbapi_connection is not None
    broken.dbapi_connection.close()
    with pytest.raises(Exception, match="closed") as raised:
        broken.dbapi_connection.cursor().execute("SELECT 1")
    return raised.value


@on_postgresql
def test_a_connection_that_the_server_has_ended_is_replaced_unnoticed() -> None:
    before = who_answers()
    one = pool.lend(lender())
    with db.engine.connect() as other:
        other.execute(select(func.pg_terminate_backend(before)))
    pool.take_back(one, lender())
    assert who_answers() != before
    assert lender().checkedout() == 0
