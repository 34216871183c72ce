"""One made-up customer: what belongs to a number, as the texts that both databases read.

Texts first, and records from them: a million customers are stored as texts, and dates or UUIDs that
are only made to be written down again would take half of the time.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from customers_api.core.customers.generation import traits
from customers_api.core.customers.generation.draws import (
    SIDES,
    Draws,
    draws,
    low,
    patterned,
    pick,
    uuid_text,
)
from customers_api.core.customers.generation.lands import LANDS, City, Land, Name
from customers_api.core.customers.identity import USERNAME_BASE_LENGTH

Record = dict[str, Any]
Texts = tuple[str | None, ...]

# The day on which the made-up history ends: a fixed one, or every day would make other customers.
REFERENCE = date(2025, 1, 1)
HISTORY_DAYS, ACQUIRED_BEFORE = 8 * 365, 32
YOUNGEST_DAYS, AGES_DAYS = 18 * 365, 68 * 365
DAYS_AGO = [
    str(REFERENCE - timedelta(days=1 + days)) for days in range(HISTORY_DAYS + ACQUIRED_BEFORE)
]
BIRTHS = [str(REFERENCE - timedelta(days=YOUNGEST_DAYS + days)) for days in range(AGES_DAYS)]
MINUTES = [f" {hour:02d}:{minute:02d}" for hour in range(24) for minute in range(60)]
# With the fraction that SQLAlchemy writes in SQLite; no zone: it is UTC in both databases.
SECONDS = [f":{second:02d}.000000" for second in range(60)]
MIDNIGHT = " 00:00:00.000000"

PERCENT = SIDES // 100
# The first three of the eight values that the bits 7 to 9 have.
THREE_OF_EIGHT = (0, 128, 256)

# What `texts` gives, in its order.
COLUMNS = (
    *("uuid", "customer_id", "username", "email", "email_key", "group_id"),
    *("first_name", "last_name", "gender", "date_of_birth"),
    *("address_line1", "address_line2", "city", "state", "postal_code", "country", "phone"),
    *("company_name", "tax_id"),
    *("customer_status", "notes", "email_verified", "phone_verified", "marketing_emails"),
    *("marketing_sms", "is_loyalty_member", "preferred_communication_channels", "lifetime_value"),
    *("created_at", "updated_at", "customer_acquisition_date", "last_login_at"),
    *("metadata", "version", "tags"),
)


def texts(number: int, drawn: Draws, groups: Sequence[str | None]) -> Texts:
    """The customer with this number, whose draws are given: a text or None for each of COLUMNS.

    It keeps the rules, and shares with no other number what must be unique.
    """
    land = pick(LANDS, drawn[0])
    female = drawn[1] & 1
    first = pick(land.female if female else land.male, drawn[2])
    last = pick(land.last, drawn[3])
    uuid = uuid_text(number, drawn)
    # Names hold no digits, so the number at the end makes username and email unique.
    email = f"{_local_part(first, last, drawn[4])}{number}@{pick(traits.DOMAINS, low(drawn[4]))}"
    return (
        uuid,
        f"CUST_{uuid[:8].upper()}",
        f"{(first.letters + last.letters)[:USERNAME_BASE_LENGTH]}{number}",
        email,
        email,
        pick(groups, drawn[5]),
        first.text,
        last.text,
        _gender(female, drawn[1]),
        # Two draws added up: the middle ages are the most frequent.
        BIRTHS[(drawn[6] + drawn[7]) * AGES_DAYS >> 17] if low(drawn[7]) > 10 * PERCENT else None,
        *_address(land, pick(land.cities, drawn[8]), drawn),
        *_company(land, last, drawn),
        *_standing(drawn),
        *_history(drawn),
        pick(land.metadata, drawn[25]),
        "1",
        ",".join(tags(drawn)) or None,
    )


def tags(drawn: Draws) -> Sequence[str]:
    """The tags of the customer with these draws."""
    return pick(traits.TAGS, drawn[24])


def customer(number: int, groups: Sequence[str | None]) -> Record:
    """The customer with this number as a record, as the rest of the core knows them."""
    drawn = draws(number)
    named = zip(COLUMNS, texts(number, drawn, groups), strict=True)
    record = {name: value and READERS.get(name, str)(value) for name, value in named}
    return record | {
        "preferred_communication_channels": pick(traits.CHANNELS, low(drawn[24])),
        "tags": tags(drawn),
    }


def _moment(value: str) -> datetime:
    return datetime.fromisoformat(f"{value}+00:00")


def _flag(value: str) -> bool:
    return value == "1"


READERS: Mapping[str, Callable[[str], Any]] = {
    "uuid": UUID,
    "group_id": int,
    "version": int,
    "lifetime_value": Decimal,
    "date_of_birth": date.fromisoformat,
    **dict.fromkeys(
        ("created_at", "updated_at", "customer_acquisition_date", "last_login_at"), _moment
    ),
    **dict.fromkeys(("email_verified", "phone_verified", "is_loyalty_member"), _flag),
    **dict.fromkeys(("marketing_emails", "marketing_sms"), _flag),
}


def _local_part(first: Name, last: Name, draw: int) -> str:
    if draw < 50 * PERCENT:
        return f"{first.letters}.{last.letters}"
    if draw < 70 * PERCENT:
        return f"{first.letters[0]}.{last.letters}"
    return f"{last.letters}_{first.letters}"


def _gender(female: int, draw: int) -> str | None:
    if draw < 8 * PERCENT:
        return None
    if draw < 10 * PERCENT:
        return "non-binary"
    return "female" if female else "male"


def _address(land: Land, city: City, drawn: Draws) -> Texts:
    known = drawn[12]
    has_street = known >= 12 * PERCENT
    has_city = known >= 6 * PERCENT
    return (
        pick(land.country.streets, drawn[10]) % (1 + ((drawn[11] >> 8) ** 2 >> 8))
        if has_street
        else None,
        pick(traits.SECOND_LINES, drawn[9]) if known > 85 * PERCENT else None,
        city.name if has_city else None,
        city.state if has_city else None,
        pick(city.postal_codes, drawn[9]) if has_street else None,
        land.country.name if known >= 3 * PERCENT else None,
        city.phone(drawn[13], drawn[14], drawn[15]) if _has_phone(drawn) else None,
    )


def _has_phone(drawn: Draws) -> bool:
    return low(drawn[11]) >= 12 * PERCENT


def _company(land: Land, last: Name, drawn: Draws) -> Texts:
    if drawn[16] > 12 * PERCENT:
        return None, None
    form = pick(land.country.company_forms, low(drawn[16]))
    return f"{last.text} {form}", patterned(land.country.tax_id, drawn[1:])


def _standing(drawn: Draws) -> Texts:
    flags, worth = drawn[18], drawn[23]
    # Few spend much: half of those who bought at all less than 360, one in a hundred 9,000.
    cents = 24_000 * worth // (66_500 - worth) + worth % 997 if worth > 20 * PERCENT else 0
    return (
        pick(traits.STATUSES, drawn[17]),
        pick(traits.NOTES, low(drawn[17])) if flags >> 12 == 0 else None,
        "1" if flags & 6 else "0",
        "1" if flags & 1 and _has_phone(drawn) else "0",
        "1" if flags & 24 else "0",
        "0" if flags & 96 else "1",
        "1" if flags & 896 in THREE_OF_EIGHT else "0",
        ",".join(pick(traits.CHANNELS, low(drawn[24]))),
        f"{cents // 100}.{cents % 100:02d}",
    )


def _history(drawn: Draws) -> Texts:
    # The later of two draws: the business grows.
    ago = HISTORY_DAYS - 1 - (max(drawn[19], drawn[20]) * HISTORY_DAYS >> 16)
    seen_ago = ago * drawn[22] >> 16
    second = SECONDS[drawn[20] % 60]
    created = DAYS_AGO[ago] + pick(MINUTES, drawn[21]) + second
    acquired = DAYS_AGO[ago + drawn[22] % ACQUIRED_BEFORE] + MIDNIGHT
    # Seen on a later day, or else when they came.
    seen = DAYS_AGO[seen_ago] + pick(MINUTES, drawn[19]) + second if seen_ago < ago else created
    return (
        created,
        created,
        acquired if low(drawn[21]) >= 15 * PERCENT else None,
        seen if drawn[22] >= 40 * PERCENT else None,
    )
