"""A customer as queries.py shows one, told from values that are all known: nothing is read again.

What its EXPRESSIONS say in SQL is said here in Python; a test holds the two against each other.
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import and_, itemgetter
from typing import Any, cast

from customers_api.core.customers import queries
from customers_api.core.customers.model import Status
from customers_api.core.statements import AnyRow

Columns = Mapping[str, Sequence[Any]]
ADDRESS = ("address_line1", "address_line2", "city", "state", "postal_code", "country")


def _edition(customer_id: str, version: int) -> str:
    return f"{customer_id}-{version}"


def _is_active(status: str) -> bool:
    return status == Status.ACTIVE.value


def _full_name(first: str, last: str) -> str:
    return f"{first} {last}" if first and last else first or last


def _full_address(*parts: str | None) -> str:
    return ", ".join(filter(None, parts))


# What is computed: of which columns, and how.
COMPUTED: Mapping[str, tuple[Sequence[str], Callable[..., Any]]] = {
    queries.EDITION: (("customer_id", "version"), _edition),
    "is_active": (("customer_status",), _is_active),
    "is_verified": (("email_verified", "phone_verified"), and_),
    "full_name": (("first_name", "last_name"), _full_name),
    "full_address": (ADDRESS, _full_address),
}
# What tells whose row it is, and the column that it is.
IDENTITY: Mapping[str, str] = {
    name: column.name
    for name, column in zip(queries.IDENTITY_NAMES, queries.IDENTITY_COLUMNS, strict=True)
}


def row(customer: dict[str, Any], fields: queries.Fields) -> AnyRow:
    """The row that a query for these fields and the identity would give of the customer.

    What is computed is added to `customer`. Raises KeyError for a field that cannot be told without
    asking the database.
    """
    _, take, make = _shape(fields)
    for name, (sources, compute) in COMPUTED.items():
        customer[name] = compute(*[customer[source] for source in sources])
    return make(take(customer))


def rows(customers: Columns, fields: queries.Fields) -> list[AnyRow]:
    """The same of many customers, given by their columns."""
    names, _, make = _shape(fields)
    columns = [_column(customers, name) for name in names]
    return [*map(make, zip(*columns, strict=True))]


def _column(customers: Columns, name: str) -> Iterable[Any]:
    if name not in COMPUTED:
        return customers[name]
    sources, compute = COMPUTED[name]
    return map(compute, *[customers[source] for source in sources])


@lru_cache(maxsize=64)
def _shape(
    fields: queries.Fields,
) -> tuple[Sequence[str], Callable[[Any], Any], Callable[[Any], AnyRow]]:
    """What the columns of a row are called in the customer, what takes them, what makes the row."""
    kind = namedtuple("Row", (*fields, *queries.IDENTITY_NAMES), rename=True)  # type: ignore[misc]
    names = (*fields, *IDENTITY.values())
    return names, itemgetter(*names), cast(Callable[[Any], AnyRow], kind._make)
