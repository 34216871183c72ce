"""Batches of made-up customers, as the databases take them.

This is what a worker process does; so it knows no database, and what it returns is quick to pass.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from customers_api.core.customers.generation import derived, people
from customers_api.core.customers.generation.derived import Row
from customers_api.core.customers.generation.draws import draws

CUSTOMER_COLUMNS = ("id", *people.COLUMNS)
TAG_COLUMNS = ("customer_id", "tag")
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
    search: Any
    counts: Counter[derived.Count]


def make(batch: Batch) -> Made:
    """Make the customers of a batch."""
    ids = range(batch.first_id, batch.first_id + len(batch.numbers))
    drawn = [draws(number) for number in batch.numbers]
    made = [people.texts(*each, batch.groups) for each in zip(batch.numbers, drawn, strict=True)]
    owners = [str(id) for id in ids]
    customers = [(owner, *row) for owner, row in zip(owners, made, strict=True)]
    tags = [
        (owner, tag) for owner, each in zip(owners, drawn, strict=True) for tag in people.tags(each)
    ]
    search = [(owner, derived.search_text(row)) for owner, row in zip(owners, made, strict=True)]
    counts = derived.counts(ids, made)
    if batch.as_copy:
        # PostgreSQL keeps the text folded; SQLite's index folds by itself.
        folded = ((owner, text.lower()) for owner, text in search)
        texts = _copy_text(customers), _copy_text(tags), _copy_text(folded)
        return Made(batch.numbers, *texts, counts)
    return Made(batch.numbers, customers, tags, search, counts)


def _copy_text(rows: Iterable[Row]) -> str:
    return "".join([_copy_line(row) for row in rows])


def _copy_line(row: Row) -> str:
    # No text of one of our customers has a NUL in it; it stands for a missing value here.
    line = "\t".join(["\0" if value is None else value for value in row])
    if "\\" in line or "\n" in line:
        line = "\t".join(["\0" if value is None else value.translate(ESCAPES) for value in row])
    return line.replace("\0", "\\N") + "\n"
