r"""Searching customers: every given filter must match, and the total is exact.

A text filter is a substring, without regard to case; `%`, `_` and `\` are ordinary characters.
The database keeps each customer's searched text in `customer_search`, indexed by trigrams; texts
of one or two characters, which have none, are looked for in all of them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    column,
    func,
    literal_column,
    select,
    table,
    tablesample,
)

from customers_api.core import database
from customers_api.core.customers import identity, queries, statistics
from customers_api.core.customers.model import CUSTOMERS, TAGS
from customers_api.core.customers.statistics import COUNTS_NOW
from customers_api.core.database import AnyRow
from customers_api.core.paging import Slice, Sort
from customers_api.core.types import LARGEST_ID, Id

C = CUSTOMERS.c
COUNTED = COUNTS_NOW.c
SEARCH = table("customer_search", column("customer_id"), column("key"))
SHORTEST_INDEXED = 3
# These are part of `query`'s text, so its index narrows them down.
NAMES = frozenset({"first_name", "last_name", "company_name"})
# There are few of these, so their values are looked up first and then compared whole.
PLACES = frozenset({"city", "country"})
INDEXED = NAMES | {"query"}
# FTS5 knows the capitals of an older Unicode; in these ranges the two agree, or there are none.
FOLDED_ALIKE = re.compile(
    "[\u0020-\u007e\u00a0-\u017f\u03ac-\u03ce\u0430-\u045f\u0590-\u06ff\u0900-\u0dff\u3040-\u9fff\uac00-\ud7a3]*"
)
# Of the pages of all texts, to tell a frequent substring by; and what makes one frequent.
SAMPLE_PERCENT = 0.2
FREQUENT_ONE_IN = 8


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was found, and how many were found in all."""

    customers: Sequence[AnyRow]
    total: int


@dataclass(frozen=True, slots=True)
class Shape:
    """Which filters are given, and for which of them the index is used: what a statement needs."""

    names: tuple[str, ...]
    indexed: frozenset[str]
    dialect: str

    @property
    def is_selective(self) -> bool:
        """Whether so few match, as far as can be told, that they are best found first."""
        return bool(self.indexed) or "email" in self.names


def search(filters: Mapping[str, Any], sort: Sort, fields: queries.Fields, part: Slice) -> Page:
    """The customers for which every filter is true.

    Filters: query, first_name, last_name, company_name, city, country (substrings), email (whole),
    is_active, is_verified, tags (any of them), created_after, created_before (both included).
    """
    given = {name: value for name, value in filters.items() if value not in (None, "", ())}
    parameters = dict(_parameters(given))
    shape = _shape(given, parameters)
    cut = {**parameters, "skip": min(part.skip, LARGEST_ID), "limit": part.limit}
    if shape.is_selective:
        rows = database.rows(_found_first(shape, sort, fields), cut)
        if rows or not part.skip:
            return Page(rows, rows[0].total if rows else 0)
    total = int(database.rows(_count(shape), parameters)[0][0])
    if part.skip >= total:
        return Page([], total)
    return Page(database.rows(_walked(shape, sort, fields), cut), total)


def _shape(given: Mapping[str, Any], parameters: Mapping[str, Any]) -> Shape:
    texts = [name for name in sorted(given) if name in INDEXED]
    long = tuple(name for name in texts if len(given[name]) >= SHORTEST_INDEXED)
    dialect = database.dialect()
    if dialect == "sqlite":
        long = tuple(name for name in long if FOLDED_ALIKE.fullmatch(given[name].lower()))
    frequent = _frequent(long, parameters) if long and dialect == "postgresql" else frozenset()
    return Shape(tuple(sorted(given)), frozenset(long) - frequent, dialect)


def _frequent(names: tuple[str, ...], parameters: Mapping[str, Any]) -> frozenset[str]:
    """Which of these substrings so many have that reading everything is quicker than the index.

    The planner cannot tell, so a few pages of the texts are looked at.
    """
    seen, *having = database.rows(_sampled(names), parameters)[0]
    return frozenset(
        name for name, n in zip(names, having, strict=True) if n * FREQUENT_ONE_IN > seen
    )


