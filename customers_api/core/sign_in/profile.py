"""What customers change of their own record."""

from collections.abc import Mapping
from typing import Any

from customers_api.core.customers import queries
from customers_api.core.customers import service as customers
from customers_api.core.customers.editions import Editions
from customers_api.core.errors import Invalid, Problem
from customers_api.core.sign_in import credentials
from customers_api.core.statements import AnyRow

NEEDED = "Needed to change the email"


def check(id: int, session_id: int, changes: Mapping[str, Any]) -> None:
    """Check what must be before a customer's own fields may change.

    A new email, to which resets will go, needs the password. Raises Invalid, WrongCurrentPassword
    or TooManyAttempts. Not inside a unit of work.
    """
    if "email" not in changes:
        return
    if "current_password" not in changes:
        raise Invalid([Problem(("current_password",), NEEDED)])
    credentials.check_current(id, session_id, changes["current_password"])


def change(
    id: int, changes: Mapping[str, Any], show: queries.Fields, *, expected: Editions = None
) -> AnyRow:
    """Change a customer's own fields, which have been checked; raises as customers.change does."""
    fields = {name: value for name, value in changes.items() if name != "current_password"}
    return customers.change(id, fields, show, expected=expected)
