"""Reads of events: the newest first, a page in one statement, which starts where the page does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, func, literal, select, text

from customers_api.core import database
from customers_api.core.events import changes as changing
from customers_api.core.events.changes import Change
from customers_api.core.events.model import CUSTOMER, EVENTS, OTHERS, REMOVALS
from customers_api.core.paging import Slice
from customers_api.core.statements import AnyRow
from customers_api.core.types import LARGEST_ID, Id

E = EVENTS.c
FILTERS: Mapping[str, ColumnElement[Any]] = {
    "kind": E.kind,
    "subject_type": E.subject_type,
    "subject_id": E.subject_id,
    "actor": E.actor_name,
    "request_id": E.request_id,
}
# Ids follow the time but for what writers and their clocks differ by, which is far less than this.
OUT_OF_ORDER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Event:
    """One event, its changes told one by one."""

    id: int
    at: datetime
    kind: str
    actor_kind: str
    actor_name: str
    token_id: int | None
    operator_id: int | None
    request_id: str | None
    subject_type: str
    subject_id: int | None
    customer_id: str | None
    changes: list[Change]


def page(filters: Mapping[str, Any], part: Slice) -> Sequence[Event]:
    """The newest events for which every filter is true, and one more, which tells of the rest.

    Filters: kind, subject_type, subject_id, actor, request_id, since, until (both included).
    """
    statement = select(EVENTS).order_by(E.id.desc()).limit(part.limit + 1)
    for name, value in filters.items():
        statement = _narrowed(statement, name, value)
    if part.after:
        statement = statement.where(E.id < bindparam("after", part.after, type_=Id))
    return [_event(row) for row in database.rows(statement)]


def removed_customer(customer_id: str) -> int | None:
    """The number of the last customer with this customer_id who was removed, if there was one."""
    known = E.customer_id == customer_id, text(REMOVALS)
    id: int | None = database.rows(select(func.max(E.subject_id)).where(*known))[0][0]
    return id


def _event(row: AnyRow) -> Event:
    told = row._asdict()
    changed = changing.shown(told.pop("fields"), told.pop("old_values"), told.pop("new_values"))
    return Event(**told, changes=changed)


def _narrowed(statement: Select[Any], name: str, value: Any) -> Select[Any]:
    if name == "since":
        start = _id_near(E.at < value - OUT_OF_ORDER, E.at.desc())
        return statement.where(E.at >= value, E.id > func.coalesce(start, 0))
    if name == "until":
        end = _id_near(E.at > value + OUT_OF_ORDER, E.at.asc())
        return statement.where(E.at <= value, E.id < func.coalesce(end, literal(LARGEST_ID, Id)))
    if name == "subject_type" and value != CUSTOMER:
        statement = statement.where(text(OTHERS))
    return statement.where(FILTERS[name] == value)


def _id_near(beyond: ColumnElement[bool], order: ColumnElement[Any]) -> ScalarSelect[int]:
    """The id of the event beyond some moment that is nearest to it.

    The page is walked by id, and need not walk through what lies beyond.
    """
    return select(E.id).where(beyond).order_by(order).limit(1).correlate(None).scalar_subquery()
