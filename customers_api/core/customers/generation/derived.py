"""What the triggers keep of each customer, made here for very many at once: the same, but quicker.

Calling a trigger for each of a million customers, and counting what it notes down, takes the
databases longer than storing them. See docs/decisions/0009 and 0010.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from operator import itemgetter

from customers_api.core.customers.generation import people
from customers_api.core.customers.model import Status
from customers_api.core.customers.statistics import BLOCK

Row = Sequence[str | None]
# What some customers have in common, as the key of `customer_counts`: dimension, key, part.
Count = tuple[str, str, str]

# What stands between the fields of a customer's text, and can stand in none of them.
BORDER = "\x1f"
_searched = itemgetter(
    *map(
        people.COLUMNS.index,
        ("first_name", "last_name", "email", "username", "customer_id", "company_name", "phone"),
    )
)


def search_text(row: Row) -> str:
    """What `customer_search` keeps of a customer, given as `people.texts` gives one."""
    first, last, *others = _searched(row)
    name = f"{first} {last}" if last else first
    return BORDER.join([name, *(field or "" for field in others)])


def counts(ids: range, rows: Sequence[Row]) -> Counter[Count]:
    """What `customer_counts` says of these customers, who have these ids."""
    column = dict(zip(people.COLUMNS, zip(*rows, strict=True), strict=True))
    found = Counter(
        {
            (dimension, key, ""): n
            for dimension, keys in _keys(ids, column)
            for key, n in Counter(keys).items()
            if key is not None
        }
    )
    for dimension in ("state", "city"):
        places = Counter(zip(column[dimension], column["country"], strict=True))
        for (place, country), n in places.items():
            if place is not None:
                found[dimension, place, country or ""] += n
    return found


def _keys(
    ids: range, column: Mapping[str, Sequence[str | None]]
) -> Iterator[tuple[str, Iterable[str | None]]]:
    active = [status == Status.ACTIVE for status in column["customer_status"]]
    flags = zip(column["email_verified"], column["phone_verified"], strict=True)
    blocks = [str(id // BLOCK) for id in ids]
    yield "customers", ("" for _ in ids)
    yield "active", ("" for each in active if each)
    yield "verified", ("" for both in flags if both == ("1", "1"))
    yield "country", column["country"]
    yield "gender", column["gender"]
    yield "born", (day and day.replace("-", "") for day in column["date_of_birth"])
    yield "created", (moment and moment[:10] for moment in column["created_at"])
    yield "block", blocks
    yield "active block", compress(blocks, active)
