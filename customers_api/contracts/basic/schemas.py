"""What the basic contract takes and shows."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import fields

from customers_api.core.customers import review
from customers_api.core.errors import Problem
from customers_api.web import sizes
from customers_api.web.fields import Text, Whole
from customers_api.web.schemas import AnswerSchema, InputSchema, Shape

EXAMPLE: Shape = {
    "id": 7,
    "name": "Leonie Köhler",
    "email": "leonie.koehler@example.com",
    "phone": "+49 0711 2842222",
}


class NewBasicCustomer(InputSchema):
    """A new customer, with an id that nobody has; all four fields are needed."""

    LIMITS = sizes.CUSTOMER

    id = Whole(required=True, metadata={"minimum": 1})
    full_name = Text(data_key="name", required=True)
    email = Text(required=True)
    phone = Text(required=True, allow_none=True)

    EXAMPLE: ClassVar[Shape] = EXAMPLE

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with the new customer."""
        return review.creation(fields)


class BasicReplacement(NewBasicCustomer):
    """A customer as it is to be; the id is the path's."""

    EXAMPLE: ClassVar[Shape] = {**EXAMPLE, "phone": "+49 711 2842223"}

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with the customer as it is to be, and with its id."""
        id = path["customer_id"]
        if fields.get("id", id) != id:
            yield Problem(("id",), f"Must be the id in the path, {id}")
        others = {name: value for name, value in fields.items() if name != "id"}
        yield from review.changes(id)(others)


class BasicCustomer(AnswerSchema):
    """A customer in four fields."""

    id = fields.Integer()
    full_name = fields.String(data_key="name")
    email = fields.String()
    phone = fields.String(allow_none=True)

    EXAMPLE: ClassVar[Shape] = EXAMPLE


class BasicRemoved(AnswerSchema):
    """Says that the customer was removed."""

    detail = fields.String()

    EXAMPLE: ClassVar[Shape] = {"detail": "Customer deleted"}
