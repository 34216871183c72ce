"""Changing a customer only in the state it was read in; see EDITION in queries.py.

Whether it is in that state is asked by the statement that changes it, so of two writers who read
the same state one is refused.
"""

from typing import NoReturn

from sqlalchemy import ColumnElement, and_

from customers_api.core.customers import queries
from customers_api.core.customers.queries import EDITION, EXPRESSIONS, Who
from customers_api.core.errors import Stale

# Those of which the customer must be in one; None where any will do.
Editions = frozenset[str] | None


def named(who: Who, expected: Editions) -> ColumnElement[bool]:
    """That a customer is the one with this id or customer_id, and in an expected state."""
    if expected is None:
        return queries.named(who)
    return and_(queries.named(who), EXPRESSIONS[EDITION].in_(sorted(expected)))


def check(who: Who, expected: Editions) -> None:
    """Raise CustomerNotFound, or Stale where the customer is in no expected state."""
    if expected is not None and queries.get(who, (EDITION,)).edition not in expected:
        raise Stale


def refuse(who: Who, expected: Editions) -> NoReturn:
    """Say why nobody is named: raises Stale, or CustomerNotFound."""
    if expected is not None:
        queries.get(who, ("id",))
        raise Stale
    raise queries.CustomerNotFound
