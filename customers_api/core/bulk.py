"""Many rows in one statement, on either database.

PostgreSQL reads the records from one JSON parameter; SQLite, which has no round trips to save, runs
one prepared statement for each.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Protocol

import msgspec
from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    Insert,
    Integer,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.types import TypeEngine

from customers_api.core import database
from customers_api.core.types import Choices

Types = Mapping[str, TypeEngine[Any]]
Record = Mapping[str, Any]
_POSITION = Integer()


class Source(Protocol):
    """One record's values as SQL: columns of a record set, or bound parameters."""

    def __getitem__(self, name: str, /) -> ColumnElement[Any]:
        """The value called `name`."""


Selection = Callable[[Source], Select[*tuple[Any, ...]]]


def insert(
    table: Table, names: Sequence[str], types: Types, selection: Selection, *, by: str | None = None
) -> Insert:
    """INSERT INTO `table` (`names`) what `selection` makes of each record; conflicts are skipped.

    `types` says what a record holds. Rows are made in the order of the records, and on PostgreSQL
    inserted in that of `by`, a name that the selection gives: racing writers who take what must be
    unique in one order do not wait for each other in a circle.
    """
    if database.dialect() == "postgresql":
        records = _record_set({"position": _POSITION, **types})
        ordered = selection(records.c).order_by(records.c.position)
        if by is not None:
            made = ordered.subquery("made")
            ordered = select(*made.c).order_by(made.c[by])
        return postgresql_insert(table).from_select(names, ordered).on_conflict_do_nothing()
    bound = {name: bindparam(name, type_=kind) for name, kind in types.items()}
    # Without WHERE, SQLite's parser takes ON CONFLICT for the ON of a join.
    single = selection(bound).where(true())
    return sqlite_insert(table).from_select(names, single).on_conflict_do_nothing()


def run(
    statement: Insert,
    types: Types,
    records: Sequence[Record],
    common: Record = MappingProxyType({}),
) -> int:
    """Run a statement made by `insert`; returns how many rows it inserted.

    `common` are parameters that the statement's selection binds itself, the same for all records.
    """
    if not records:
        return 0
    # Without being told so, SQLAlchemy forgets it of an INSERT as soon as the cursor is closed.
    statement = statement.execution_options(preserve_rowcount=True)
    if database.dialect() == "postgresql":
        document = msgspec.json.encode(
            [{"position": i, **_plain(record, types)} for i, record in enumerate(records)]
        ).decode()
        return database.write(statement, {**common, "records": document}).rowcount
    return database.write(statement, [{**common, **record} for record in records]).rowcount


def _record_set(types: Types) -> FromClause:
    return (
        func.json_to_recordset(cast(bindparam("records", type_=Text), JSON))
        .table_valued(*(column(name, kind) for name, kind in types.items()), name="record")
        .render_derived(with_types=True)
    )


def _plain(record: Record, types: Types) -> Record:
    """The record, choices spelled as their column has them; JSON would make them lists."""
    choices = {name: ",".join(record[name]) for name in types if isinstance(types[name], Choices)}
    return {**record, **choices}
