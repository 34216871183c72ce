"""Many rows in one statement, on either database.

PostgreSQL reads the records from one JSON parameter; SQLite, which has no round trips to save, runs
one prepared statement for each.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    Insert,
    Table,
    Text,
    bindparam,
    column,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.sql.base import ReadOnlyColumnCollection
from sqlalchemy.types import TypeEngine

from customers_api.core import database

Source = ReadOnlyColumnCollection[str, ColumnElement[Any]] | Mapping[str, ColumnElement[Any]]
Record = Mapping[str, Any]


def records(fields: Mapping[str, TypeEngine[Any]]) -> FromClause:
    """PostgreSQL's view of the parameter `records`, a JSON list, as rows of these typed fields."""
    return (
        func.json_to_recordset(bindparam("records", type_=JSON))
        .table_valued(*(column(name, kind) for name, kind in fields.items()), name="record")
        .render_derived(with_types=True)
    )


def encoded(rows: Sequence[Record]) -> str:
    """The records as the JSON text that `records` reads."""
    return msgspec.json.encode(rows).decode()
