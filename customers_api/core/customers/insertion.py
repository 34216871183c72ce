"""How new customers get their identity and reach their table, many in one statement.

PostgreSQL inserts them, tells what became of them and writes their events in one; SQLite, which has
no round trips to save, is asked one thing after the other.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    CTE,
    ColumnElement,
    Insert,
    Select,
    String,
    Text,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from customers_api.core import bulk, database
from customers_api.core.customers import addresses, identity, ids, names, queries, revision, tags
from customers_api.core.customers.model import CUSTOMERS, Status
from customers_api.core.events import changes as changing
from customers_api.core.events import service as events
from customers_api.core.events.kinds import Kind
from customers_api.core.events.service import Entry
from customers_api.core.groups.queries import TABLE as GROUPS
from customers_api.core.statements import AnyRow, Prepared

C = CUSTOMERS.c
Record = dict[str, Any]

COLUMNS = tuple(column.name for column in C)
# A new customer of whom nothing is said; the columns' own defaults are not asked for rows that
# come from a SELECT.
BLANK: Mapping[str, Any] = dict.fromkeys(COLUMNS) | {
    "last_name": "",
    "customer_status": Status.ACTIVE.value,
    "email_verified": False,
    "phone_verified": False,
    "marketing_emails": True,
    "marketing_sms": False,
    "is_loyalty_member": False,
    "lifetime_value": Decimal("0.00"),
    "preferred_communication_channels": (),
    "metadata": "{}",
    "version": 1,
}
STAMPS = ("created_at", "updated_at")
# So many of one name in one list get usernames as short as those of people who come one by one.
MOST_NAMESAKES = 20
CANDIDATES = ("username_1", "username_2", "username_3", "username_4")
RECORD: bulk.Types = {name: C[name].type for name in COLUMNS} | dict.fromkeys(
    CANDIDATES, String(50)
)
# What the event of a customer's creation tells.
TOLD: bulk.Types = {"told_fields": Text(), "told_values": Text()}
TOLD_NOTHING = dict.fromkeys(TOLD)


@dataclass(slots=True)
class New:
    """A customer about to be inserted: the columns, and the fields of which its event tells."""

    record: Record
    told: Mapping[str, Any]

    @property
    def uuid(self) -> UUID:
        """What the row will be found by."""
        uuid: UUID = self.record["uuid"]
        return uuid


def prepared(records: Sequence[Mapping[str, Any]]) -> list[New]:
    """Customers of these fields, with what tells them from all others."""
    named = [tags.as_kept(names.in_parts(fields)) for fields in records]
    whole = with_identity(map(addresses.spread, named))
    return [New(*each) for each in zip(whole, map(revision.as_told, named), strict=True)]


def redrawn(some: Sequence[New], uuids: Sequence[UUID]) -> list[New]:
    """The same customers with these UUIDs, and whatever else tells them from all others."""
    again = zip(some, uuids, strict=True)
    records = with_identity({**new.record, "uuid": uuid} for new, uuid in again)
    return [New(record, new.told) for record, new in zip(records, some, strict=True)]


def with_identity(records: Iterable[Mapping[str, Any]]) -> list[Record]:
    """Each record with what tells it from all others; a UUID it has already is kept."""
    seen: Counter[str] = Counter()
    return [_with_identity(dict(record), seen) for record in records]


def insert(some: Sequence[New], now: datetime, show: queries.Fields) -> dict[UUID, AnyRow]:
    """Insert customers and record their creation; returns what `show` names of those inserted.

    Missing among them is whom something unique stood against, or whose group does not exist. One
    without an id gets the next one.
    """
    if database.dialect() == "postgresql":
        return {row.row_uuid: row for row in _insert_with_events(some, now, show)}
    stamps = dict.fromkeys(STAMPS, now)
    refused = {*insert_customers([{**stamps, **new.record} for new in some])}
    inserted = [new for place, new in enumerate(some) if place not in refused]
    rows = queries.by_uuid([new.uuid for new in inserted], show)
    found = zip(rows, inserted, strict=True)
    events.record(
        Kind.CUSTOMER_CREATED,
        [Entry(row.row_id, changing.given(new.told), row.row_customer_id) for row, new in found],
    )
    return {row.row_uuid: row for row in rows}


def insert_customers(records: Sequence[Record]) -> Sequence[int]:
    """Insert the records; returns the places of those that could not be inserted."""
    statement = _customer_insert(database.dialect())
    if database.dialect() == "sqlite":
        records = _with_ids([{**BLANK, **record} for record in records])
    if bulk.run(statement, RECORD, records) == len(records):
        return ()
    inserted = database.in_use(C.uuid, [record["uuid"] for record in records])
    return [i for i, record in enumerate(records) if record["uuid"] not in inserted]


def _insert_with_events(
    some: Sequence[New], now: datetime, show: queries.Fields
) -> Sequence[AnyRow]:
    records = [_with_told(new) for new in some]
    common = {**events.common(Kind.CUSTOMER_CREATED), "now": now}
    if len(records) == 1:
        return database.alone(_one_with_event(show), {**common, **_whole(records[0], now)})
    values = {**common, "records": bulk.document(records, RECORD)}
    # Of several, some may be inserted and others not: that must be undone where it ends so.
    return database.rows(_many_with_events(show), values)


def _with_told(new: New) -> Record:
    fields, values = changing.first(new.told)
    return {**new.record, "told_fields": fields, "told_values": values}


def _whole(record: Record, now: datetime) -> Record:
    """The record with what nothing is said of, and when it is inserted."""
    said = {name: value for name, value in record.items() if value is not None}
    return {**BLANK, **TOLD_NOTHING, **dict.fromkeys(STAMPS, now), **said}


def _with_ids(records: Sequence[Record]) -> Sequence[Record]:
    next_ids = iter(ids.take(sum(not record.get("id") for record in records)))
    return [record | {"id": record.get("id") or next(next_ids)} for record in records]


def _with_identity(record: Record, seen: Counter[str]) -> Record:
    uuid = record.get("uuid") or uuid4()
    base = identity.base_username(record["first_name"], record.get("last_name") or "")
    usernames = identity.usernames(base, uuid)
    # The statement sees no row that it inserts itself, so one list's names are told apart here.
    free = [name for name in usernames if name not in seen] if base in seen else usernames
    if seen[base] > MOST_NAMESAKES:
        # Racing lists of one name would meet at its few thousand short usernames, and wait.
        free = list(usernames[2:])
    seen[base] += 1
    seen[free[0]] += 1
    record["uuid"] = uuid
    record["customer_id"] = identity.customer_id(uuid)
    record["email_key"] = identity.email_key(record["email"])
    for place, candidate in enumerate(CANDIDATES):
        record[candidate] = free[min(place, len(free) - 1)]
    return record


@lru_cache(maxsize=2)
def _customer_insert(dialect: str) -> Insert:
    return bulk.insert(
        CUSTOMERS, COLUMNS, RECORD, lambda record: _selection(record, dialect), by="username"
    )


@lru_cache(maxsize=16)
def _one_with_event(show: queries.Fields) -> Prepared:
    """PostgreSQL's insert of a customer with the event; returns what is shown, and the identity."""
    given = {name: bindparam(name, type_=kind) for name, kind in {**RECORD, **TOLD}.items()}
    inserted = _inserted(_selection(given, "postgresql"), show)
    told = given["told_fields"].label("fields"), given["told_values"].label("new_values")
    subject = _subject(inserted, *told).subquery("subjects")
    return Prepared(select(*inserted.c).add_cte(events.noted(subject, many=False)))


