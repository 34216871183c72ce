"""A customer's whole name, for who knows only that: the first name ends at the first space.

It comes back as it was given, since both parts keep their own spaces: `Ana  María`, `Cher`.
"""

from collections.abc import Mapping
from typing import Any

from customers_api.core import text
from customers_api.core.customers.model import length_of

WHOLE = "full_name"
PARTS = ("first_name", "last_name")


def parted(full_name: str) -> dict[str, str]:
    """The first and the last name that a whole name is made of."""
    return dict(zip(PARTS, full_name.partition(" ")[::2], strict=True))


def in_parts(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields with a whole name taken apart."""
    if WHOLE not in fields:
        return fields
    others = {name: value for name, value in fields.items() if name != WHOLE}
    return others | parted(fields[WHOLE])


def complaint(full_name: str) -> str | None:
    """What is wrong with a whole name, or None: each part must fit its column."""
    first, last = parted(full_name).values()
    if wrong := text.filled_line(first, most=length_of("first_name")):
        return f"{wrong} up to its first space" if first else wrong
    if wrong := text.one_line(last, most=length_of("last_name")):
        return f"{wrong} after its first space"
    return None
