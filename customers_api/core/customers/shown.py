"""A customer as queries.py shows one, told from values that are all known: nothing is read again.

What EXPRESSIONS there say in SQL is said here in Python; a test holds the two against each other.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

from customers_api.core.customers import queries
from customers_api.core.customers.model import Status
from customers_api.core.statements import AnyRow

Values = Mapping[str, Any]
Tell = Callable[[Values], Any]
_address = itemgetter(
    "address_line1", "address_line2", "city", "state", "postal_code", "country"
)
# What tells whose row it is, and the column that it is.
IDENTITY: Mapping[str, str] = {
    name: column.name
    for name, column in zip(queries.IDENTITY_NAMES, queries.IDENTITY_COLUMNS, strict=True)
}


def _full_address(customer: Values) -> str:
    return ", ".join(filter(None, _address(customer)))


def _full_name(customer: Values) -> str:
    first, last = customer["first_name"], customer["last_name"]
    return f"{first} {last}" if first and last else first or last


EXPRESSIONS: Mapping[str, Tell] = {
    queries.EDITION: lambda customer: f"{customer['customer_id']}-{customer['version']}",
    "is_active": lambda customer: customer["customer_status"] == Status.ACTIVE.value,
    "is_verified": lambda customer: customer["email_verified"] and customer["phone_verified"],
    "full_name": _full_name,
    "full_address": _full_address,
}


def row(customer: dict[str, Any], fields: queries.Fields) -> AnyRow:
    """The row that a query for these fields and the identity would give of the customer.

    What is computed is added to `customer`. Raises KeyError for a field that cannot be told without
    asking the database.
    """
    take, computed, make = _shape(fields)
    for name, tell in computed:
        customer[name] = tell(customer)
    return make(take(customer))


@lru_cache(maxsize=64)
def _shape(
    fields: queries.Fields,
) -> tuple[Tell, list[tuple[str, Tell]], Callable[[Any], AnyRow]]:
    names = (*fields, *queries.IDENTITY_NAMES)
    computed = [(name, EXPRESSIONS[name]) for name in names if name in EXPRESSIONS]
    kind = namedtuple("Row", names, rename=True)  # type: ignore[misc]
    taken = [IDENTITY.get(name, name) for name in names]
    return itemgetter(*taken), computed, cast(Callable[[Any], AnyRow], kind._make)
