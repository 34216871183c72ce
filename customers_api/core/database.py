"""How the core reaches the database: reads in autocommit, writes in one unit of work.

A read takes one round trip: no BEGIN and no ROLLBACK around it. Inside a unit of work the same
calls run on its connection, so that what was just written is seen. A sole unit, which is a single
statement on PostgreSQL, takes one round trip too.
"""

import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Executable,
    Select,
    Table,
    bindparam,
    func,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from customers_api.core import statements
from customers_api.core.copy_text import Column
from customers_api.core.errors import Unavailable
from customers_api.core.outage import Silent
from customers_api.core.statements import AnyRow, Prepared, Values
from customers_api.core.types import LARGEST_ID
from customers_api.extensions import db

log = logging.getLogger(__name__)
Result = TypeVar("Result")
Item = TypeVar("Item")
Record = TypeVar("Record")
Parameters = Mapping[str, object] | Sequence[Mapping[str, object]]

WRITES: Mapping[str, Mapping[str, object]] = {
    "postgresql": {"isolation_level": "READ COMMITTED"},
    "sqlite": {"begin_immediate": True},
}
READS: Mapping[str, Mapping[str, Any]] = {
    "postgresql": {"isolation_level": "READ COMMITTED"},
    "sqlite": {},
}
# PostgreSQL's deadlock_detected, serialization_failure and foreign_key_violation: the loser may
# simply try again, and finds then whether what it refers to is really gone.
RETRYABLE = frozenset({"40P01", "40001", "23503"})
ATTEMPTS = 5
CHUNK_ROWS = 1000
# Below what either database takes in one statement.
MOST_PARAMETERS = 10_000


