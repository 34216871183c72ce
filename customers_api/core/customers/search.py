"""Searching customers: every given filter must match, and the total is exact.

A text filter is a substring, without regard to case: see substrings.py. The database keeps each
customer's searched text in `customer_search`, indexed by trigrams; texts of one or two characters,
which have none, are looked for in all of them. Who has a tag is found first, unless so many have it
that walking in the order of the sort soon meets them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, bindparam, func, select

from customers_api.core import database
from customers_api.core.customers import identity, queries, statistics, substrings
from customers_api.core.customers.model import CUSTOMERS, TAGS
from customers_api.core.customers.statistics import COUNTS_NOW
from customers_api.core.customers.substrings import NAMES, Shape
from customers_api.core.customers.text_index import mover
from customers_api.core.paging import Slice, Sort
from customers_api.core.statements import AnyRow, Prepared
from customers_api.core.types import LARGEST_ID, Id

C = CUSTOMERS.c
COUNTED = COUNTS_NOW.c
# There are few of these, so their values are looked up first and then compared whole.
PLACES = frozenset({"city", "country"})
# Where so many times what is wanted was found, walking in the order of the sort soon ends.
WALKED_TIMES = 10
# So many customers are sorted sooner than the right plan is chosen.
FEW = 500
# To look up and sort one who is found takes as long as to walk past so many.
SORTED_COSTS = 2
# Past more it is quicker to find first who is on the page, and then to look these up.
MOST_PASSED = 200
# Who is walked past is looked up by each of the tags, on PostgreSQL; and all may have to be.
MOST_WALKED_TAGS = 3


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was found, and how many were found in all."""

    customers: Sequence[AnyRow]
    total: int


def search(filters: Mapping[str, Any], sort: Sort, fields: queries.Fields, part: Slice) -> Page:
    """The customers for which every filter is true.

    Filters: query, first_name, last_name, company_name, city, country (substrings), email (whole),
    is_active, is_verified, tags (any of them), created_after, created_before (both included).
    """
    mover.look_once()
    given = {name: value for name, value in filters.items() if value not in (None, "", ())}
    parameters = dict(_parameters(given))
    shape = _shape(given, parameters)
    cut = {**parameters, "skip": min(part.skip, LARGEST_ID), "limit": part.limit}
    has_many_tags = len(given.get("tags", ())) > MOST_WALKED_TAGS
    if shape.is_selective or has_many_tags:
        rows = database.rows(_found_first(shape, sort, fields), cut)
        if rows or not part.skip:
            return Page(rows, rows[0].total if rows else 0)
    total = int(database.rows(_count(shape), parameters)[0][0])
    if part.skip >= total:
        return Page([], total)
    if "tags" in given and (has_many_tags or not _soon_passed(total, part)):
        return Page(database.rows(_found_first(shape, sort, fields), cut), total)
    if shape.dialect == "sqlite":
        shape = replace(shape, walks=total > WALKED_TIMES * (part.skip + part.limit))
    walked = _walked if part.skip <= MOST_PASSED else _walked_far
    return Page(database.rows(walked(shape, sort, fields), cut), total)


def _soon_passed(total: int, part: Slice) -> bool:
    """Whether walking until the part is full is quicker than sorting who is found."""
    if total <= FEW:
        return False
    return SORTED_COSTS * total * total > (part.skip + part.limit) * statistics.count(None)


def _shape(given: Mapping[str, Any], parameters: Mapping[str, Any]) -> Shape:
    names, dialect = tuple(sorted(given)), database.dialect()
    return Shape(names, substrings.indexed(names, parameters, dialect), dialect)


