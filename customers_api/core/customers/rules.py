"""What must hold for a customer, whichever contract it came through."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any

import email_validator

from customers_api.core import clock, text
from customers_api.core.columns import column
from customers_api.core.customers import addresses, names
from customers_api.core.customers.model import length_of
from customers_api.core.errors import Problem
from customers_api.core.types import LARGEST_ID

# A subset of what is valid, for speed; every other address is email-validator's to judge.
PLAIN_EMAIL = re.compile(
    r"[a-zA-Z0-9_+-]+(?:\.[a-zA-Z0-9_+-]+)*@(?:[a-zA-Z0-9]{1,63}\.)+[a-zA-Z]{2,63}"
)
LONGEST_LOCAL_PART = 64
# Names such as example.test are reserved, yet they are what people try an API with.
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()

LONGEST_EMAIL = length_of("email")

PHONE = re.compile(r"\+?[ ()./-]*+(?:[0-9][ ()./-]*+){7,15}")
LONGEST_PHONE = length_of("phone")
# Not a backslash, itself escaped, before "u0000".
ESCAPED_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
EARLIEST_BIRTH = date(1900, 1, 1)
EARLIEST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)
LARGEST_VALUE = Decimal(10) ** 12
LARGEST_METADATA = 65_536
LONGEST_NOTES = 1_048_576
LONGEST_TAGS = 500

Rule = Callable[[Any], str | None]
_first_name = text.line_of(length_of("first_name"))
_tags = text.line_of(LONGEST_TAGS)


def id(value: int) -> str | None:
    """A number that a client may choose for a new customer."""
    return None if 0 < value <= LARGEST_ID else f"Must be from 1 to {LARGEST_ID}"


def email(value: str) -> str | None:
    """An address by the syntax of RFC 5321 and 6531; whether it receives mail is not asked."""
    if (
        len(value) <= LONGEST_EMAIL
        and PLAIN_EMAIL.fullmatch(value)
        and value.index("@") <= LONGEST_LOCAL_PART
    ):
        return None
    if complaint := text.one_line(value, most=LONGEST_EMAIL):
        return complaint
    try:
        email_validator.validate_email(value, check_deliverability=False)
    except email_validator.EmailNotValidError as error:
        return f"Not a valid email address: {error}"
    return None


def first_name(value: str) -> str | None:
    """A name, which there must be."""
    return text.BLANK if text.is_blank(value) else _first_name(value)


def phone(value: str) -> str | None:
    """Seven to fifteen digits, with a leading + and the separators people write."""
    if len(value) > LONGEST_PHONE:
        return f"Longer than {LONGEST_PHONE} characters"
    if PHONE.fullmatch(value):
        return None
    return "Not a phone number: 7 to 15 digits, with an optional leading + and separators"


def date_of_birth(value: date) -> str | None:
    """A day from 1900 to today in UTC."""
    if value < EARLIEST_BIRTH:
        return "Before 1900"
    if value > clock.today():
        return "In the future"
    return None


def tags(value: Sequence[str]) -> str | None:
    """Tags that, joined by commas, fit the registry's column."""
    return _tags(",".join(value))


def notes(value: str) -> str | None:
    """Text of any number of lines."""
    return text.free(value, most=LONGEST_NOTES)


def moment(value: datetime) -> str | None:
    """A moment no earlier than 1900."""
    return "Before 1900" if value < EARLIEST_MOMENT else None


def lifetime_value(value: Decimal) -> str | None:
    """An amount that fits the column."""
    return None if abs(value) < LARGEST_VALUE else "Must be less than 1,000,000,000,000"


def metadata(value: str) -> str | None:
    """A JSON object, as text, of a bounded size and without NUL."""
    if len(value) > LARGEST_METADATA:
        return f"Longer than {LARGEST_METADATA} characters of JSON"
    if ESCAPED_NUL.search(value):
        return "Contains a NUL character"
    return None


LINES = (
    "last_name",
    "address_line1",
    "address_line2",
    "city",
    "state",
    "postal_code",
    "country",
    "gender",
    "company_name",
    "tax_id",
)
# Of equal values a rule says the same.
RULES: Mapping[str, Rule] = {
    "id": id,
    "full_name": names.complaint,
    "first_name": first_name,
    "email": email,
    "phone": phone,
    "date_of_birth": date_of_birth,
    "tags": tags,
    "lifetime_value": lifetime_value,
    "metadata": metadata,
    # As metadata is: an object of the client's own.
    "address": metadata,
    "customer_acquisition_date": moment,
    "notes": notes,
    **{column: text.line_of(length_of(column)) for column in LINES},
}


def problems(fields: Mapping[str, Any]) -> list[Problem]:
    """Everything wrong with the given fields themselves; None is a field without a value."""
    rule_for = RULES.get
    found = [
        Problem((name,), complaint)
        for name, value in fields.items()
        if value is not None
        and (rule := rule_for(name)) is not None
        and (complaint := rule(value)) is not None
    ]
    address = fields.get("address")
    if address is not None and not any(problem.path == ("address",) for problem in found):
        found.extend(_address(address))
    return found


def hold(records: Sequence[Mapping[str, Any]]) -> bool:
    """Whether nothing is wrong with any of the records; what many share is looked at once."""
    for name in {*chain.from_iterable(records)} & RULES.keys():
        values = {*column(records, name)} - {None}
        if any(map(RULES[name], values)):
            return False
        if name == "address" and any(any(_address(value)) for value in values if value):
            return False
    return True


def _address(value: str) -> Iterator[Problem]:
    for key, given in addresses.texts(value).items():
        if complaint := RULES[addresses.KEYS[key]](given):
            yield Problem(("address", key), complaint)
