"""Batches of made-up customers, as the databases take them.

This is what a worker process does; so it knows no database, and what it returns is quick to pass.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from customers_api.core import copy_text
from customers_api.core.customers.generation import derived, people
from customers_api.core.customers.generation.draws import draws

CUSTOMER_COLUMNS = ("id", *people.COLUMNS)
CREATED_AT = CUSTOMER_COLUMNS.index("created_at")
TAG_COLUMNS = ("customer_id", "tag")


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
        # PostgreSQL keeps the text folded, and since when; SQLite's index folds by itself.
        folded = [
            (owner, text.lower(), row[CREATED_AT])
            for (owner, text), row in zip(search, customers, strict=True)
        ]
        return Made(batch.numbers, _text(customers), _text(tags), _text(folded), counts)
    return Made(batch.numbers, customers, tags, search, counts)


def _text(rows: Sequence[Sequence[str | None]]) -> str:
    return copy_text.text(zip(*rows, strict=True))