class Unit:
    """An open unit of work: whether it has begun, or has done already all that it may.

    A `sole` one is a single statement where the database can do all of it in one. A class, as a
    generator takes three times as long.
    """

    def __init__(self, *, sole: bool) -> None:
        self.sole = sole
        self.begun = False
        self.spent = False
        self.afterwards: list[Callable[[], None]] = []

    def __enter__(self) -> None:
        """Begin, where all of it is not one statement."""
        if _unit.get() is not None:
            raise RuntimeError("a unit of work is open already")
        self._before = _unit.set(self)
        if not self.sole:
            try:
                _begun()
            except BaseException as error:
                self.__exit__(type(error), error, error.__traceback__)
                raise

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Commit, or undo what was done; raises what was raised, or Unavailable for that."""
        with translated:
            self._end(error)
        _run(self.afterwards)

    def _end(self, error: BaseException | None) -> None:
        try:
            if error is not None:
                raise error
            if self.begun:
                _commit()
        except BaseException:
            self.afterwards.clear()
            if self.begun:
                db.session.rollback()
            raise
        finally:
            _unit.reset(self._before)


_unit: ContextVar[Unit | None] = ContextVar("unit of work", default=None)


class Disconnected(Unavailable):
    """The connection to the database broke; try again."""


class Contended(Unavailable):
    """Too many others were writing the same at this moment; nothing was done; try again shortly."""

    code = "contended"


class OutcomeUnknown(Unavailable):
    """Whether this was saved is not known, as the database went away; look before you retry."""

    code = "outcome-unknown"


def rows(
    statement: Executable | Prepared, parameters: Parameters | None = None
) -> Sequence[AnyRow]:
    """All rows of one statement; raises Unavailable when the database cannot be reached."""
    if isinstance(statement, Prepared):
        return read(lambda: _direct(statement, parameters))
    return read(lambda: _rows(statement, parameters))


def read(work: Callable[[], Result]) -> Result:
    """What `work`, which reads only, returns; raises Unavailable when that cannot be had.

    Done again when its connection had broken while nobody used it: the next one is a new one.
    """
    with translated:
        try:
            return work()
        except DBAPIError as error:
            if _unit.get() is not None or not is_broken(error):
                raise
            db.session.rollback()
            return work()


def record(kind: type[Record], id: int, *, lock: bool = False) -> Record | None:
    """The record of this kind with this id, kept from other writers if so wished, or None."""
    if not 0 < id <= LARGEST_ID:
        return None
    return read(lambda: session().get(kind, id, with_for_update=True if lock else None))


def records(statement: Select[Record]) -> Sequence[Record]:
    """The records that a statement selects."""
    return read(lambda: session().scalars(statement).all())


def first(statement: Executable | Prepared, parameters: Parameters | None = None) -> AnyRow | None:
    """The first row of one statement, or None."""
    return next(iter(rows(statement, parameters)), None)


def chunks(statement: Prepared, parameters: Values) -> Iterator[Sequence[AnyRow]]:
    """The rows of a statement of any size, a chunk at a time, in memory that does not grow.

    A result that fits the first chunk, nearly all do, takes one round trip; a larger one is read
    again from the start through a cursor that the database keeps.
    """
    if _unit.get() is not None:
        yield rows(statement, parameters)
        return
    head = rows(statement.head(CHUNK_ROWS + 1), parameters)
    if len(head) <= CHUNK_ROWS:
        yield head
        return
    with translated, db.engine.connect() as connection:
        # PostgreSQL keeps a cursor only inside a transaction.
        reading = connection.execution_options(stream_results=True, **READS[dialect()])
        with reading.execute(statement.statement, parameters) as found:
            yield from found.partitions(CHUNK_ROWS)


def in_use(
    column: ColumnElement[Item], values: Sequence[Item], *conditions: ColumnElement[bool]
) -> frozenset[Item]:
    """Which of these values the column holds, in rows for which the conditions are true."""
    wanted = column.in_(bindparam("wanted", expanding=True))
    statement = select(column).where(wanted, *conditions)
    return frozenset(
        row[0] for some in batches(values) for row in rows(statement, {"wanted": some})
    )


def batches(values: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """The values in pieces, each of which one statement can take as parameters."""
    for start in range(0, len(values), MOST_PARAMETERS):
        yield list(values[start : start + MOST_PARAMETERS])


def write(statement: Executable, parameters: Parameters | None = None) -> CursorResult[Any]:
    """Run a statement in the open unit of work; raises RuntimeError where none is open."""
    return _begun().connection().execute(statement, parameters)


def alone(statement: Prepared, parameters: Values) -> Sequence[AnyRow]:
    """The rows that a statement returns of what it writes; in a sole unit it commits itself.

    It must write nothing where it returns no row; only then may anything follow in a sole unit.
    """
    unit = _open()
    if unit.begun or not unit.sole:
        _begun()
        return _direct(statement, parameters)
    if unit.spent:
        raise RuntimeError("the only statement of this unit of work is committed already")
    try:
        written = _committed(statement, parameters)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise OutcomeUnknown from error
        raise
    unit.spent = bool(written)
    return written


def tried(statement: Prepared, parameters: Values) -> Sequence[AnyRow] | None:
    """What `alone` returns; None where something stands against it, and nothing is done.

    None, too, in a unit of work that could not go on after that: there it is not tried.
    """
    unit = _open()
    if unit.begun or not unit.sole:
        return None
    try:
        return alone(statement, parameters)
    except IntegrityError:
        return None


@contextmanager
def copying() -> Iterator[Callable[[Table, Sequence[str], Iterable[Column]], None]]:
    """What puts rows into a table of PostgreSQL's the quickest way, in the open unit of work.

    Gives a function of a table, names of columns, and their values. When anything raised ends it,
    what was done inside is undone, and the unit of work goes on.
    """
    engine, connection = db.engine, _begun().connection()
    with connection.begin_nested():
        yield partial(statements.copy, engine=engine, connection=connection.connection)


def is_watched() -> bool:
    """Whether somebody listens to statements, and would not hear of `copying`."""
    return statements.is_watched(db.engine)


def session() -> Session:
    """The session for records: of the open unit of work, or for reading."""
    if _unit.get() is not None:
        return _begun()
    return db.session()


def upsert(table: Table) -> postgresql.Insert:
    """An INSERT of the database's own, which can be told what to do about conflicts."""
    insert: Any = postgresql.insert if dialect() == "postgresql" else sqlite.insert
    statement: postgresql.Insert = insert(table)
    return statement


def dialect() -> str:
    """`sqlite` or `postgresql`."""
    return db.engine.dialect.name


def revision() -> str:
    """The schema's revision; raises Unavailable where there is no schema yet."""
    try:
        row = first(text("SELECT version_num FROM alembic_version"))
    except DBAPIError as error:
        raise Unavailable from error
    if row is None:
        raise Unavailable("The database has no schema yet: flask --app wsgi db upgrade")
    return str(row.version_num)


def unit_of_work(*, sole: bool = False) -> Unit:
    """Commit at the end all that is done inside, or none of it when anything is raised.

    With `sole`, what is done is one call of `alone`, which PostgreSQL needs no transaction for.
    """
    return Unit(sole=sole and dialect() == "postgresql")


def afterwards(work: Callable[[], None]) -> None:
    """Have `work` done once the open unit of work is committed; what it raises is only logged."""
    _open().afterwards.append(work)


@contextmanager
def apart(lock: int) -> Iterator[Connection | None]:
    """A transaction of its own; None where another process is in one with the same `lock`.

    Each statement sees all that whoever had the lock before has done.
    """
    with translated, db.engine.connect() as connection:
        connection.execution_options(**WRITES[dialect()])
        with connection.begin():
            if dialect() == "postgresql" and not connection.scalar(
                select(func.pg_try_advisory_xact_lock(lock))
            ):
                yield None
                return
            yield connection


