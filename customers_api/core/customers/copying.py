"""A long list of new customers and their events by PostgreSQL's COPY, the quickest way in.

COPY skips no conflict, so what must be unique is looked for beforehand. Where something stands
against the list all the same, a racing writer or an email in use, nothing of it is done here, and
the statement in insertion.py finds out what it is.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import filterfalse
from operator import itemgetter
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    String,
    Text,
    any_,
    bindparam,
    func,
    literal_column,
    select,
)
from sqlalchemy.exc import IntegrityError

from customers_api.core import copy_text, database
from customers_api.core.customers import creation, ids, queries, shown
from customers_api.core.customers.creation import (
    CANDIDATES,
    COLUMNS,
    STAMPS,
    Columns,
    New,
    Record,
)
from customers_api.core.customers.model import CUSTOMERS
from customers_api.core.events import changes as changing
from customers_api.core.events import service as events
from customers_api.core.events.kinds import Kind
from customers_api.core.events.model import EVENTS
from customers_api.core.statements import AnyRow, Prepared
from customers_api.core.types import Choices

C = CUSTOMERS.c
# A shorter list takes longer this way, as it takes five round trips.
LEAST = 50
# How often another UUID is drawn for who has the customer_id of somebody else.
DRAWS = 5
FIRST, OTHERS = CANDIDATES[0], CANDIDATES[1:]
_others = itemgetter(*OTHERS)
TEXTS = frozenset(column.name for column in C if isinstance(column.type, String))
NEEDED = frozenset({"id", "username", "last_name", *STAMPS})
EVENT_COLUMNS = (*events.COMMON, *events.OWN)


@dataclass(frozen=True, slots=True)
class Room:
    """Ids to give, and what of that which was asked for is in use."""

    ids: Sequence[int]
    usernames: Set[str]
    customer_ids: Set[str]


def insert(some: Sequence[New], now: datetime, show: queries.Fields) -> list[AnyRow] | None:
    """Insert customers and record their creation; returns what `show` names of them, in order.

    None, and nothing done, where something stands against one of them, or an id was chosen.
    """
    if database.is_watched() or any(each.record.get("id") for each in some):
        return None
    placed = _with_room(some)
    if placed is None:
        return None
    some, room = placed
    records = [new.record for new in some]
    said = NEEDED.union(*records)
    customers = creation.whole_columns(records, said, now)
    customers |= {"id": [*room.ids], "username": _usernames(records, room)}
    told = [changing.first(new.told) for new in some]
    try:
        with database.copying() as copy:
            names = [name for name in COLUMNS if name in said]
            copy(CUSTOMERS, names, _by_username(customers, names))
            copy(EVENTS, EVENT_COLUMNS, _event_columns(customers, told))
    except IntegrityError:
        return None
    return shown.rows(customers, show)


def _with_room(some: Sequence[New]) -> tuple[Sequence[New], Room] | None:
    """The customers, redrawn where they must be, so that nobody has their customer_ids."""
    customers = list(some)
    for _ in range(DRAWS):
        room = _room(customers)
        taken = [
            place
            for place, each in enumerate(customers)
            if each.record["customer_id"] in room.customer_ids
        ]
        if not taken:
            return customers, room
        redrawn = creation.redrawn([customers[place] for place in taken])
        for place, each in zip(taken, redrawn, strict=True):
            customers[place] = each
    return None


def _usernames(records: Sequence[Record], room: Room) -> list[str]:
    """A username for each that nobody has."""
    elsewhere = [each for each in records if each[FIRST] in room.usernames]
    others = [name for each in elsewhere for name in _others(each)]
    given = {*room.usernames, *database.in_use(C.username, others)}
    usernames = []
    for record in records:
        username: str = record[FIRST]
        if username in given:
            free = filterfalse(given.__contains__, _others(record))
            username = next(free, record[OTHERS[-1]])
        given.add(username)
        usernames.append(username)
    return usernames


def _room(some: Sequence[New]) -> Room:
    found = database.rows(
        _asked(),
        {
            "count": len(some),
            "usernames": ",".join([each.record[FIRST] for each in some]),
            "customer_ids": ",".join([each.record["customer_id"] for each in some]),
        },
    )[0]
    return Room(sorted(found.ids), {*(found.usernames or ())}, {*(found.customer_ids or ())})


@lru_cache(maxsize=1)
def _asked() -> Prepared:
    numbers = func.generate_series(1, bindparam("count", type_=Integer))
    next_ids = select(ids.next_id().label("id")).select_from(numbers).subquery()
    return Prepared(
        select(
            select(func.array_agg(next_ids.c.id)).scalar_subquery().label("ids"),
            _in_use(C.username, "usernames"),
            _in_use(C.customer_id, "customer_ids"),
        )
    )


def _in_use(column: ColumnElement[str], name: str) -> ColumnElement[Any]:
    # As one text: neither has a comma, and an array takes the driver far longer.
    asked = func.string_to_array(bindparam(name, type_=Text), literal_column("','"))
    found = select(func.array_agg(column)).where(column == any_(asked))
    return found.scalar_subquery().label(name)


def _by_username(customers: Columns, names: Sequence[str]) -> Iterator[copy_text.Column]:
    """These columns in one order for all writers, who so do not wait for each other in a circle."""
    usernames = customers["username"]
    arranged = itemgetter(*sorted(range(len(usernames)), key=usernames.__getitem__))
    for name in names:
        yield arranged(_spelled(name, customers[name]))


def _spelled(name: str, values: Sequence[Any]) -> copy_text.Column:
    """A column's values as PostgreSQL reads them; where many share a few, each is spelled once."""
    if name in TEXTS:
        return values
    if name == "uuid":
        # Without the hyphens, which take long to put in; PostgreSQL needs none.
        return [f"{uuid.int:032x}" for uuid in values]
    spell = ",".join if isinstance(C[name].type, Choices) else str
    spelled = {value: None if value is None else spell(value) for value in {*values}}
    return [*map(spelled.__getitem__, values)]


def _event_columns(
    customers: Columns, told: Sequence[tuple[str, str | None]]
) -> Sequence[copy_text.Column]:
    common = events.common(Kind.CUSTOMER_CREATED)
    named = [common[name] for name in events.COMMON]
    shared = [[None if value is None else str(value)] * len(told) for value in named]
    ids = _spelled("id", customers["id"])
    fields, values = zip(*told, strict=True)
    return [*shared, ids, customers["customer_id"], fields, [None] * len(told), values]
