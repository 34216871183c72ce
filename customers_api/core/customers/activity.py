"""What happened to one customer."""

from collections.abc import Sequence

from customers_api.core.customers import queries
from customers_api.core.customers.queries import CustomerNotFound, Who
from customers_api.core.events import queries as events
from customers_api.core.events.queries import Event
from customers_api.core.paging import Slice
from customers_api.core.types import LARGEST_ID


def of(who: Who, part: Slice) -> Sequence[Event]:
    """The customer's newest events, and one more, which tells of the rest.

    Of a removed customer there are those that stay; raises CustomerNotFound where there never was
    one, or nothing is known of it any more.
    """
    id = who if isinstance(who, int) else _id(who)
    if not 0 < id <= LARGEST_ID:
        raise CustomerNotFound
    of_customer = {"subject_type": "customer", "subject_id": id}
    found = events.page(of_customer, part)
    if not found and not (part.after and events.page(of_customer, Slice(1))):
        queries.get(id, ("id",))
    return found


def _id(who: Who) -> int:
    try:
        return int(queries.get(who, ("id",)).id)
    except CustomerNotFound:
        readable = isinstance(who, str) and "\0" not in who
        removed = events.removed_customer(str(who)) if readable else None
        if removed is None:
            raise
        return removed
