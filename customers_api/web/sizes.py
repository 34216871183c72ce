"""How the reference shows what the core asks of texts, so that whoever reads it can comply."""

from collections.abc import Mapping

from customers_api.core.credentials import passwords
from customers_api.core.customers import rules
from customers_api.core.customers.model import length_of
from customers_api.core.text import CONTROL, UNSEEN
from customers_api.core.types import LARGEST_ID
from customers_api.web.schemas import Shape

_CONTROLS = CONTROL.pattern[1:-1]
# White space around a text is taken off before anybody looks, which makes a few more acceptable.
_ONE_LINE = f"^[^{_CONTROLS}]*$"
_FILLED_LINE = rf"^[^{_CONTROLS}]*[^{UNSEEN}{_CONTROLS}][^{_CONTROLS}]*$"
PHONE = f"^{rules.PHONE.pattern}$"


def line(most: int) -> Shape:
    """A text in one line."""
    return {"maxLength": most, "pattern": _ONE_LINE}


def filled_line(most: int) -> Shape:
    """A text in one line that is not blank."""
    return {"minLength": 1, "maxLength": most, "pattern": _FILLED_LINE}


def free(most: int) -> Shape:
    """A text of any number of lines."""
    return {"maxLength": most, "pattern": r"^[^\x00]*$"}


def password(shortest: int) -> Shape:
    """A password to set."""
    return {**free(passwords.LONGEST), "minLength": shortest}


ID: Shape = {"minimum": 1, "maximum": LARGEST_ID}
CUSTOMERS_PASSWORD = password(passwords.SHORTEST_OF_CUSTOMERS)
OPERATORS_PASSWORD = password(passwords.SHORTEST)
# By the core's names, for every contract that takes customers.
CUSTOMER: Mapping[str, Shape] = {
    **{name: line(length_of(name)) for name in rules.LINES},
    "first_name": filled_line(length_of("first_name")),
    "last_name": filled_line(length_of("last_name")),
    # Of a whole name each part has its own limit.
    "full_name": filled_line(length_of("first_name") + 1 + length_of("last_name")),
    "id": ID,
    "group_id": ID,
    "email": {"format": "email", "maxLength": length_of("email")},
    "phone": {"maxLength": length_of("phone"), "pattern": PHONE},
    "notes": free(rules.LONGEST_NOTES),
    "tags": line(rules.LONGEST_TAGS),
}
_AMOUNT = int(rules.LARGEST_VALUE)
AMOUNT: Shape = {"exclusiveMinimum": -_AMOUNT, "exclusiveMaximum": _AMOUNT}