@lru_cache(maxsize=16)
def _many_with_events(show: queries.Fields) -> Prepared:
    """PostgreSQL's insert of records with their events; returns what is shown, and the identity."""
    records = bulk.record_set({**RECORD, **TOLD})
    given = select(*records.c).cte("given").prefix_with("MATERIALIZED")
    made = _selection(given.c, "postgresql", sparse=True).subquery("made")
    # Racing writers who take what is unique in one order do not wait for each other in a circle.
    inserted = _inserted(select(*made.c).order_by(made.c.username), show)
    told = given.c.told_fields.label("fields"), given.c.told_values.label("new_values")
    subjects = _subject(inserted, *told).join(given, given.c.uuid == inserted.c.row_uuid)
    return Prepared(select(*inserted.c).add_cte(events.noted(subjects.subquery("subjects"))))


def _inserted(made: Select[*tuple[Any, ...]], show: queries.Fields) -> CTE:
    """The insert, which gives what is shown of the rows inserted, and the identity."""
    shown = [*queries.columns(show), *queries.IDENTITY]
    inserting = postgresql_insert(CUSTOMERS).from_select(COLUMNS, made)
    return inserting.on_conflict_do_nothing().returning(*shown).cte("inserted")


def _subject(
    inserted: CTE, fields: ColumnElement[str], values: ColumnElement[str]
) -> Select[*tuple[Any, ...]]:
    """Of whom and what an event tells: see `events.noted`."""
    who = inserted.c.row_id, inserted.c.row_customer_id
    return select(*who, fields, null().label("old_values"), values).select_from(inserted)


def _selection(
    record: bulk.Source, dialect: str, *, sparse: bool = False
) -> Select[*tuple[Any, ...]]:
    """The columns of a record's row, if its group exists; of a sparse one some are filled in."""
    special: dict[str, ColumnElement[Any]] = {"username": _username(record)}
    if dialect == "postgresql":
        special["id"] = func.coalesce(record["id"], ids.next_id())
    if sparse:
        special |= _filled(record)
    values = [special.get(name, record[name]).label(name) for name in COLUMNS]
    group = record["group_id"]
    # Not EXISTS, for which PostgreSQL may read all groups at once.
    there = select(GROUPS.c.id).where(GROUPS.c.id == group).scalar_subquery()
    return select(*values).where(or_(group.is_(None), group == there))


def _filled(record: bulk.Source) -> dict[str, ColumnElement[Any]]:
    """What nothing is said of, and when it is inserted."""
    blank = {
        name: literal(value, C[name].type) for name, value in BLANK.items() if value is not None
    }
    stamps = {name: bindparam("now", type_=C[name].type) for name in STAMPS}
    usual: Mapping[str, ColumnElement[Any]] = {**blank, **stamps}
    return {name: func.coalesce(record[name], value) for name, value in usual.items()}


def _username(record: bulk.Source) -> ColumnElement[str]:
    """The first candidate that nobody has."""
    *tried, last = (record[name] for name in CANDIDATES)
    return case(*((~exists().where(C.username == name), name) for name in tried), else_=last)
