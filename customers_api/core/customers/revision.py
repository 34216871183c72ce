"""Changes of customers together with what they changed: old and new values, and the events.

PostgreSQL tells both in the one statement that updates, which joins each row as it was when it was
locked. SQLite, on which nobody else writes meanwhile, is asked for the old values first.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Update, and_, case, delete, literal, select, update

from customers_api.core import clock, database
from customers_api.core.customers import addresses, identity, insertion, names, queries
from customers_api.core.customers.model import CUSTOMERS, TAGS
from customers_api.core.database import AnyRow
from customers_api.core.events import changes as changing
from customers_api.core.events import service as events
from customers_api.core.events.kinds import Kind
from customers_api.core.events.service import Entry

C = CUSTOMERS.c
Fields = Mapping[str, Any]
# JSON objects, kept as text.
OBJECTS = ("metadata", "address")
VERIFIED = {"email": "email_verified", "phone": "phone_verified"}


def note_created(rows: Sequence[AnyRow], records: Sequence[Fields]) -> None:
    """Record that these customers, read by their UUIDs, were created of these fields."""
    created = [
        Entry(row.row_id, changing.given(_told(names.in_parts(fields))), row.row_customer_id)
        for row, fields in zip(rows, records, strict=True)
    ]
    events.record(Kind.CUSTOMER_CREATED, created)


def revise(
    kind: Kind, which: ColumnElement[bool], changes: Fields, show: queries.Fields = ()
) -> Sequence[AnyRow]:
    """Change those customers of whom `which` is true, and record that `kind` happened to each.

    Returns what `show` names of them as they are now, but for tags, and then their identity.
    """
    given = addresses.spread(changes)
    values = {name: value for name, value in given.items() if name != "tags"}
    if names.WHOLE in values:
        values |= _renamed(values.pop(names.WHOLE))
    values |= _flags(values)
    key = {"email_key": identity.email_key(values["email"])} if "email" in values else {}
    rows, old = _updated(touch().values(values | key), which, tuple(values), show)
    old_tags = _retag(rows, changes["tags"]) if "tags" in changes else None
    revised = []
    for row in rows:
        was, now = old[row.row_id], {name: row._mapping[f"new_{name}"] for name in values}
        if old_tags is not None:
            was["tags"], now["tags"] = old_tags.get(row.row_id), changes["tags"] or None
        different = changing.between(_told(was), _told(now))
        revised.append(Entry(row.row_id, different, row.row_customer_id))
    events.record(kind, revised)
    return rows


def touch() -> Update:
    """An update of customers that says no more yet than that there is one."""
    return update(CUSTOMERS).values(version=C.version + 1, updated_at=clock.now())


def _updated(
    statement: Update, which: ColumnElement[bool], names: tuple[str, ...], show: queries.Fields
) -> tuple[Sequence[AnyRow], dict[int, dict[str, Any]]]:
    """The updated rows, and the old values of these columns by id."""
    new = [C[name].label(f"new_{name}") for name in names]
    returned = [*queries.columns(show), *queries.IDENTITY, *new]
    before = select(C.id, *(C[name] for name in names)).where(which)
    if database.dialect() == "sqlite":
        old = {row.id: dict(row._mapping) for row in database.rows(before)}
        return database.write(statement.where(which).returning(*returned)).all(), old
    # In one order for all writers, so that they do not wait for each other in a circle.
    locked = before.order_by(C.id).with_for_update(key_share=True).subquery("old")
    joined = statement.where(C.id == locked.c.id)
    olden = [locked.c[name].label(f"old_{name}") for name in names]
    rows = database.write(joined.returning(*returned, *olden)).all()
    return rows, {r.row_id: {n: r._mapping[f"old_{n}"] for n in names} for r in rows}


def _retag(rows: Sequence[AnyRow], tags: Sequence[str] | None) -> dict[int, tuple[str, ...]]:
    """Give all of these customers these tags; returns the tags they had, by id."""
    had: dict[int, dict[int, str]] = {}
    for some in database.batches([row.row_id for row in rows]):
        theirs = delete(TAGS).where(TAGS.c.customer_id.in_(some))
        for tag in database.write(theirs.returning(*TAGS.c)):
            had.setdefault(tag.customer_id, {})[tag.position] = tag.tag
    insertion.insert_tags([{"uuid": row.row_uuid, "tags": tags} for row in rows])
    return {id: tuple(tag for _, tag in sorted(places.items())) for id, places in had.items()}


def _told(fields: Fields) -> dict[str, Any]:
    """The fields as an event tells them, which is as the API shows them."""
    told = dict(fields)
    if told.get("tags") is not None:
        told["tags"] = ",".join(told["tags"]) or None
    for name in OBJECTS:
        if told.get(name) is not None:
            told[name] = msgspec.Raw(told[name].encode())
    return told


def _renamed(full_name: str) -> Fields:
    """The parts of a new name; who has this name already keeps the parts as they are."""
    same = queries.EXPRESSIONS[names.WHOLE] == full_name
    return {part: case((same, C[part]), else_=new) for part, new in names.parted(full_name).items()}


def _flags(values: Fields) -> dict[str, Any]:
    """The verified flags of what is no longer the same, cleared."""
    return {
        flag: _and_unchanged(C[flag], C[name], values[name])
        for name, flag in VERIFIED.items()
        if name in values
    }


def _and_unchanged(
    flag: ColumnElement[bool], column: ColumnElement[Any], value: object
) -> ColumnElement[bool]:
    return and_(flag, column.is_not_distinct_from(literal(value, column.type)))