def clear_away(table: str) -> None:
    """Have PostgreSQL use the room of removed rows, which each reader passes over till then."""
    if dialect() == "postgresql":
        with translated, db.engine.connect() as connection:
            # To end the file there, too, would make writers wait; for another's, we would.
            connection.execute(text(f"VACUUM (TRUNCATE FALSE, SKIP_LOCKED) {table}"))


def take_turns(lock: int) -> None:
    """Wait until nobody else is in a unit of work that has taken the same `lock`."""
    # SQLite's writers take turns anyway.
    if dialect() == "postgresql":
        rows(select(func.pg_advisory_xact_lock(lock)))


def give_up() -> None:
    """Undo the open unit of work, so that why it failed can be looked up before it is left."""
    db.session.rollback()
    _unit.set(None)


def in_unit_of_work(work: Callable[[], Result], *, sole: bool = False) -> Result:
    """What `work` returns, its writes committed; done again when it lost to a racing writer.

    So it is when its connection broke before anything was committed. Raises Unavailable when it
    lost every time.
    """
    for attempt in range(ATTEMPTS):
        try:
            with unit_of_work(sole=sole):
                return work()
        except Disconnected:
            if attempt:
                raise
        except DBAPIError as error:
            if not is_retryable(error):
                raise
            time.sleep(random.uniform(0, 0.02) * 2**attempt)  # noqa: S311  # nosec B311  # jitter, no secret
    raise Contended


class Translated:
    """A block in which the driver's failures to reach the database become Unavailable."""

    def __enter__(self) -> None:
        """Nothing; this is a class as a generator takes several times as long."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise Unavailable where that is what `error` means."""
        if isinstance(error, PoolTimeout):
            raise Unavailable from error
        if not isinstance(error, DBAPIError):
            return
        if is_broken(error):
            raise Disconnected from error
        unreachable = isinstance(error, OperationalError | InterfaceError)
        if unreachable and not is_retryable(error):
            raise Unavailable from error


translated = Translated()


def is_retryable(error: DBAPIError) -> bool:
    """Whether the same work may succeed when it is simply done again."""
    return getattr(error.orig, "sqlstate", None) in RETRYABLE


def is_broken(error: DBAPIError) -> bool:
    """Whether its connection is gone, and a new one may be had."""
    return error.connection_invalidated and not isinstance(error.orig, Silent)


def _rows(statement: Executable, parameters: Parameters | None) -> Sequence[AnyRow]:
    if _unit.get() is not None:
        return _begun().connection().execute(statement, parameters).all()
    with db.engine.connect() as connection:
        return connection.execute(statement, parameters).all()


def _direct(statement: Prepared, parameters: Parameters | None) -> Sequence[AnyRow]:
    """The rows of a prepared statement, from the driver itself where that is possible."""
    engine, values = db.engine, parameters or {}
    if not isinstance(values, Mapping) or not statement.is_direct(engine):
        return _rows(statement.statement, parameters)
    if _unit.get() is None:
        return statements.run(statement, values, engine)
    connection = _begun().connection().connection
    try:
        return statements.execute(statement, values, engine, connection)
    except engine.dialect.loaded_dbapi.Error as error:
        statements.refuse(error, engine, connection)


def _committed(statement: Prepared, values: Values) -> Sequence[AnyRow]:
    """The rows of a statement that commits itself.

    Of one whose connection breaks meanwhile nobody can say whether it did.
    """
    engine = db.engine
    if statement.is_direct(engine):
        return statements.run(statement, values, engine, fresh=True)
    with engine.connect() as connection:
        return connection.execute(statement.statement, values).all()


def _open() -> Unit:
    unit = _unit.get()
    if unit is None:
        raise RuntimeError("a write needs a unit of work: `with database.unit_of_work()`")
    return unit


def _begun() -> Session:
    """The session of the open unit of work, in its transaction."""
    unit = _open()
    if unit.spent:
        raise RuntimeError("the only statement of this unit of work is committed already")
    if not unit.begun:
        # Marked first: what fails on the way is rolled back.
        unit.begun = True
        db.session.rollback()
        db.session.connection(execution_options=WRITES[dialect()])
    return db.session()


def _commit() -> None:
    try:
        db.session.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise OutcomeUnknown from error
        raise


def _run(works: Sequence[Callable[[], None]]) -> None:
    for work in works:
        try:
            work()
        except Exception:
            # What is committed is not to be answered as if it were not.
            log.warning("What was to follow a unit of work failed", exc_info=True)
