"""Changing a customer only in the state it was read in; see EDITION in queries.py.

Whether it is in that state is asked by the statement that changes it, so of two writers who read
the same state one is refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from sqlalchemy import ColumnElement, and_, bindparam, false, or_

from customers_api.core.customers import queries
from customers_api.core.customers.model import CUSTOMERS
from customers_api.core.customers.queries import EDITION, EXPRESSIONS, Unique, Who
from customers_api.core.errors import Stale

# Those of which the customer must be in one; None where any will do.
Editions = frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Which:
    """How a statement names a customer: by which column, and in one of how many states."""

    column: Unique
    editions: int | None

    @property
    def condition(self) -> ColumnElement[bool]:
        """That a customer is the one whom the values of `named` name."""
        wanted = bindparam("wanted", type_=CUSTOMERS.c[self.column].type)
        found = queries.having(self.column, wanted)
        if self.editions is None:
            return found
        edition = EXPRESSIONS[EDITION]
        states = [edition == bindparam(f"edition_{i}") for i in range(self.editions)]
        return and_(found, or_(false(), *states))


def named(who: Who, expected: Editions) -> tuple[Which, Mapping[str, object]]:
    """How the customer with this id, customer_id or UUID is named, and the values for that.

    Raises CustomerNotFound where nobody can have that name.
    """
    column, value = queries.name(who)
    if expected is None:
        return Which(column, None), {"wanted": value}
    states = {f"edition_{i}": edition for i, edition in enumerate(sorted(expected))}
    return Which(column, len(states)), {"wanted": value, **states}


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
