"""Writes to customers; each runs inside the caller's unit of work and is all or nothing."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, Update, and_, delete, literal, update
from sqlalchemy.exc import IntegrityError

from customers_api.core import clock, database
from customers_api.core.customers import identity, insertion, queries, review, rules
from customers_api.core.customers.model import CUSTOMERS, TAGS
from customers_api.core.customers.queries import CustomerNotFound
from customers_api.core.database import AnyRow
from customers_api.core.errors import Conflict, Path, Problem
from customers_api.core.groups import queries as groups
from customers_api.core.types import LARGEST_ID

Fields = Mapping[str, Any]
C = CUSTOMERS.c

# A username or customer_id can be taken by a racing writer; new ones are drawn this often.
DRAWS = 5
VERIFIED = {"email": "email_verified", "phone": "phone_verified"}


def create(fields: Fields, show: queries.Fields) -> AnyRow:
    """Make a customer of these fields; returns what `show` names of it.

    Raises Invalid with every problem of the fields, EmailTaken where that is the only one.
    """
    return queries.by_uuid(_insert([fields], [()]), show)[0]


def create_many(records: Sequence[Fields], show: queries.Fields, *, at: Path = ()) -> list[AnyRow]:
    """Make a customer of each record; returns what `show` names of them, in the same order.

    `at` is where the list stands in what was given; problems are reported below it.
    """
    return queries.by_uuid(_insert(records, review.paths_below(at, records)), show)


def load(records: Sequence[Fields]) -> None:
    """Make a customer of each record, of whom nothing needs to be shown."""
    _insert(records, review.paths_below((), records))


def change(id: int, changes: Fields, show: queries.Fields) -> AnyRow:
    """Change the given fields of a customer; returns what `show` names of it.

    Raises CustomerNotFound, or Invalid with every problem of the changes.
    """
    if not 0 < id <= LARGEST_ID:
        raise CustomerNotFound
    if [*rules.problems(changes)]:
        queries.get(id, ("id",))
        review.refuse([*review.changes(id)(changes)])
    row = _update(id, changes, show)
    if row is None:
        raise CustomerNotFound
    if "tags" not in changes:
        return row
    database.write(delete(TAGS).where(TAGS.c.customer_id == id))
    insertion.insert_tags([{"uuid": row[-1], "tags": changes["tags"]}])
    return queries.get(id, show)


def remove(id: int) -> None:
    """Remove a customer's record for good; raises CustomerNotFound."""
    statement = delete(CUSTOMERS).where(C.id == id)
    if not 0 < id <= LARGEST_ID or database.write(statement).rowcount == 0:
        raise CustomerNotFound


def leave_group(group_id: int, reassign_to: int | Literal["none"]) -> None:
    """Move all customers of a group to another group, or to none; raises Invalid."""
    groups.check_exists(group_id)
    to = None if reassign_to == "none" else reassign_to
    if to == group_id:
        review.refuse([Problem(("reassign_to",), "Must be another group")])
    if to is not None and to not in groups.ids_in_use([to]):
        review.refuse([Problem(("reassign_to",), review.GROUP_MISSING)])
    database.write(_touch().where(C.group_id == group_id).values(group_id=to))


def _insert(records: Sequence[Fields], paths: Sequence[Path]) -> list[UUID]:
    problems = [*review.broken_rules(records, paths)]
    if problems:
        review.refuse([*problems, *review.conflicts(records, paths)])
    prepared = insertion.prepared(records, clock.now())
    left: Sequence[int] = range(len(prepared))
    for _ in range(DRAWS):
        refused = insertion.insert_customers([prepared[i] for i in left])
        if not refused:
            insertion.insert_tags(prepared)
            return [record["uuid"] for record in prepared]
        left = [left[i] for i in refused]
        problems = [*review.conflicts([records[i] for i in left], [paths[i] for i in left])]
        if problems:
            review.refuse(problems)
        redrawn = insertion.with_identity({**prepared[i], "uuid": uuid4()} for i in left)
        for i, record in zip(left, redrawn, strict=True):
            prepared[i] = record
    raise Conflict


def _update(id: int, changes: Fields, show: queries.Fields) -> AnyRow | None:
    values = {name: value for name, value in changes.items() if name != "tags"}
    statement = _touch().where(C.id == id).values(values | _consequences(values))
    try:
        # The UUID comes last, where whoever reads a row by its fields does not see it.
        return database.write(statement.returning(*queries.columns(show), C.uuid)).first()
    except IntegrityError:
        database.give_up()
        problems = [*review.conflicts([changes], [()], besides=id)]
        if problems:
            review.refuse(problems)
        raise


def _touch() -> Update:
    return update(CUSTOMERS).values(version=C.version + 1, updated_at=clock.now())


def _consequences(values: Fields) -> dict[str, Any]:
    """What else changes: the email's key, and the verified flags of what is no longer the same."""
    flags: dict[str, Any] = {
        flag: _and_unchanged(C[flag], C[name], values[name])
        for name, flag in VERIFIED.items()
        if name in values
    }
    if "email" in values:
        flags["email_key"] = identity.email_key(values["email"])
    return flags


def _and_unchanged(
    flag: ColumnElement[bool], column: ColumnElement[Any], value: object
) -> ColumnElement[bool]:
    return and_(flag, column.is_not_distinct_from(literal(value, column.type)))
