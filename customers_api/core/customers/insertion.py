"""How new customers get their identity and reach their table, many in one statement."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Insert, Select, String, case, exists, func, or_, select

from customers_api.core import bulk, database
from customers_api.core.customers import addresses, identity, ids, names
from customers_api.core.customers.model import CUSTOMERS, TAGS, Status
from customers_api.core.groups.queries import TABLE as GROUPS

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
CANDIDATES = ("username_1", "username_2", "username_3", "username_4")
RECORD: bulk.Types = {name: C[name].type for name in COLUMNS} | dict.fromkeys(
    CANDIDATES, String(50)
)
TAG: bulk.Types = {
    "owner": C.uuid.type,
    "place": TAGS.c.position.type,
    "tag": TAGS.c.tag.type,
}


def prepared(records: Iterable[Mapping[str, Any]], now: datetime) -> list[Record]:
    """The records with every column of the table, identity included."""
    blank = {**BLANK, "created_at": now, "updated_at": now}
    return with_identity({**blank, **addresses.spread(names.in_parts(r))} for r in records)


def with_identity(records: Iterable[Record]) -> list[Record]:
    """Each record with what tells it from all others; a UUID it has already is kept."""
    seen: set[str] = set()
    return [record | _identity(record, seen) for record in records]


def insert_customers(records: Sequence[Record]) -> Sequence[int]:
    """Insert the records; returns the places of those that something unique stood against.

    So do those whose group does not exist. A record without an id gets the next one.
    """
    statement = _customer_insert(database.dialect())
    if database.dialect() == "sqlite":
        records = _with_ids(records)
    if bulk.run(statement, RECORD, records) == len(records):
        return ()
    inserted = database.in_use(C.uuid, [record["uuid"] for record in records])
    return [i for i, record in enumerate(records) if record["uuid"] not in inserted]


def insert_tags(records: Iterable[Mapping[str, Any]]) -> None:
    """Insert the tags of customers, who are in the database already."""
    tags = [
        {"owner": record["uuid"], "place": place, "tag": tag}
        for record in records
        for place, tag in enumerate(record.get("tags") or ())
    ]
    bulk.run(_tag_insert(database.dialect()), TAG, tags)


def _with_ids(records: Sequence[Record]) -> Sequence[Record]:
    next_ids = iter(ids.take(sum(not record.get("id") for record in records)))
    return [record | {"id": record.get("id") or next(next_ids)} for record in records]


def _identity(record: Record, seen: set[str]) -> Record:
    uuid = record["uuid"] or uuid4()
    base = identity.base_username(record["first_name"], record["last_name"])
    usernames = identity.usernames(base, uuid)
    # The statement sees no row that it inserts itself, so one list's names are told apart here.
    free = [name for name in usernames if name not in seen]
    seen.add(free[0])
    return {
        "uuid": uuid,
        "customer_id": identity.customer_id(uuid),
        "email_key": identity.email_key(record["email"]),
        **dict(zip(CANDIDATES, [*free, *[free[-1]] * len(CANDIDATES)], strict=False)),
    }


@lru_cache(maxsize=2)
def _customer_insert(dialect: str) -> Insert:
    def selection(record: bulk.Source) -> Select[*tuple[Any, ...]]:
        special: Mapping[str, ColumnElement[Any]] = {
            "username": _username(record),
            "id": _id(record, dialect),
        }
        values = [special.get(name, record[name]).label(name) for name in COLUMNS]
        in_group = exists().where(GROUPS.c.id == record["group_id"])
        return select(*values).where(or_(record["group_id"].is_(None), in_group))

    return bulk.insert(CUSTOMERS, COLUMNS, RECORD, selection, by="username")


def _id(record: bulk.Source, dialect: str) -> ColumnElement[int]:
    return func.coalesce(record["id"], ids.next_id()) if dialect == "postgresql" else record["id"]


def _username(record: bulk.Source) -> ColumnElement[str]:
    """The first candidate that nobody has."""
    *tried, last = (record[name] for name in CANDIDATES)
    return case(*((~exists().where(C.username == name), name) for name in tried), else_=last)


@lru_cache(maxsize=2)
def _tag_insert(_dialect: str) -> Insert:
    def selection(record: bulk.Source) -> Select[*tuple[Any, ...]]:
        return select(C.id, record["place"], record["tag"]).where(C.uuid == record["owner"])

    names = ("customer_id", "position", "tag")
    return bulk.insert(TAGS, names, TAG, selection)
