"""Statements that are compiled once and handed to the driver as they are.

SQLAlchemy builds them, knows the types and keeps the connections. What it would do anew each time
one is executed costs more than the database does, so it is done once here. Where somebody listens
to the engine, as tracing does, SQLAlchemy executes them itself.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, NoReturn, cast

import psycopg
from sqlalchemy import Dialect, Engine, Executable, Pool, Row, Select, Table
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ManagesConnection
from sqlalchemy.sql.compiler import SQLCompiler

from customers_api.core import copy_text, pool, spent
from customers_api.core.cursor import Cursor
from customers_api.core.outage import has_spoken, unhurried

AnyRow = Row[*tuple[Any, ...]]
Values = Mapping[str, object]
Process = Callable[[Any], Any]
CURSOR = "cursor for one statement after the other"
ALIVE = "when it was found alive last"
# A cursor is not kept with more than that in it.
MOST_KEPT_ROWS = 100
# A server that ends connections takes longer to be there again, so asking would change nothing.
A_MOMENT_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Form:
    """A statement as one dialect spells it: what the driver takes, and what it gives."""

    text: str | bytes
    # Bound names and what each is bound to: always the same, computed, or given by a key.
    constant: Mapping[str, Any]
    computed: Sequence[tuple[str, Callable[[], Any]]]
    given: Sequence[tuple[str, str, Process | None]]
    # Drivers that know no names take the values in this order.
    order: Sequence[str] | None
    make: Callable[[Sequence[Any]], AnyRow]
    processed: Sequence[tuple[int, Process]]

    def bound(self, values: Values) -> Any:
        """The parameters as the driver takes them; raises KeyError where one is not given."""
        bound = dict(self.constant)
        for name, compute in self.computed:
            bound[name] = compute()
        for name, key, process in self.given:
            value = values[key]
            bound[name] = value if process is None else process(value)
        return bound if self.order is None else [bound[name] for name in self.order]

    def rows(self, found: Sequence[Sequence[Any]]) -> list[AnyRow]:
        """What the driver found, as rows of the statement's types."""
        make, processed = self.make, self.processed
        if not processed:
            return [make(each) for each in found]
        rows = []
        for each in found:
            row = list(each)
            for place, process in processed:
                row[place] = process(row[place])
            rows.append(make(row))
        return rows


class Prepared:
    """A statement of the same text for all values, which are bound by name."""

    def __init__(self, statement: Executable) -> None:
        self.statement = statement
        self._forms: dict[str, Form | None] = {}
        self._heads: dict[int, Prepared] = {}

    def form(self, dialect: Dialect) -> Form | None:
        """The statement as this dialect spells it, where it does so alike for all values."""
        try:
            return self._forms[dialect.name]
        except KeyError:
            return self._forms.setdefault(dialect.name, _form(self.statement, dialect))

    def is_direct(self, engine: Engine) -> bool:
        """Whether the driver can have it: nobody listens, and its text is the same for all values.

        That of an IN with a list of values is not.
        """
        return not is_watched(engine) and self.form(engine.dialect) is not None

    def head(self, count: int) -> "Prepared":
        """The same statement for its first rows only."""
        if count not in self._heads:
            self._heads[count] = Prepared(cast("Select[Any]", self.statement).limit(count))
        return self._heads[count]


def is_watched(engine: Engine) -> bool:
    """Whether somebody listens to what is asked, so that SQLAlchemy has to ask it."""
    # Nobody does where nobody listens to anything, which is quicker to be asked.
    return engine._has_events and bool(
        engine.dispatch.before_cursor_execute or engine.dispatch.after_cursor_execute
    )


def execute(
    prepared: Prepared, values: Values, engine: Engine, connection: ManagesConnection
) -> list[AnyRow]:
    """The rows of a statement on a connection of the pool; raises what the driver does."""
    form = _found(prepared, engine)
    return _asked(form, form.bound(values), engine, connection)


def copy(
    table: Table,
    names: Sequence[str],
    columns: Iterable[copy_text.Column],
    engine: Engine,
    connection: ManagesConnection,
) -> None:
    """Put rows into PostgreSQL's table by COPY, in the open transaction; raises DBAPIError.

    They are given by the values of the columns `names`, spelled as PostgreSQL reads them.
    """
    command = f"COPY {table.name} ({', '.join(names)}) FROM STDIN"
    driver: Any = connection.driver_connection
    try:
        with (
            unhurried(driver),
            spent.asking(),
            driver.cursor() as cursor,
            cursor.copy(command) as copying,
        ):
            copying.write(copy_text.text(columns))
    except engine.dialect.loaded_dbapi.Error as error:
        refuse(error, engine, connection)


