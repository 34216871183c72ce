r"""Searching customers: every given filter must match, and the total is exact.

A text filter is a substring, without regard to case; `%`, `_` and `\` are ordinary characters.
The database keeps each customer's searched text in `customer_search`, indexed by trigrams; texts
of one or two characters, which have none, are looked for in all of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    column,
    exists,
    func,
    literal_column,
    select,
    table,
)

from customers_api.core import database
from customers_api.core.customers import identity, queries
from customers_api.core.customers.model import CUSTOMERS, TAGS
from customers_api.core.customers.statistics import COUNTS_NOW
from customers_api.core.database import AnyRow
from customers_api.core.paging import Slice, Sort

C = CUSTOMERS.c
COUNTED = COUNTS_NOW.c
SEARCH = table("customer_search", column("customer_id"), column("key"))
SHORTEST_INDEXED = 3
# These are part of `query`'s text, so its index narrows them down.
NAMES = frozenset({"first_name", "last_name", "company_name"})
# There are few of these, so their values are looked up first and then compared whole.
PLACES = frozenset({"city", "country"})
# So few are sorted faster than all customers are walked through in the order of the sort.
FEW = 5_000


@dataclass(frozen=True, slots=True)
class Page:
    """A page of what was found, and how many were found in all."""

    customers: Sequence[AnyRow]
    total: int


@dataclass(frozen=True, slots=True)
class Shape:
    """Which filters are given, and which of them the index cannot help: what a statement needs."""

    names: tuple[str, ...]
    short: frozenset[str]
    dialect: str


def search(filters: Mapping[str, Any], sort: Sort, fields: queries.Fields, part: Slice) -> Page:
    """The customers for which every filter is true.

    Filters: query, first_name, last_name, company_name, city, country (substrings), email (whole),
    is_active, is_verified, tags (any of them), created_after, created_before (both included).
    """
    given = {name: value for name, value in filters.items() if value not in (None, "", ())}
    short = frozenset(name for name, value in given.items() if _is_short(value))
    shape = Shape(tuple(sorted(given)), short, database.dialect())
    parameters = dict(_parameters(given))
    total = int(database.rows(_count(shape), parameters)[0][0])
    if part.skip >= total:
        return Page([], total)
    page = _few(shape, sort, fields) if total <= FEW else _many(shape, sort, fields)
    return Page(database.rows(page, {**parameters, "skip": part.skip, "limit": part.limit}), total)


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) < SHORTEST_INDEXED


def _parameters(given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in given.items():
        if name == "email":
            yield name, identity.email_key(value)
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
def _many(shape: Shape, sort: Sort, fields: queries.Fields) -> Select[*tuple[Any, ...]]:
    """A page for the planner to find in the order of the sort."""
    return _cut(select(*queries.columns(fields)).where(*_conditions(shape)), sort, shape)


@lru_cache(maxsize=512)
def _few(shape: Shape, sort: Sort, fields: queries.Fields) -> Select[*tuple[Any, ...]]:
    """A page of what is found first and sorted then.

    The planner guesses badly how many hold a substring; left the choice, it may walk through all
    customers in the order of the sort.
    """
    found = select(C.id).where(*_conditions(shape)).cte("found")
    if shape.dialect == "postgresql":
        found = found.prefix_with("MATERIALIZED")
    return _cut(select(*queries.columns(fields)).where(C.id.in_(select(found.c.id))), sort, shape)


def _cut(statement: Select[*tuple[Any, ...]], sort: Sort, shape: Shape) -> Select[*tuple[Any, ...]]:
    return (
        statement.order_by(*queries.order_by(sort, shape.dialect))
        .offset(bindparam("skip", 0))
        .limit(bindparam("limit", 0))
    )


def _conditions(shape: Shape) -> list[ColumnElement[bool]]:
    return [each for name in shape.names for each in _condition(name, shape)]


def _condition(name: str, shape: Shape) -> Iterator[ColumnElement[bool]]:
    if name == "query":
        yield C.id.in_(_ids(name, shape))
    elif name in NAMES:
        if name not in shape.short:
            yield C.id.in_(_ids(name, shape))
        yield _holds(func.folded(C[name]), name, shape)
    elif name in PLACES:
        values = select(COUNTED.key).where(
            COUNTED.dimension == name, _holds(func.folded(COUNTED.key), name, shape)
        )
        yield C[name].in_(values)
    else:
        yield WHOLE[name]


WHOLE: Mapping[str, ColumnElement[bool]] = {
    "email": C.email_key == bindparam("email"),
    "tags": exists().where(
        TAGS.c.customer_id == C.id, TAGS.c.tag.in_(bindparam("tags", expanding=True))
    ),
    "created_after": C.created_at >= bindparam("created_after", type_=C.created_at.type),
    "created_before": C.created_at <= bindparam("created_before", type_=C.created_at.type),
    "is_active": queries.EXPRESSIONS["is_active"] == bindparam("is_active"),
    "is_verified": queries.EXPRESSIONS["is_verified"] == bindparam("is_verified"),
}


def _ids(name: str, shape: Shape) -> Select[*tuple[Any, ...]]:
    id = SEARCH.c.customer_id if shape.dialect == "postgresql" else literal_column("rowid")
    return select(id).select_from(SEARCH).where(*_in_text(name, shape))


def _in_text(name: str, shape: Shape) -> Iterator[ColumnElement[bool]]:
    """That a customer's text holds the value: by the index where it is long enough for one."""
    indexed = name not in shape.short
    if shape.dialect == "postgresql":
        like = SEARCH.c.key.like(bindparam(f"{name}_like"), escape="\\")
        yield like if indexed else _holds(SEARCH.c.key, name, shape)
        return
    if indexed:
        yield literal_column("customer_search").op("MATCH")(bindparam(f"{name}_match"))
    # The index folds a little more than lower case does.
    yield _holds(func.folded(SEARCH.c.key), name, shape)


def _holds(text: ColumnElement[Any], name: str, shape: Shape) -> ColumnElement[bool]:
    position = func.strpos if shape.dialect == "postgresql" else func.instr
    found: ColumnElement[bool] = position(text, bindparam(name)) > 0
    return found
