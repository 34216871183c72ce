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
        records = record_set(types)
        ordered = selection(records.c).order_by(records.c.position)
        if by is not None:
            made = ordered.subquery("made")
            ordered = select(*made.c).order_by(made.c[by].collate("C"))
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
        return database.write(statement, {**common, "records": document(records, types)}).rowcount
    return database.write(statement, [{**common, **record} for record in records]).rowcount


def record_set(types: Types) -> FromClause:
    """For PostgreSQL: the records of the parameter `records`, a `document` of them."""
    columns = {"position": _POSITION, **types}
    return (
        func.json_to_recordset(cast(bindparam("records", type_=Text), JSON))
        .table_valued(*(column(name, kind) for name, kind in columns.items()), name="record")
        .render_derived(with_types=True)
    )


def document(records: Sequence[Record], types: Types) -> str:
    """The records as JSON, without what has no value: it would be read only to be nothing."""
    choices = [name for name, kind in types.items() if isinstance(kind, Choices)]
    plain = [_plain(record, choices) for record in records]
    for position, record in enumerate(plain):
        record["position"] = position
    return msgspec.json.encode(plain).decode()


def _plain(record: Record, choices: Sequence[str]) -> dict[str, Any]:
    plain = {name: value for name, value in record.items() if value is not None}
    for name in choices:
        # Spelled as their column has them; JSON would make them lists.
        if name in plain:
            plain[name] = ",".join(plain[name])
    return plain
