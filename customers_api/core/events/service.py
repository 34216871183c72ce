"""Writes of events, each inside the caller's unit of work: kept with what it tells of, or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Update,
    and_,
    bindparam,
    case,
    delete,
    insert,
    or_,
    select,
    update,
)

from customers_api.core import acting, bulk, clock, database
from customers_api.core.actor import Actor
from customers_api.core.events import changes as changing
from customers_api.core.events.changes import REMOVED, Change
from customers_api.core.events.kinds import Kind
from customers_api.core.events.model import EVENTS

E = EVENTS.c
Columns = dict[str, Any]
OWN = ("subject_id", "customer_id", "fields", "old_values", "new_values")
COMMON = tuple(column.name for column in E if column.name not in OWN and column is not E.id)
RECORD: bulk.Types = {name: E[name].type for name in OWN}
ONE = insert(EVENTS).inline()
# What is removed in one transaction by a purge.
BATCH = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """To what something happened, and what changed of it; `customer_id` where it is a customer."""

    id: int | None
    changes: Sequence[Change] = ()
    customer_id: str | None = None


def record(kind: Kind, entries: Sequence[Entry], *, by: Actor | None = None) -> None:
    """Record that this happened to all of these, in one statement.

    It was done by whoever acts at the moment, unless `by` says who it turned out to be.
    """
    shared = common(kind, by)
    if len(entries) == 1:
        database.write(ONE, shared | _own(entries[0]))
    else:
        records = [_own(entry) for entry in entries]
        bulk.run(_many(database.dialect()), RECORD, records, shared)


def record_update(
    kind: Kind, statement: Update, which: ColumnElement[bool], changes: Sequence[Change]
) -> None:
    """Update those customers of whom `which` is true, and record the same changes of each.

    However many they are, none of them is read. For PostgreSQL it is one statement; on SQLite
    nobody else writes between the two.
    """
    values = common(kind) | changing.kept(changes)
    subject = statement.table.c.id, statement.table.c.customer_id
    if database.dialect() == "postgresql":
        updated = statement.where(which).returning(*subject).cte("updated")
        database.write(_of_all(updated, values))
        return
    database.write(_of_all(select(*subject).where(which).subquery(), values))
    database.write(statement.where(which))


def noted(subjects: FromClause, *, many: bool = True) -> CTE:
    """For PostgreSQL: an event of each subject, as a part of the statement that writes them.

    Those of `many` are in the order of their ids.
    `subjects` have the columns `row_id`, `row_customer_id`, `fields`, `old_values`, `new_values`;
    the statement is given the values of `common`.
    """
    same = [bindparam(name, type_=E[name].type) for name in COMMON]
    own = [subjects.c[name] for name in ("fields", "old_values", "new_values")]
    each = select(*same, subjects.c.row_id, subjects.c.row_customer_id, *own)
    in_order = each.order_by(subjects.c.row_id) if many else each
    inserted = insert(EVENTS).from_select([*COMMON, *OWN], in_order)
    return inserted.cte("noted")


def record_removal(kind: Kind, entry: Entry) -> None:
    """Record the end of a customer, of whom no value stays in what was recorded before."""
    values = common(kind) | _own(entry)
    of_subject = and_(E.subject_type == kind.noun, E.subject_id == entry.id)
    theirs = E.actor_kind == "customer"
    forgetting = (
        update(EVENTS)
        .where(of_subject, or_(E.new_values.is_not(None), theirs))
        .values(
            old_values=None,
            new_values=None,
            actor_name=case((theirs, REMOVED), else_=E.actor_name),
        )
    )
    if database.dialect() == "postgresql":
        database.write(insert(EVENTS).values(values).inline().add_cte(forgetting.cte("forgotten")))
        return
    database.write(forgetting)
    database.write(ONE, values)


def purge(before: datetime) -> Iterator[int]:
    """Remove the events from before this moment; gives how many each transaction has removed."""
    told = Entry(None, changing.given({"before": before}))
    database.in_unit_of_work(lambda: record(Kind.EVENTS_PURGED, [told]))
    oldest = select(E.id).where(E.at < before).order_by(E.at).limit(BATCH)
    statement = delete(EVENTS).where(E.id.in_(oldest))
    removed = BATCH
    while removed == BATCH:
        removed = database.in_unit_of_work(lambda: database.write(statement).rowcount)
        yield removed


def common(kind: Kind, by: Actor | None = None) -> Columns:
    """What the events of one moment have in common, for `noted`: who did it, when, which kind."""
    now = acting.current()
    actor = by or now.actor
    return {
        "at": clock.now(),
        "kind": kind.value,
        "actor_kind": actor.kind,
        "actor_name": actor.name,
        "token_id": actor.token_id,
        "operator_id": actor.operator_id,
        "request_id": now.request_id,
        "subject_type": kind.noun,
    }


def _own(entry: Entry) -> Columns:
    subject = {"subject_id": entry.id, "customer_id": entry.customer_id}
    return {**subject, **changing.kept(entry.changes)}


def _of_all(subjects: FromClause, values: Columns) -> Insert:
    """The insert of one event for each of the subjects, an id and a customer_id."""
    same = [bindparam(None, value, type_=E[name].type) for name, value in values.items()]
    selected = select(subjects.c.id, subjects.c.customer_id, *same).order_by(subjects.c.id)
    return insert(EVENTS).from_select(["subject_id", "customer_id", *values], selected)


@lru_cache(maxsize=2)
def _many(_dialect: str) -> Insert:
    common = [bindparam(name, type_=E[name].type) for name in COMMON]

    def selection(entry: bulk.Source) -> Select[*tuple[Any, ...]]:
        return select(*common, *(entry[name] for name in OWN))

    return bulk.insert(EVENTS, [*COMMON, *OWN], RECORD, selection)
