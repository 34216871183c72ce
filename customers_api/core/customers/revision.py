"""Changes of customers together with what they changed: old and new values, and the events.

PostgreSQL does it all in one statement: it updates, tells the old values by each row as it was when
it was locked, and writes the events. SQLite, on which nobody else writes meanwhile, is asked for
the old values first.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    String,
    Update,
    and_,
    any_,
    bindparam,
    case,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from customers_api.core import clock, database
from customers_api.core.customers import addresses, editions, identity, names, queries, tags
from customers_api.core.customers.editions import Editions, Which
from customers_api.core.customers.model import CUSTOMERS, Status
from customers_api.core.customers.queries import Who
from customers_api.core.events import changes as changing
from customers_api.core.events import service as events
from customers_api.core.events import told
from customers_api.core.events.kinds import Kind
from customers_api.core.events.service import Entry
from customers_api.core.statements import AnyRow, Prepared
from customers_api.core.types import LARGEST_ID

C = CUSTOMERS.c
Fields = Mapping[str, Any]
Names = tuple[str, ...]
# JSON objects, kept as text.
OBJECTS = ("metadata", "address")
VERIFIED = {"email": "email_verified", "phone": "phone_verified"}


def revise(
    kind: Kind, who: Who, changes: Fields, show: queries.Fields, expected: Editions
) -> AnyRow | None:
    """Change a customer, and record that `kind` happened; returns what `show` names, or None.

    None where the customer is in no expected state, or is not there; raises CustomerNotFound where
    nobody can have that name.
    """
    which, wanted = editions.named(who, expected)
    return next(iter(_revise(kind, which, wanted, changes, show)), None)


def revise_many(ids: Sequence[Who], changes: Fields) -> Sequence[AnyRow]:
    """Change all customers with these ids and customer_ids; returns the identity of each."""
    numbers = [who for who in ids if isinstance(who, int) and 0 < who <= LARGEST_ID]
    words = [who for who in ids if isinstance(who, str) and "\0" not in who]
    wanted = {"numbers": numbers, "words": words}
    return _revise(Kind.CUSTOMER_CHANGED, None, wanted, changes, ())


def touch() -> Update:
    """An update of customers that says no more yet than that there is one."""
    return update(CUSTOMERS).values(version=C.version + 1, updated_at=clock.now())


def as_told(fields: Fields) -> Fields:
    """Columns and their values as an event tells them, which is as the API shows them."""
    objects = {
        name: msgspec.Raw(fields[name].encode()) for name in OBJECTS if fields.get(name) is not None
    }
    return {**fields, **objects} if objects else fields


def _revise(
    kind: Kind, which: Which | None, wanted: Fields, changes: Fields, show: queries.Fields
) -> Sequence[AnyRow]:
    given = tags.as_kept(addresses.spread(changes))
    values = {**wanted, "now": clock.now(), **_bound(given)}
    if database.dialect() == "postgresql":
        statement = _with_events(kind, which, tuple(given), show)
        return database.alone(statement, values | events.common(kind))
    changed = _told_of(kind, tuple(given))
    before = database.rows(_before(which, changed, "sqlite"), values)
    rows = database.alone(_updated(kind, which, tuple(given), show), values)
    old = {row.id: row for row in before}
    entries = [_entry(old[row.row_id], row, changed) for row in rows]
    events.record(kind, entries)
    return rows


def _entry(old: AnyRow, new: AnyRow, changed: Names) -> Entry:
    was = as_told({name: getattr(old, name) for name in changed})
    now = as_told({name: getattr(new, f"new_{name}") for name in changed})
    return Entry(new.row_id, changing.between(was, now), new.row_customer_id)


def _bound(given: Fields) -> dict[str, Any]:
    """The values of the assignments."""
    bound = {f"set_{name}": value for name, value in given.items()}
    if names.WHOLE in given:
        parts = names.parted(given[names.WHOLE])
        bound |= {f"set_{name}": value for name, value in parts.items()}
    if "email" in given:
        bound["set_email_key"] = identity.email_key(given["email"])
    return bound


def _assigned(kind: Kind, given: Names) -> dict[str, ColumnElement[Any]]:
    """What each column is to be, of the values that `_bound` binds."""
    assigned: dict[str, ColumnElement[Any]] = {}
    for name in given:
        if name == names.WHOLE:
            # Who has this name already keeps the parts as they are.
            same = queries.EXPRESSIONS[name] == bindparam(f"set_{name}")
            for part in names.PARTS:
                assigned[part] = case((same, C[part]), else_=_value(part))
        else:
            assigned[name] = _value(name)
        if name in VERIFIED:
            flag = C[VERIFIED[name]]
            assigned[flag.name] = and_(flag, C[name].is_not_distinct_from(_value(name)))
    if kind is Kind.CUSTOMER_DEACTIVATED:
        status = C.customer_status
        assigned[status.name] = case(
            (status == Status.ACTIVE.value, Status.INACTIVE.value), else_=status
        )
    return assigned


def _value(name: str) -> ColumnElement[Any]:
    return bindparam(f"set_{name}", type_=C[name].type)


def _told_of(kind: Kind, given: Names) -> Names:
    """The columns of which the event tells."""
    return tuple(_assigned(kind, given))


@lru_cache(maxsize=256)
def _before(which: Which | None, changed: Names, dialect: str) -> Prepared:
    return Prepared(_of(which, changed, dialect))


def _of(which: Which | None, changed: Names, dialect: str) -> Select[*tuple[Any, ...]]:
    """The columns of those customers as they are."""
    return select(C.id, *(C[name] for name in changed)).where(_condition(which, dialect))


def _condition(which: Which | None, dialect: str) -> ColumnElement[bool]:
    if which is not None:
        return which.condition
    if dialect == "postgresql":
        numbers, words = ARRAY(BigInteger), ARRAY(String)
        return or_(
            C.id == any_(bindparam("numbers", type_=numbers)),
            C.customer_id == any_(bindparam("words", type_=words)),
        )
    return or_(
        C.id.in_(bindparam("numbers", expanding=True)),
        C.customer_id.in_(bindparam("words", expanding=True)),
    )


def _update(kind: Kind, given: Names) -> Update:
    assigned = _assigned(kind, given)
    key = {"email_key": _value("email_key")} if "email" in given else {}
    moment = bindparam("now", type_=C.updated_at.type)
    touched = update(CUSTOMERS).values(version=C.version + 1, updated_at=moment)
    return touched.values(assigned | key)


def _new(changed: Names) -> list[ColumnElement[Any]]:
    return [C[name].label(f"new_{name}") for name in changed]


@lru_cache(maxsize=256)
def _updated(kind: Kind, which: Which | None, given: Names, show: queries.Fields) -> Prepared:
    """SQLite's update, which returns what is shown, the identity, and the new values."""
    returned = [*queries.columns(show), *queries.IDENTITY, *_new(_told_of(kind, given))]
    return Prepared(_update(kind, given).where(_condition(which, "sqlite")).returning(*returned))


