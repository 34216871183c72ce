"""How new customers reach their table, with their events, many at a time.

PostgreSQL inserts them, tells what became of them and writes their events in one statement, or
takes a long list by COPY; SQLite, which has no round trips to save, is asked one thing after the
other. One customer is first inserted in the hope that nothing stands against it: to be ready for
all that might takes an eighth of the statement.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

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
from sqlalchemy.dialects import postgresql

from customers_api.core import bulk, database
from customers_api.core.customers import copying, ids, queries, shown
from customers_api.core.customers.creation import (
    BLANK,
    CANDIDATES,
    COLUMNS,
    STAMPS,
    New,
    Record,
    whole,
)
from customers_api.core.customers.model import CUSTOMERS
from customers_api.core.events import changes as changing
from customers_api.core.events import service as events
from customers_api.core.events.kinds import Kind
from customers_api.core.events.service import Entry
from customers_api.core.groups.queries import TABLE as GROUPS
from customers_api.core.statements import AnyRow, Prepared

C = CUSTOMERS.c
RECORD: bulk.Types = {name: C[name].type for name in COLUMNS} | dict.fromkeys(
    CANDIDATES, String(50)
)
# What the event of a customer's creation tells.
TOLD: bulk.Types = {"told_fields": Text(), "told_values": Text()}
GIVEN = {name: bindparam(name, type_=kind) for name, kind in {**RECORD, **TOLD}.items()}


def insert(some: Sequence[New], now: datetime, show: queries.Fields) -> list[AnyRow | None]:
    """Insert customers and record their creation; returns what `show` names of each, in order.

    None for whom something unique stood against, or whose group does not exist. One without an id
    gets the next one.
    """
    if database.dialect() == "sqlite":
        rows = _insert_then_record(some, now, show)
    elif len(some) >= copying.LEAST and (copied := copying.insert(some, now, show)):
        return [*copied]
    else:
        rows = _insert_with_events(some, now, show)
    found = {row.row_uuid: row for row in rows}
    return [found.get(new.uuid) for new in some]


def insert_customers(records: Sequence[Record]) -> Sequence[int]:
    """Insert the records; returns the places of those that could not be inserted."""
    statement = _customer_insert(database.dialect())
    if database.dialect() == "sqlite":
        records = _with_ids([{**BLANK, **record} for record in records])
    if bulk.run(statement, RECORD, records) == len(records):
        return ()
    inserted = queries.uuids_in_use([record["uuid"] for record in records])
    return [i for i, record in enumerate(records) if record["uuid"] not in inserted]


def _insert_then_record(
    some: Sequence[New], now: datetime, show: queries.Fields
) -> Sequence[AnyRow]:
    stamps = dict.fromkeys(STAMPS, now)
    refused = {*insert_customers([{**stamps, **new.record} for new in some])}
    inserted = [new for place, new in enumerate(some) if place not in refused]
    rows = queries.by_uuid([new.uuid for new in inserted], show)
    found = zip(rows, inserted, strict=True)
    events.record(
        Kind.CUSTOMER_CREATED,
        [Entry(row.row_id, changing.given(new.told), row.row_customer_id) for row, new in found],
    )
    return rows


def _insert_with_events(
    some: Sequence[New], now: datetime, show: queries.Fields
) -> Sequence[AnyRow]:
    common = {**events.common(Kind.CUSTOMER_CREATED), "now": now}
    if len(some) == 1:
        return _insert_one(some[0], common, now, show)
    records = [_with_told(new) for new in some]
    values = {**common, "records": bulk.document(records, RECORD)}
    # Of several, some may be inserted and others not: that must be undone where it ends so.
    return database.rows(_many_with_events(show), values)


def _insert_one(
    new: New, common: Mapping[str, Any], now: datetime, show: queries.Fields
) -> Sequence[AnyRow]:
    """All but the id and the username is known; more is not asked of the database."""
    record = whole(new.record, now)
    told = dict(zip(TOLD, changing.first(new.told), strict=True))
    values = {**common, **record, **told}
    inserted = None if record["id"] else database.tried(_hopeful_with_event(), values)
    if inserted is None:
        inserted = database.alone(_one_with_event(), values)
    return [
        shown.row({**record, "id": row.row_id, "username": row.username}, show) for row in inserted
    ]


def _with_told(new: New) -> Record:
    return new.record | dict(zip(TOLD, changing.first(new.told), strict=True))


def _with_ids(records: Sequence[Record]) -> Sequence[Record]:
    next_ids = iter(ids.take(sum(not record.get("id") for record in records)))
    return [record | {"id": record.get("id") or next(next_ids)} for record in records]


@lru_cache(maxsize=2)
def _customer_insert(dialect: str) -> Insert:
    return bulk.insert(
        CUSTOMERS, COLUMNS, RECORD, lambda record: _selection(record, dialect), by="username"
    )


@lru_cache(maxsize=1)
def _one_with_event() -> Prepared:
    """PostgreSQL's insert of a customer with the event; returns the id and the username.

    Nothing of whom something unique stands against, or whose group does not exist.
    """
    made = _selection(GIVEN, "postgresql")
    return _with_event(_inserting(COLUMNS, made).on_conflict_do_nothing())


@lru_cache(maxsize=1)
def _hopeful_with_event() -> Prepared:
    """The same of a customer without an id, which PostgreSQL refuses where that has no group.

    It does so, too, where something unique but the email stands against the customer.
    """
    values = _values(GIVEN)
    del values["id"]
    unused = ~exists().where(C.email_key == GIVEN["email_key"])
    return _with_event(_inserting([*values], _selected(values).where(unused)))


def _with_event(inserting: postgresql.Insert) -> Prepared:
    inserted = inserting.returning(*queries.IDENTITY, C.username).cte("inserted")
    told = GIVEN["told_fields"].label("fields"), GIVEN["told_values"].label("new_values")
    subject = _subject(inserted, *told).subquery("subjects")
    returned = select(inserted.c.row_id, inserted.c.username)
    return Prepared(returned.add_cte(events.noted(subject, many=False)))


@lru_cache(maxsize=16)
def _many_with_events(show: queries.Fields) -> Prepared:
    """PostgreSQL's insert of records with their events; returns what is shown, and the identity."""
    records = bulk.record_set({**RECORD, **TOLD})
    given = select(*records.c).cte("given").prefix_with("MATERIALIZED")
    made = _selection(given.c, "postgresql", sparse=True).subquery("made")
    # Racing writers who take what is unique in one order, that of `copying`, too, do not wait for
    # each other in a circle.
    in_order = select(*made.c).order_by(made.c.username.collate("C"))
    inserting = _inserting(COLUMNS, in_order).on_conflict_do_nothing()
    inserted = inserting.returning(*queries.columns(show), *queries.IDENTITY).cte("inserted")
    told = given.c.told_fields.label("fields"), given.c.told_values.label("new_values")
    subjects = _subject(inserted, *told).join(given, given.c.uuid == inserted.c.row_uuid)
    return Prepared(select(*inserted.c).add_cte(events.noted(subjects.subquery("subjects"))))


def _inserting(names: Sequence[str], made: Select[*tuple[Any, ...]]) -> postgresql.Insert:
    return postgresql.insert(CUSTOMERS).from_select(names, made, include_defaults=False)


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
    values = _values(record)
    if dialect == "postgresql":
        values["id"] = func.coalesce(record["id"], ids.next_id())
    if sparse:
        values |= _filled(record)
    group = record["group_id"]
    # Not EXISTS, for which PostgreSQL may read all groups at once.
    there = select(GROUPS.c.id).where(GROUPS.c.id == group).scalar_subquery()
    return _selected(values).where(or_(group.is_(None), group == there))


def _selected(values: Mapping[str, ColumnElement[Any]]) -> Select[*tuple[Any, ...]]:
    return select(*(value.label(name) for name, value in values.items()))


def _values(record: bulk.Source) -> dict[str, ColumnElement[Any]]:
    """What each column is to be."""
    return {name: record[name] for name in COLUMNS} | {"username": _username(record)}


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
