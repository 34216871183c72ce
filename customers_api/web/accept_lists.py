"""The quick way in for lists of records: a field at a time, as many records share their values.

It takes what `accept` takes of each record, and is as silent about the rest.
"""

from collections.abc import Callable, Mapping, Sequence, Set
from functools import cache
from itertools import repeat
from typing import Any

from marshmallow import Schema, missing

from customers_api.core.columns import column
from customers_api.web.accept import (
    ABSENT,
    NEEDED,
    Compiled,
    Entry,
    Loaded,
    Unsure,
    compiled,
    unsure,
)

ReadAll = Callable[[Sequence[Any]], list[Loaded]]
NOTHING = {type(None), type(ABSENT)}
# Equal values of these types are the same in every way; 1 and True, or 1.0 and 1.00, are not.
SHARED: Sequence[Set[type]] = ({str}, {int})


@cache
def reader(schema: Schema) -> ReadAll:
    """What reads a list of documents by the schema, or raises Unsure or ValidationError."""
    asked = compiled(schema)
    return unsure if asked is None else lambda given: _read(asked, given)


def _read(asked: Compiled, given: Sequence[Any]) -> list[Loaded]:
    if any(kind is not dict for kind in {*map(type, given)}):
        raise Unsure
    columns: dict[str, list[Any]] = {}
    found, is_sparse = 0, False
    for entry in asked.entries:
        key, name, _, _, default = entry
        values = column(given, key, ABSENT)
        kinds = {*map(type, values)}
        absent = values.count(ABSENT) if type(ABSENT) in kinds else 0
        found += len(values) - absent
        if absent < len(values) or default is not missing:
            columns[name] = _column(entry, values, kinds)
            is_sparse |= bool(absent) and default is missing
    if found != sum(map(len, given)):
        raise Unsure
    loaded = _records(columns, len(given), is_sparse)
    for check in asked.checks:
        for record in loaded:
            check(record)
    return loaded


def _records(columns: Mapping[str, list[Any]], count: int, is_sparse: bool) -> list[Loaded]:
    rows = zip(*columns.values(), strict=True) if columns else repeat((), count)
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    if not is_sparse:
        return records
    return [
        {name: value for name, value in record.items() if value is not ABSENT} for record in records
    ]


def _column(entry: Entry, values: list[Any], kinds: set[type]) -> list[Any]:
    """What is kept of the values, which are of these types."""
    _, _, accept, nullable, default = entry
    if type(ABSENT) in kinds and default is NEEDED:
        raise Unsure
    if type(None) in kinds and not nullable:
        raise Unsure
    instead = {None: None, ABSENT: ABSENT if default is missing else default}
    if kinds - NOTHING in SHARED and 2 * len(distinct := {*values}) < len(values):
        known = instead | {value: accept(value) for value in distinct.difference(instead)}
        return [*map(known.__getitem__, values)]
    if kinds.isdisjoint(NOTHING):
        return [*map(accept, values)]
    return [
        instead[value] if value is None or value is ABSENT else accept(value) for value in values
    ]