@lru_cache(maxsize=256)
def _with_events(kind: Kind, which: Which | None, given: Names, show: queries.Fields) -> Prepared:
    """PostgreSQL's update with its events; returns what is shown, and the identity."""
    changed = _told_of(kind, given)
    many = which is None
    before = _of(which, changed, "postgresql")
    # In one order for all writers, so that they do not wait for each other in a circle.
    in_order = before.order_by(C.id) if many else before
    locked = in_order.with_for_update(key_share=True).subquery("old")
    olden = [locked.c[name].label(f"old_{name}") for name in changed]
    shown = [*queries.columns(show), *queries.IDENTITY]
    updating = _update(kind, given).where(C.id == locked.c.id)
    updated = updating.returning(*shown, *_new(changed), *olden).cte("updated").c
    pairs = {name: (updated[f"old_{name}"], updated[f"new_{name}"]) for name in changed}
    identity_of = [updated.row_id, updated.row_customer_id]
    telling = told.columns(pairs, objects=OBJECTS)
    subjects = select(*identity_of, *(each.label(n) for n, each in telling.items()))
    noted = events.noted(subjects.subquery("subjects"), many=many)
    result = select(*(updated[column.name] for column in shown)).add_cte(noted)
    return Prepared(result.order_by(updated.row_id) if many else result)
