"""Writes to customers; each runs inside the caller's unit of work and is all or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError

from customers_api.core import clock, database
from customers_api.core.customers import (
    answers,
    creation,
    editions,
    folding,
    ids,
    insertion,
    queries,
    review,
    revision,
    rules,
)
from customers_api.core.customers.editions import Editions
from customers_api.core.customers.model import CUSTOMERS
from customers_api.core.customers.queries import Who
from customers_api.core.customers.text_index import mover
from customers_api.core.errors import Conflict, Path, Problem
from customers_api.core.events import service as events
from customers_api.core.events.changes import Change
from customers_api.core.events.kinds import Kind
from customers_api.core.events.service import Entry
from customers_api.core.groups import queries as groups
from customers_api.core.statements import AnyRow

Fields = Mapping[str, Any]
C = CUSTOMERS.c

# A username, customer_id or id can be taken by a racing writer; new ones are drawn this often.
DRAWS = 20


@dataclass(frozen=True, slots=True)
class Changed:
    """How many customers were changed, and which of the ids nobody has."""

    count: int
    not_found: list[Who]


def create(fields: Fields, show: queries.Fields) -> AnyRow:
    """Make a customer of these fields; returns what `show` names of it.

    Raises Invalid with every problem of the fields, EmailTaken where that is the only one.
    """
    return _created([fields], [()], show)[0]


def create_many(records: Sequence[Fields], show: queries.Fields, *, at: Path = ()) -> list[AnyRow]:
    """Make a customer of each record; returns what `show` names of them, in the same order.

    `at` is where the list stands in what was given; problems are reported below it.
    """
    return _created(records, review.paths_below(at, records), show)


def load(records: Sequence[Fields]) -> None:
    """Make a customer of each record, of whom nothing needs to be shown."""
    _created(records, review.paths_below((), records), ())


def change(who: Who, changes: Fields, show: queries.Fields, *, expected: Editions = None) -> AnyRow:
    """Change the given fields of a customer; returns what `show` names of it.

    Raises CustomerNotFound, Stale, or Invalid with every problem of the changes.
    """
    if not changes:
        editions.check(who, expected)
        return queries.get(who, (*show, *queries.IDENTITY_NAMES))
    if [*rules.problems(changes)]:
        queries.get(who, ("id",))
        review.refuse([*review.changes(who)(changes)])
    return _update(Kind.CUSTOMER_CHANGED, who, changes, show, expected)


def change_many(ids: Sequence[Who], changes: Fields, *, at: Path = ()) -> Changed:
    """Change the given fields of all these customers, and say whom there is not.

    `at` is where the changes stand in what was given; raises Invalid with every problem of them.
    """
    problems = [*review.changes_of_many(changes, at=at)]
    if problems:
        review.refuse(problems)
    changed = revision.revise_many(ids, changes)
    folding.note_changes(len(changed))
    found = {row.row_id for row in changed} | {row.row_customer_id for row in changed}
    return Changed(len(changed), [who for who in ids if who not in found])


def deactivate(who: Who, *, expected: Editions = None) -> None:
    """Make a customer inactive; raises CustomerNotFound, Stale. One who is canceled stays so."""
    _update(Kind.CUSTOMER_DEACTIVATED, who, {}, ("id",), expected)


def verify_email(who: Who, show: queries.Fields, *, expected: Editions = None) -> AnyRow:
    """Note that the customer's email is known to be theirs; raises CustomerNotFound, Stale."""
    return _update(Kind.CUSTOMER_EMAIL_VERIFIED, who, {"email_verified": True}, show, expected)


def verify_phone(who: Who, show: queries.Fields, *, expected: Editions = None) -> AnyRow:
    """Note that the customer's phone is known to be theirs; raises CustomerNotFound, Stale."""
    return _update(Kind.CUSTOMER_PHONE_VERIFIED, who, {"phone_verified": True}, show, expected)


def note_login(who: Who, show: queries.Fields, *, expected: Editions = None) -> AnyRow:
    """Note that the customer has logged in now; raises CustomerNotFound, Stale."""
    return _update(Kind.CUSTOMER_LOGGED_IN, who, {"last_login_at": clock.now()}, show, expected)


def remove(who: Who, *, expected: Editions = None) -> int:
    """Remove a customer's record for good; returns its id, raises CustomerNotFound or Stale."""
    which, values = editions.named(who, expected)
    removing = delete(CUSTOMERS).where(which.condition)
    row = database.write(removing.returning(C.id, C.customer_id), values).first()
    if row is None:
        editions.refuse(who, expected)
    events.record_removal(Kind.CUSTOMER_REMOVED, Entry(row.id, customer_id=row.customer_id))
    answers.forget(row.id)
    # What still waits to be counted tells of this customer, too.
    database.afterwards(folding.fold)
    return int(row.id)


def leave_group(group_id: int, reassign_to: int | Literal["none"]) -> None:
    """Move all customers of a group to another group, or to none; raises Invalid."""
    # Locked, so that nobody joins it between their leaving and its end.
    groups.get(group_id, lock=True)
    to = None if reassign_to == "none" else reassign_to
    if to == group_id:
        review.refuse([Problem(("reassign_to",), "Must be another group")])
    if to is not None and to not in groups.ids_in_use([to]):
        review.refuse([Problem(("reassign_to",), review.GROUP_MISSING)])
    moved = [Change("group_id", group_id, to)]
    statement = revision.touch().values(group_id=to)
    events.record_update(Kind.CUSTOMER_CHANGED, statement, C.group_id == group_id, moved)


def _created(
    records: Sequence[Fields], paths: Sequence[Path], show: queries.Fields
) -> list[AnyRow]:
    problems = [*review.broken_rules(records, paths)]
    if problems:
        review.refuse([*problems, *review.conflicts(records, paths)])
    prepared = creation.prepared(records)
    rows = insertion.insert(prepared, clock.now(), show)
    for _ in range(DRAWS):
        left = [i for i, row in enumerate(rows) if row is None]
        if not left:
            folding.note_changes(len(prepared))
            mover.note_new(len(prepared))
            return [row for row in rows if row is not None]
        problems = [*review.conflicts([records[i] for i in left], [paths[i] for i in left])]
        if problems:
            review.refuse(problems)
        if database.dialect() == "postgresql":
            ids.skip_chosen()
        redrawn = creation.redrawn([prepared[i] for i in left])
        inserted = insertion.insert(redrawn, clock.now(), show)
        for i, new, row in zip(left, redrawn, inserted, strict=True):
            prepared[i], rows[i] = new, row
    raise Conflict


def _update(
    kind: Kind, who: Who, changes: Fields, show: queries.Fields, expected: Editions
) -> AnyRow:
    try:
        row = revision.revise(kind, who, changes, show, expected)
    except IntegrityError:
        database.give_up()
        problems = [*review.conflicts([changes], [()], besides=who)]
        if problems:
            review.refuse(problems)
        raise
    if row is None:
        editions.refuse(who, expected)
    folding.note_changes(1)
    return row