def _parameters(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if name == "email":
            yield name, identity.email_key(value)
        elif name in PLACES:
            # Told to the planner as values, it knows how many customers each has.
            yield name, statistics.holding(name, value)
        elif isinstance(value, str):
            folded = value.lower()
            yield name, folded
            yield f"{name}_like", f"%{_escaped(folded)}%"
            yield f"{name}_match", '"' + value.replace('"', '""') + '"'
        else:
            yield name, list(value) if isinstance(value, tuple) else value


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


@lru_cache(maxsize=512)
def _count(shape: Shape) -> Select[*tuple[Any, ...]]:
    if not shape.names:
        # Everything: that number is kept.
        total = func.coalesce(func.sum(COUNTED.n), 0)
        return select(total).where(COUNTED.dimension == "customers")
    if shape.names == ("query",):
        return select(func.count()).select_from(SEARCH).where(*_in_text("query", shape))
    return select(func.count()).select_from(CUSTOMERS).where(*_conditions(shape))


@lru_cache(maxsize=512)
def _found_first(shape: Shape, sort: Sort, fields: queries.Fields) -> Select[*tuple[Any, ...]]:
    """A page, and the total in each of its rows, of what is found first and sorted then."""
    found = select(C.id).where(*_conditions(shape)).cte("found")
    if shape.dialect == "postgresql":
        # Apart, or the planner, who guesses badly at substrings, may walk through all customers.
        found = found.prefix_with("MATERIALIZED")
    total = select(func.count()).select_from(found).scalar_subquery().label("total")
    page = select(*queries.columns(fields), total).where(C.id.in_(select(found.c.id)))
    return _cut(page, sort, shape)


@lru_cache(maxsize=512)
def _walked(shape: Shape, sort: Sort, fields: queries.Fields) -> Select[*tuple[Any, ...]]:
    """A page for the planner to find in the order of the sort."""
    return _cut(select(*queries.columns(fields)).where(*_conditions(shape)), sort, shape)


@lru_cache(maxsize=64)
def _sampled(names: tuple[str, ...]) -> Select[*tuple[Any, ...]]:
    sample = tablesample(SEARCH, func.system(SAMPLE_PERCENT))
    having = [
        func.count().filter(sample.c.key.like(bindparam(f"{name}_like"), escape="\\"))
        for name in names
    ]
    return select(func.count(), *having).select_from(sample)


def _cut(statement: Select[*tuple[Any, ...]], sort: Sort, shape: Shape) -> Select[*tuple[Any, ...]]:
    return (
        statement.order_by(*queries.order_by(sort, shape.dialect))
        .offset(bindparam("skip", 0, type_=Id))
        .limit(bindparam("limit", 0))
    )


def _conditions(shape: Shape) -> list[ColumnElement[bool]]:
    return [each for name in shape.names for each in _condition(name, shape)]


def _condition(name: str, shape: Shape) -> Iterator[ColumnElement[bool]]:
    if name == "query":
        yield _in_text_of_customer(name, shape)
    elif name in NAMES:
        if name in shape.indexed:
            yield _in_text_of_customer(name, shape)
        yield _holds(func.folded(C[name]), name, shape)
    elif name in PLACES:
        yield C[name].in_(bindparam(name, expanding=True))
    else:
        yield WHOLE[name]


WHOLE: Mapping[str, ColumnElement[bool]] = {
    "email": C.email_key == bindparam("email"),
    "tags": C.id.in_(
        select(TAGS.c.customer_id).where(TAGS.c.tag.in_(bindparam("tags", expanding=True)))
    ),
    "created_after": C.created_at >= bindparam("created_after", type_=C.created_at.type),
    "created_before": C.created_at <= bindparam("created_before", type_=C.created_at.type),
    "is_active": queries.EXPRESSIONS["is_active"] == bindparam("is_active"),
    "is_verified": queries.EXPRESSIONS["is_verified"] == bindparam("is_verified"),
}


def _in_text_of_customer(name: str, shape: Shape) -> ColumnElement[bool]:
    id = SEARCH.c.customer_id if shape.dialect == "postgresql" else literal_column("rowid")
    found = select(id).select_from(SEARCH).where(*_in_text(name, shape))
    if name in shape.indexed or shape.dialect != "postgresql":
        return C.id.in_(found)
    return found.where(SEARCH.c.customer_id == C.id).correlate(CUSTOMERS).exists()


def _in_text(name: str, shape: Shape) -> Iterator[ColumnElement[bool]]:
    """That a customer's text holds the value, by the index where that is quicker."""
    if shape.dialect == "postgresql":
        like = SEARCH.c.key.like(bindparam(f"{name}_like"), escape="\\")
        yield like if name in shape.indexed else _holds(SEARCH.c.key, name, shape)
        return
    if name in shape.indexed:
        yield literal_column("customer_search").op("MATCH")(bindparam(f"{name}_match"))
    # The index folds a little more than lower case does.
    yield _holds(func.folded(SEARCH.c.key), name, shape)


def _holds(text: ColumnElement[Any], name: str, shape: Shape) -> ColumnElement[bool]:
    position = func.strpos if shape.dialect == "postgresql" else func.instr
    found: ColumnElement[bool] = position(text, bindparam(name)) > 0
    return found
