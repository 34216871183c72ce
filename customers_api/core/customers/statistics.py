"""Counts of customers, kept by the database as they change.

Each write leaves its change in `customer_changes`; now and then these are folded into
`customer_counts`, see folding.py. What is read is the sum: exact, and as fast at ten million
customers as at ten. See docs/decisions/0010.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    Text,
    bindparam,
    case,
    cast,
    column,
    func,
    literal,
    select,
    table,
    union_all,
)

from customers_api.core import clock, database
from customers_api.core.types import LARGEST_ID

COUNTS_NOW = table(
    "customer_counts_now", column("dimension"), column("key"), column("part"), column("n")
)
N = COUNTS_NOW.c
MOST_SHOWN = 100
BLOCK = 1024


@dataclass(frozen=True, slots=True)
class Statistics:
    """How many customers there are, of which kind; `as_of` is when that was so."""

    total_customers: int
    active_customers: int
    verified_customers: int
    new_customers_today: int
    new_customers_this_week: int
    new_customers_this_month: int
    customers_by_country: dict[str, int]
    customers_by_city: dict[str, int]
    average_customer_age: float | None
    gender_distribution: dict[str, int]
    as_of: datetime


def overview() -> Statistics:
    """The statistics of this moment, in UTC."""
    now = clock.now()
    today = now.date()
    week, month = today - timedelta(days=today.weekday()), today.replace(day=1)
    since = {"since": min(week, month).isoformat(), "today": _number(today.isoformat())}
    rows = database.rows(_overview(), since)
    counted: dict[str, dict[str, int]] = {}
    for dimension, key, n in rows:
        counted.setdefault(dimension, {})[key] = int(n or 0)
    created = counted.get("created", {})
    [(born, years)] = counted["ages"].items()
    return Statistics(
        total_customers=counted.get("customers", {}).get("", 0),
        active_customers=counted.get("active", {}).get("", 0),
        verified_customers=counted.get("verified", {}).get("", 0),
        new_customers_today=created.get(today.isoformat(), 0),
        new_customers_this_week=_since(created, week.isoformat()),
        new_customers_this_month=_since(created, month.isoformat()),
        customers_by_country=counted.get("country", {}),
        customers_by_city=counted.get("city", {}),
        average_customer_age=round(years / int(born), 1) if int(born or 0) else None,
        gender_distribution=counted.get("gender", {}),
        as_of=now,
    )


def in_use(dimension: str, *, country: str | None = None) -> list[str]:
    """The distinct countries, states or cities in use, sorted; those of one country if given."""
    of_country = () if country is None else (N.part == country,)
    return sorted(row.key for row in database.rows(_keys(dimension).where(*of_country)))


def holding(dimension: str, value: str) -> list[str]:
    """The countries, states or cities in use that hold this text, whatever its case."""
    position = func.strpos if database.dialect() == "postgresql" else func.instr
    holds = position(func.folded(N.key), value.lower()) > 0
    return [row.key for row in database.rows(_keys(dimension).where(holds))]


def spellings(dimension: str, value: str) -> list[str]:
    """The countries, states or cities in use that are this one but for upper and lower case."""
    same = func.folded(N.key) == value.lower()
    return [row.key for row in database.rows(_keys(dimension).where(same))]


def count(active: bool | None) -> int:
    """How many customers there are, or how many of them are active, or are not."""
    found = {row.dimension: int(row.n) for row in database.rows(_totals())}
    every, of_them = found.get("customers", 0), found.get("active", 0)
    if active is None:
        return every
    return of_them if active else every - of_them


def block_at(place: int, active: bool | None) -> tuple[int, int]:
    """Where the customer at this place, counted from 0 by id, is to be looked for.

    Returns the smallest id of its block of ids, and how many in the block come before it.
    """
    passed = 0
    for block, every, of_them in database.rows(_blocks()):
        n = every if active is None else of_them if active else every - of_them
        if passed + n > place:
            return block * BLOCK, place - passed
        passed += n
    return LARGEST_ID + 1, 0


def _since(created: dict[str, int], day: str) -> int:
    return sum(n for key, n in created.items() if key >= day)


def _number(day: str) -> int:
    return int(day.replace("-", ""))


@lru_cache(maxsize=1)
def _blocks() -> Select[*tuple[Any, ...]]:
    block = cast(N.key, BigInteger).label("block")
    every = func.sum(case((N.dimension == "block", N.n), else_=0))
    active = func.sum(case((N.dimension == "active block", N.n), else_=0))
    return (
        select(block, cast(every, BigInteger), cast(active, BigInteger))
        .where(N.dimension.in_(("block", "active block")))
        .group_by(block)
        .order_by(block)
    )


def _keys(dimension: str) -> Select[*tuple[Any, ...]]:
    of_dimension = select(N.key).where(N.dimension == dimension)
    return of_dimension.group_by(N.key).having(func.sum(N.n) > 0)


@lru_cache(maxsize=1)
def _totals() -> Select[*tuple[Any, ...]]:
    return _summed(N.dimension.in_(("customers", "active")))


@lru_cache(maxsize=1)
def _overview() -> CompoundSelect[*tuple[Any, ...]]:
    years: ColumnElement[int] = (bindparam("today", type_=Integer) - cast(N.key, Integer)) // 10_000
    born = N.dimension == "born"
    return union_all(
        _summed(N.dimension.in_(("customers", "active", "verified", "gender"))),
        _summed(N.dimension == "created", N.key >= bindparam("since")),
        select(_largest("country").subquery()),
        select(_largest("city").subquery()),
        # Both in one row: there is a count for each day of birth, and they are read once.
        select(literal("ages"), cast(func.sum(N.n), Text), func.sum(N.n * years)).where(born),
    )


def _summed(*conditions: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    n = func.sum(N.n)
    summed = select(N.dimension, N.key, n.label("n")).where(*conditions)
    return summed.group_by(N.dimension, N.key).having(n != 0)


def _largest(dimension: str) -> Select[*tuple[Any, ...]]:
    largest = _summed(N.dimension == dimension)
    return largest.order_by(func.sum(N.n).desc(), N.key).limit(MOST_SHOWN)
