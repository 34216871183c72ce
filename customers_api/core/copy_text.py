"""Rows as the text that PostgreSQL's COPY reads: several times as fast as the driver writes it."""

from collections.abc import Iterable, Sequence
from typing import cast

ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
TABLE = str.maketrans(ESCAPES)
NULL = "\\N"
Column = Sequence[str | None]


def text(columns: Iterable[Column]) -> str:
    """All rows, given by their columns; no value may hold a NUL, which no text of PostgreSQL's can.

    A column is looked at as a whole: few have anything to escape, and many hold few values.
    """
    rows = zip(*map(_escaped, columns), strict=True)
    return "".join([f"{line}\n" for line in map("\t".join, rows)])


def _escaped(column: Column) -> Iterable[str]:
    distinct = {*column}
    together = "".join(filter(None, distinct))
    if None not in distinct and not any(each in together for each in ESCAPES):
        return cast("Sequence[str]", column)
    escaped = {value: NULL if value is None else value.translate(TABLE) for value in distinct}
    return map(escaped.__getitem__, column)