def _parameters(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if name == "email":
            yield name, identity.email_key(value)
        elif name in PLACES:
            # Told to the planner as values, it knows how many customers each has.
            yield name, statistics.holding(name, value)
        elif isinstance(value, str):
            yield from substrings.parameters(name, value, database.dialect())
        else:
            yield name, list(value) if isinstance(value, tuple) else value


@lru_cache(maxsize=512)
def _count(shape: Shape) -> Prepared:
    if not shape.names:
        # Everything: that number is kept.
        total = func.coalesce(func.sum(COUNTED.n), 0)
        return Prepared(select(total).where(COUNTED.dimension == "customers"))
    if shape.names == ("query",):
        texts = substrings.texts("query", shape)
        matching = substrings.in_text("query", shape)
        return Prepared(select(func.count()).select_from(texts).where(*matching))
    if shape.names == ("tags",):
        return Prepared(select(func.count(TAGS.c.customer_id.distinct())).where(TAGGED))
    return Prepared(select(func.count()).select_from(CUSTOMERS).where(*_conditions(shape)))


@lru_cache(maxsize=512)
def _found_first(shape: Shape, sort: Sort, fields: queries.Fields) -> Prepared:
    """A page, and the total in each of its rows, of what is found first and sorted then.

    Who is not on the page is looked up for what it is sorted by and nothing else, if for that.
    """
    found = _found(shape, sort)
    if "key" in found.c:
        sorted_ids = _part(select(found.c.id), queries.order_by(sort, shape.dialect, found))
    else:
        ids = select(C.id).where(C.id.in_(select(found.c.id)))
        sorted_ids = _part(ids, queries.order_by(sort, shape.dialect))
    total = select(func.count()).select_from(found).scalar_subquery().label("total")
    return _shown(sorted_ids.cte("page"), [*queries.columns(fields), total], sort, shape)


def _found(shape: Shape, sort: Sort) -> CTE:
    """The ids of all that match, from the index alone where that tells it.

    With what they are sorted by as `key`, where that is at hand.
    """
    if shape.names == ("tags",):
        found = select(TAGS.c.customer_id.label("id")).where(TAGGED).distinct()
    elif shape.names == ("query",):
        found = substrings.ids("query", shape)
        if shape.dialect == "postgresql" and sort.field == "created_at":
            found = found.add_columns(substrings.ALL_TEXTS.c.created_at.label("key"))
    else:
        key = queries.EXPRESSIONS[sort.field].label("key")
        found = select(C.id, key).where(*_conditions(shape))
    if shape.dialect == "postgresql":
        # Apart, or the planner, who guesses badly at substrings and at rare tags, may walk through
        # all customers.
        return found.cte("found").prefix_with("MATERIALIZED")
    return found.cte("found")


@lru_cache(maxsize=512)
def _walked(shape: Shape, sort: Sort, fields: queries.Fields) -> Prepared:
    """A page for the planner to find in the order of the sort."""
    shown = select(*queries.columns(fields)).where(*_conditions(shape))
    return Prepared(_part(shown, queries.order_by(sort, shape.dialect)))


@lru_cache(maxsize=512)
def _walked_far(shape: Shape, sort: Sort, fields: queries.Fields) -> Prepared:
    """As `_walked`, for a page far behind: who comes before it is not shown, and so not read."""
    order = queries.order_by(sort, shape.dialect)
    page = _part(select(C.id).where(*_conditions(shape)), order).cte("page")
    return _shown(page, queries.columns(fields), sort, shape)


def _shown(page: CTE, columns: Sequence[ColumnElement[Any]], sort: Sort, shape: Shape) -> Prepared:
    """The customers of a page of ids, in its order."""
    shown = select(*columns).where(C.id.in_(select(page.c.id)))
    return Prepared(shown.order_by(*queries.order_by(sort, shape.dialect)))


def _part(
    statement: Select[*tuple[Any, ...]], order: Sequence[ColumnElement[Any]]
) -> Select[*tuple[Any, ...]]:
    return (
        statement.order_by(*order)
        .offset(bindparam("skip", type_=Id))
        .limit(bindparam("limit", type_=Id))
    )


def _conditions(shape: Shape) -> list[ColumnElement[bool]]:
    return [each for name in shape.names for each in _condition(name, shape)]


def _condition(name: str, shape: Shape) -> Iterator[ColumnElement[bool]]:
    if name == "query":
        yield substrings.in_customer(name, shape)
    elif name in NAMES:
        if name in shape.indexed:
            yield substrings.in_customer(name, shape)
        yield substrings.in_field(name, shape)
    elif name in PLACES:
        yield C[name].in_(bindparam(name, expanding=True))
    else:
        yield WHOLE[name]


TAGGED = TAGS.c.tag.in_(bindparam("tags", expanding=True))
WHOLE: Mapping[str, ColumnElement[bool]] = {
    "email": C.email_key == bindparam("email"),
    "tags": C.id.in_(select(TAGS.c.customer_id).where(TAGGED)),
    "created_after": C.created_at >= bindparam("created_after", type_=C.created_at.type),
    "created_before": C.created_at <= bindparam("created_before", type_=C.created_at.type),
    "is_active": queries.EXPRESSIONS["is_active"] == bindparam("is_active"),
    "is_verified": queries.EXPRESSIONS["is_verified"] == bindparam("is_verified"),
}
