"""Writes to groups."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from customers_api.core import clock, database, text
from customers_api.core.errors import Conflict, Invalid, Problem
from customers_api.core.events import changes as changing
from customers_api.core.events import service as events
from customers_api.core.events.kinds import Kind
from customers_api.core.events.service import Entry
from customers_api.core.groups import queries
from customers_api.core.groups.model import Group
from customers_api.core.groups.queries import TABLE, GroupNotFound
from customers_api.core.types import LARGEST_ID

LONGEST_NAME = 100
LONGEST_DESCRIPTION = 2000


class GroupInUse(Conflict):
    """The group has customers; say where they go: ?reassign_to=<group id> or ?reassign_to=none"""

    code = "group-in-use"


def create(fields: Mapping[str, Any]) -> Group:
    """Make a group; raises Invalid with every problem of the fields."""
    now = clock.now()
    group = _kept(Group(created_at=now, updated_at=now), fields)
    events.record(Kind.GROUP_CREATED, [Entry(group.id, changing.given(fields))])
    return group


def change(id: int, changes: Mapping[str, Any]) -> Group:
    """Change the given fields of a group; raises GroupNotFound or Invalid."""
    group = queries.get(id, lock=True)
    old = {name: getattr(group, name) for name in changes}
    group.updated_at = clock.now()
    group = _kept(group, changes)
    events.record(Kind.GROUP_CHANGED, [Entry(id, changing.between(old, changes))])
    return group


def remove(id: int) -> None:
    """Remove a group without customers; raises GroupNotFound or GroupInUse."""
    if not 0 < id <= LARGEST_ID:
        raise GroupNotFound
    statement = delete(TABLE).where(TABLE.c.id == id)
    try:
        removed = database.write(statement.returning(TABLE.c.name, TABLE.c.description)).first()
    except IntegrityError as error:
        raise GroupInUse from error
    if removed is None:
        raise GroupNotFound
    events.record(Kind.GROUP_REMOVED, [Entry(id, changing.gone(removed._asdict()))])


def review(fields: Mapping[str, Any], *, besides: int | None = None) -> Iterator[Problem]:
    """Everything wrong with a group's fields; the group `besides` may keep its name."""
    name, description = fields.get("name"), fields.get("description")
    if name is not None:
        complaint = text.filled_line(name, most=LONGEST_NAME)
        if complaint or _is_taken(name, besides):
            yield Problem(("name",), complaint or "There is a group with this name already")
    if description and (complaint := text.free(description, most=LONGEST_DESCRIPTION)):
        yield Problem(("description",), complaint)


def _kept(group: Group, fields: Mapping[str, Any]) -> Group:
    problems = [*review(fields, besides=group.id)]
    if problems:
        raise Invalid(problems)
    for name, value in fields.items():
        setattr(group, name, value)
    database.session().add(group)
    try:
        database.session().flush()
    except IntegrityError as error:
        # Somebody took the name since it was looked up.
        raise Invalid([Problem(("name",), "There is a group with this name already")]) from error
    except StaleDataError as error:
        # Somebody removed the group since it was looked up.
        raise GroupNotFound from error
    return group


def _is_taken(name: str, besides: int | None) -> bool:
    with database.session().no_autoflush:
        return (
            database.first(
                select(TABLE.c.id).where(TABLE.c.name == name, TABLE.c.id.is_distinct_from(besides))
            )
            is not None
        )
