"""Lists of customers: of a group, or in parts by id."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from sqlalchemy import Boolean, ColumnElement, bindparam, literal_column, select, union

from customers_api.core import database
from customers_api.core.customers import queries, statistics
from customers_api.core.customers.model import CUSTOMERS, INACTIVE, TAGS
from customers_api.core.customers.queries import Fields
from customers_api.core.customers.rules import LONGEST_TAGS
from customers_api.core.customers.tags import joined
from customers_api.core.errors import Invalid, Problem
from customers_api.core.groups.queries import check_exists
from customers_api.core.paging import Slice, Sort
from customers_api.core.statements import AnyRow, Prepared
from customers_api.core.types import LARGEST_ID, Id

C = CUSTOMERS.c
T = TAGS.c
CHUNK = 1000
AFTER = bindparam("after", type_=Id)
MOST_TAGS = 20


def in_group(group_id: int, sort: Sort, fields: Fields) -> Iterator[Sequence[AnyRow]]:
    """All customers of a group in chunks; raises GroupNotFound before the first of them."""
    statement = _of_group(fields, sort, database.dialect())
    found = database.chunks(statement, {"wanted": min(group_id, LARGEST_ID)})
    head = next(found, ())
    if not head:
        check_exists(group_id)
    return _continued(head, found)


def every(part: Slice, active: bool | None, fields: Fields) -> Sequence[AnyRow]:
    """A part of all customers, or of those who are active, or are not; one more if there is more.

    However deep it is, what it costs does not grow: whom to skip is told by the counts.
    """
    first, skip = statistics.block_at(part.skip, active) if part.skip else (0, 0)
    values = {"after": max(first - 1, part.after), "skip": skip, "limit": part.limit + 1}
    return database.rows(_every(fields, active), values)


def everybody(fields: Fields) -> Iterator[Sequence[AnyRow]]:
    """All customers by id, in chunks.

    Each is read by itself, from where the one before ended: a reader may take an hour over it and
    holds no connection meanwhile, and nobody who stays is left out or shown twice.
    """
    statement = _after(fields)
    # The id comes last, where whoever reads a row by its fields does not see it.
    chunk = database.rows(statement, {"after": 0})
    while chunk:
        yield chunk
        full = len(chunk) == CHUNK
        chunk = database.rows(statement, {"after": chunk[-1][-1]}) if full else ()


def tagged(
    tags: Sequence[str], part: Slice, fields: Fields, *, every_tag: bool
) -> Sequence[AnyRow]:
    """A part of the customers with any of these tags, or with every one; one more if there is.

    Raises Invalid for more tags than one statement should have branches.
    """
    if len(tags) > MOST_TAGS:
        raise Invalid([Problem(("tags",), f"At most {MOST_TAGS} tags, not {len(tags)}")])
    wanted = [tag for tag in tags if "\0" not in tag]
    if not wanted or (every_tag and (len(wanted) < len(tags) or not _fit_together(wanted))):
        return ()
    build = _with_every if every_tag else _with_any
    values = {f"tag_{i}": tag for i, tag in enumerate(wanted)}
    enough = {
        "after": part.after,
        "enough": min(part.skip + part.limit + 1, LARGEST_ID),
        "skip": part.skip,
    }
    return database.rows(build(fields, len(wanted)), {**values, **enough, "limit": part.limit + 1})


def located(places: Mapping[str, str], part: Slice, fields: Fields) -> Sequence[AnyRow]:
    """A part of the customers of these places, without regard to case; one more if there is."""
    spelled = {name: statistics.spellings(name, value) for name, value in places.items()}
    if not all(spelled.values()):
        return ()
    values = {"after": part.after, "skip": part.skip, "limit": part.limit + 1}
    return database.rows(_located(fields, tuple(places)), {**spelled, **values})


def _fit_together(tags: Sequence[str]) -> bool:
    """Whether one customer can have all of these tags."""
    return len(joined(tags) or "") <= LONGEST_TAGS


@lru_cache(maxsize=256)
def _of_group(fields: Fields, sort: Sort, dialect: str) -> Prepared:
    ordered = queries.order_by(sort, dialect)
    found = select(*queries.columns(fields)).where(C.group_id == bindparam("wanted"))
    return Prepared(found.order_by(*ordered))


@lru_cache(maxsize=64)
def _after(fields: Fields) -> Prepared:
    found = select(*queries.columns(fields), C.id.label("row_id")).where(C.id > AFTER)
    return Prepared(found.order_by(C.id).limit(CHUNK))


@lru_cache(maxsize=64)
def _every(fields: Fields, active: bool | None) -> Prepared:
    conditions: list[ColumnElement[bool]] = [C.id > AFTER]
    if active is not None:
        conditions.append(
            queries.EXPRESSIONS["is_active"] if active else literal_column(INACTIVE, Boolean)
        )
    return _part(fields, *conditions)


@lru_cache(maxsize=256)
def _with_any(fields: Fields, count: int) -> Prepared:
    # Each tag's index gives its customers in the order of their ids, so only so many are read.
    branches = [
        select(
            select(T.customer_id)
            .where(T.tag == bindparam(f"tag_{i}"), T.customer_id > AFTER)
            .order_by(T.customer_id)
            .limit(bindparam("enough", type_=Id))
            .subquery()
        )
        for i in range(count)
    ]
    return _part(fields, C.id.in_(union(*branches) if count > 1 else branches[0]))


@lru_cache(maxsize=256)
def _with_every(fields: Fields, count: int) -> Prepared:
    first, *others = [TAGS.alias(f"tags_{i}") for i in range(count)]
    found = select(first.c.customer_id).where(
        first.c.tag == bindparam("tag_0"), first.c.customer_id > AFTER
    )
    for i, other in enumerate(others, start=1):
        also = select(other.c.tag).where(
            other.c.customer_id == first.c.customer_id, other.c.tag == bindparam(f"tag_{i}")
        )
        found = found.where(also.exists())
    enough = found.order_by(first.c.customer_id).limit(bindparam("enough", type_=Id)).subquery()
    return _part(fields, C.id.in_(select(enough)))


@lru_cache(maxsize=64)
def _located(fields: Fields, places: tuple[str, ...]) -> Prepared:
    there = [C[name].in_(bindparam(name, expanding=True)) for name in places]
    return _part(fields, C.id > AFTER, *there)


def _part(fields: Fields, *conditions: ColumnElement[bool]) -> Prepared:
    found = select(*queries.columns(fields)).where(*conditions).order_by(C.id)
    part = found.offset(bindparam("skip", type_=Id)).limit(bindparam("limit", type_=Id))
    return Prepared(part)


def _continued(
    head: Sequence[AnyRow], rest: Iterator[Sequence[AnyRow]]
) -> Iterator[Sequence[AnyRow]]:
    yield head
    yield from rest
