"""Batches of made-up customers, as the databases take them.

This is what a worker process does; so it knows no database, and what it returns is quick to pass.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from customers_api.core.customers.generation import people
from customers_api.core.customers.generation.draws import draws

Row = Sequence[str | None]

CUSTOMER_COLUMNS = ("id", *people.COLUMNS)
TAG_COLUMNS = ("customer_id", "position", "tag")
ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


class Batch(NamedTuple):
    """Consecutive customers to make; ids are given out from `first_id` on."""

    numbers: range
    first_id: int
    groups: Sequence[str | None]
    as_copy: bool


class Made(NamedTuple):
    """What a batch became: rows, or with `as_copy` the text that PostgreSQL's COPY reads."""

    numbers: range
    customers: Any
    tags: Any


def make(batch: Batch) -> Made:
    """Make the customers of a batch."""
    customers: list[Row] = []
    tags: list[Row] = []
    for id, number in enumerate(batch.numbers, batch.first_id):
        owner, drawn = str(id), draws(number)
        customers.append((owner, *people.texts(number, drawn, batch.groups)))
        for position, tag in enumerate(people.tags(drawn)):
            tags.append((owner, str(position), tag))
    if batch.as_copy:
        return Made(batch.numbers, _copy_text(customers), _copy_text(tags))
    return Made(batch.numbers, customers, tags)


def _copy_text(rows: Iterable[Row]) -> str:
    return "".join([_copy_line(row) for row in rows])


def _copy_line(row: Row) -> str:
    # No text of one of our customers has a NUL in it; it stands for a missing value here.
    line = "\t".join(["\0" if value is None else value for value in row])
    if "\\" in line or "\n" in line:
        line = "\t".join(["\0" if value is None else value.translate(ESCAPES) for value in row])
    return line.replace("\0", "\\N") + "\n"
