"""New customers before they are inserted: their columns, and what tells each from all others."""

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any
from uuid import UUID

from customers_api.core.columns import column
from customers_api.core.customers import addresses, identity, names, revision, tags
from customers_api.core.customers.model import CUSTOMERS, Status

Record = dict[str, Any]
# The values of each, in the order of the customers.
Columns = dict[str, list[Any]]
Usernames = tuple[str, ...]

COLUMNS = tuple(each.name for each in CUSTOMERS.c)
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
# What everybody has.
FILLED = tuple(name for name, value in BLANK.items() if value is not None)
_filled = itemgetter(*FILLED)
STAMPS = ("created_at", "updated_at")
# So many of one name in one list get usernames as short as those of people who come one by one.
MOST_NAMESAKES = 4
CANDIDATES = ("username_1", "username_2", "username_3", "username_4")


@dataclass(slots=True)
class New:
    """A customer about to be inserted: the columns, and the fields of which its event tells."""

    record: Record
    told: Mapping[str, Any]

    @property
    def uuid(self) -> UUID:
        """What the row will be found by."""
        uuid: UUID = self.record["uuid"]
        return uuid


def prepared(records: Sequence[Mapping[str, Any]]) -> list[New]:
    """Customers of these fields, with what tells them from all others."""
    named = [tags.as_kept(names.in_parts(fields)) for fields in records]
    whole = with_identity(map(addresses.spread, named), identity.uuids(len(named)))
    return [New(*each) for each in zip(whole, map(revision.as_told, named), strict=True)]


def redrawn(some: Sequence[New]) -> list[New]:
    """The same customers with other UUIDs, and whatever else tells them from all others."""
    records = with_identity([new.record for new in some], identity.uuids(len(some)))
    return [New(record, new.told) for record, new in zip(records, some, strict=True)]


def with_identity(records: Iterable[Mapping[str, Any]], uuids: Iterable[UUID]) -> list[Record]:
    """Each record with its UUID, and what else tells it from all others."""
    seen: dict[str, int] = {}
    pairs = zip(records, uuids, strict=True)
    return [_with_identity(record, uuid, seen) for record, uuid in pairs]


def whole(record: Record, now: datetime) -> Record:
    """The record with what nothing is said of, and when it is inserted."""
    row = {**BLANK, **dict.fromkeys(STAMPS, now), **record}
    if None in _filled(row):
        row.update({name: BLANK[name] for name in FILLED if row[name] is None})
    return row


def whole_columns(records: Sequence[Record], names: Set[str], now: datetime) -> Columns:
    """The same of many records that say something of `names`, by column."""
    blank = {**BLANK, **dict.fromkeys(STAMPS, now)}
    return {
        name: _filled_up(column(records, name, default), default)
        if name in names
        else [default] * len(records)
        for name, default in blank.items()
    }


def _filled_up(values: list[Any], default: Any) -> list[Any]:
    if default is None or None not in values:
        return values
    return [default if value is None else value for value in values]


def _with_identity(record: Mapping[str, Any], uuid: UUID, seen: dict[str, int]) -> Record:
    base = identity.base_username(record["first_name"], record.get("last_name") or "")
    candidates, namesakes = identity.usernames(base, uuid), seen.get(base, 0)
    if namesakes:
        candidates = _untaken(candidates, namesakes, seen)
    seen[base] = namesakes + 1
    seen[candidates[0]] = seen.get(candidates[0], 0) + 1
    return {
        **record,
        "uuid": uuid,
        "customer_id": identity.customer_id(uuid),
        "email_key": identity.email_key(record["email"]),
        **dict(zip(CANDIDATES, candidates, strict=True)),
    }


def _untaken(usernames: Usernames, namesakes: int, seen: Mapping[str, int]) -> Usernames:
    """Those that nobody has in the same list, whose names the statement cannot see.

    As many as there were: the last one, which practically nobody has, stands for what is missing.
    """
    if namesakes > MOST_NAMESAKES:
        # Racing lists of one name would meet at its few thousand short usernames, and wait.
        left = usernames[2:]
    else:
        left = tuple(name for name in usernames if name not in seen)
    return left + usernames[-1:] * (len(usernames) - len(left))
