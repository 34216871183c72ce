"""Reads of operators."""

from collections.abc import Sequence

from sqlalchemy import select

from customers_api.core import database
from customers_api.core.errors import NotFound
from customers_api.core.operators.model import Operator


class OperatorNotFound(NotFound):
    """Operator not found"""

    code = "operator-not-found"


def get(id: int, *, lock: bool = False) -> Operator:
    """The operator with this id, kept from other writers if so wished; raises OperatorNotFound."""
    operator = database.record(Operator, id, lock=lock)
    if operator is None:
        raise OperatorNotFound
    return operator


def find(username: str) -> Operator | None:
    """The operator with this username, or None."""
    # PostgreSQL refuses even to compare with a NUL, which no username has.
    if "\0" in username:
        return None
    known = database.records(select(Operator).where(Operator.username == username))
    return next(iter(known), None)


def by_username(username: str) -> Operator:
    """The operator with this username; raises OperatorNotFound."""
    operator = find(username)
    if operator is None:
        raise OperatorNotFound
    return operator


def every() -> Sequence[Operator]:
    """All operators, by id."""
    return database.records(select(Operator).order_by(Operator.id))
