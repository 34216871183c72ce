"""Reads of operators."""

from collections.abc import Sequence

from sqlalchemy import select

from customers_api.core import database
from customers_api.core.errors import NotFound
from customers_api.core.operators.model import Operator
from customers_api.core.types import LARGEST_ID
from customers_api.extensions import db


class OperatorNotFound(NotFound):
    """Operator not found"""

    code = "operator-not-found"


def get(id: int, *, lock: bool = False) -> Operator:
    """The operator with this id, kept from other writers if so wished; raises OperatorNotFound."""
    with database.translated():
        locking = True if lock else None
        known = 0 < id <= LARGEST_ID
        operator = db.session.get(Operator, id, with_for_update=locking) if known else None
    if operator is None:
        raise OperatorNotFound
    return operator


def find(username: str) -> Operator | None:
    """The operator with this username, or None."""
    with database.translated():
        # PostgreSQL refuses even to compare with a NUL, which no username has.
        known = select(Operator).where(Operator.username == username)
        return db.session.scalar(known) if "\0" not in username else None


def by_username(username: str) -> Operator:
    """The operator with this username; raises OperatorNotFound."""
    operator = find(username)
    if operator is None:
        raise OperatorNotFound
    return operator


def every() -> Sequence[Operator]:
    """All operators, by id."""
    with database.translated():
        return db.session.scalars(select(Operator).order_by(Operator.id)).all()
