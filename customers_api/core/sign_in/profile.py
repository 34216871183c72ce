"""What customers change of their own record."""

from collections.abc import Mapping
from typing import Any

from customers_api.core import database
from customers_api.core.customers import queries
from customers_api.core.customers import service as customers
from customers_api.core.database import AnyRow
from customers_api.core.errors import Invalid, Problem
from customers_api.core.sign_in import credentials

NEEDED = "Needed to change the email"


def change(id: int, changes: Mapping[str, Any], show: queries.Fields) -> AnyRow:
    """Change a customer's own fields; a new email, to which resets will go, needs the password.

    Raises Invalid, WrongCurrentPassword or TooManyAttempts. Not inside a unit of work.
    """
    fields = dict(changes)
    password = fields.pop("current_password", None)
    if "email" in fields:
        if password is None:
            raise Invalid([Problem(("current_password",), NEEDED)])
        credentials.check_current(id, password)
    return database.in_unit_of_work(lambda: customers.change(id, fields, show))