def run(prepared: Prepared, values: Values, engine: Engine, *, fresh: bool = False) -> list[AnyRow]:
    """The rows of a statement in autocommit; raises DBAPIError for what the driver raises.

    With `fresh` on a connection that was not ended while nobody used it.
    """
    form = _found(prepared, engine)
    bound = form.bound(values)
    # The engine may be given another pool meanwhile.
    lender = engine.pool
    connection = _fresh(lender, engine) if fresh else _lent(lender, engine)
    try:
        return _asked(form, bound, engine, connection)
    except engine.dialect.loaded_dbapi.Error as error:
        refuse(error, engine, connection, lender)
    except BaseException:
        # Nobody undoes what it may be in the midst of.
        connection.invalidate()
        raise
    finally:
        pool.take_back(connection, lender)


def _found(prepared: Prepared, engine: Engine) -> Form:
    form = prepared.form(engine.dialect)
    if form is None:
        raise LookupError("the text of this statement depends on its values")
    return form


def _asked(form: Form, bound: Any, engine: Engine, connection: ManagesConnection) -> list[AnyRow]:
    cursor = _cursor(connection)
    try:
        # As SQLAlchemy has its driver asked, which is where what it takes is counted; it does not
        # look at the text, which drivers take as bytes, too.
        engine.dialect.do_execute(cursor, cast(str, form.text), bound)
        found = cursor.fetchall()
        if len(found) > MOST_KEPT_ROWS:
            # It would hold them until it is used again.
            connection.info.pop(CURSOR, None)
    finally:
        if connection.info.get(CURSOR) is not cursor:
            # An error's traceback may keep it till garbage is collected, in any thread. That would
            # wait for what the connection is at by then, with all other threads of the process.
            cursor.close()
    return form.rows(found)


def _cursor(connection: ManagesConnection) -> Any:
    """A cursor; PostgreSQL's is kept, as making one takes as long as a small statement."""
    cursor = connection.info.get(CURSOR)
    if cursor is None:
        driver: Any = connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            return driver.cursor()
        # Not kept by the connection itself: the two would hold each other.
        cursor = connection.info[CURSOR] = Cursor(driver)
    return cursor


def _fresh(lender: Pool, engine: Engine) -> pool.Loan:
    while True:
        connection = _lent(lender, engine)
        idle = monotonic() - connection.info.get(ALIVE, 0.0)
        if idle < A_MOMENT_SECONDS or not has_spoken(connection.driver_connection):
            connection.info[ALIVE] = monotonic()
            return connection
        connection.invalidate()
        pool.take_back(connection, lender)


def _lent(lender: Pool, engine: Engine) -> pool.Loan:
    try:
        return pool.lend(lender)
    except engine.dialect.loaded_dbapi.Error as error:
        refuse(error, engine, None)


def refuse(
    error: Exception,
    engine: Engine,
    checked_out: ManagesConnection | None,
    lender: Pool | None = None,
) -> NoReturn:
    """Raise what the driver raised as SQLAlchemy does, and forget connections that broke.

    They are those of the pool that lent this one, if it is not the engine's of today.
    """
    driver = None if checked_out is None else checked_out.dbapi_connection
    broken = driver is not None and engine.dialect.is_disconnect(error, driver, None)  # type: ignore[arg-type]
    if broken and checked_out is not None:
        pool.forget(checked_out, error, lender or engine.pool)
    raise DBAPIError.instance(
        None,
        None,
        error,
        engine.dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=broken,
        dialect=engine.dialect,
    ) from error


def _spelled(dialect: Dialect) -> Dialect:
    """The dialect to compile for: what PostgreSQL itself reads, so that the driver need not."""
    if dialect.name != "postgresql":
        return dialect
    return PGDialect_psycopg(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]


def _processed(compute: Callable[[], Any], process: Process | None) -> Callable[[], Any]:
    return compute if process is None else lambda: process(compute())


def _form(statement: Executable, dialect: Dialect) -> Form | None:
    spelled = _spelled(dialect)
    compiled = cast(SQLCompiler, statement.compile(dialect=spelled))  # type: ignore[attr-defined]
    if any(bind.expanding or bind.literal_execute for bind in compiled.binds.values()):
        return None
    constant, computed, given = {}, [], []
    for name, bind in compiled.binds.items():
        process = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if bind.callable is not None:
            computed.append((name, _processed(bind.callable, process)))
        elif bind.required:
            given.append((name, bind.key, process))
        elif bind.unique:
            constant[name] = bind.value if process is None else process(bind.value)
        else:
            raise NotImplementedError(f"{bind.key} has a default, which nothing here looks for")
    columns = getattr(statement, "exported_columns", ())
    kinds = [column.type.dialect_impl(dialect) for column in columns]
    found = enumerate(kind.result_processor(dialect, None) for kind in kinds)
    row = namedtuple("Row", [column.key for column in columns], rename=True)  # type: ignore[misc]
    return Form(
        # Its cursor knows statements by these bytes, and need not look at what is in them.
        text=str(compiled).encode("ascii") if dialect.name == "postgresql" else str(compiled),
        constant=constant,
        computed=computed,
        given=given,
        order=compiled.positiontup,
        make=cast(Callable[[Sequence[Any]], AnyRow], row._make),
        processed=[(place, process) for place, process in found if process is not None],
    )
