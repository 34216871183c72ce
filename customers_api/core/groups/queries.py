"""Reads of groups."""

from collections.abc import Iterable, Sequence
from typing import cast

from sqlalchemy import Table, bindparam, select

from customers_api.core import database
from customers_api.core.errors import NotFound
from customers_api.core.groups.model import Group
from customers_api.core.types import LARGEST_ID


class GroupNotFound(NotFound):
    """Group not found"""

    code = "group-not-found"


TABLE = cast(Table, Group.__table__)
_EXISTS = select(TABLE.c.id).where(TABLE.c.id == bindparam("wanted"))


def get(id: int, *, lock: bool = False) -> Group:
    """The group with this id, kept from other writers if so wished; raises GroupNotFound."""
    group = database.record(Group, id, lock=lock)
    if group is None:
        raise GroupNotFound
    return group


def every() -> Sequence[Group]:
    """All groups, by id."""
    return database.records(select(Group).order_by(Group.id))


def ids_in_use(ids: Iterable[int]) -> frozenset[int]:
    """Which of these are the ids of groups."""
    return database.in_use(TABLE.c.id, [id for id in set(ids) if 0 < id <= LARGEST_ID])


def check_exists(id: int) -> None:
    """Raise GroupNotFound unless there is a group with this id."""
    if not 0 < id <= LARGEST_ID or database.first(_EXISTS, {"wanted": id}) is None:
        raise GroupNotFound
