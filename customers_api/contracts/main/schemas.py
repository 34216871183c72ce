"""What the main contract takes and shows."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import fields

from customers_api.contracts.shared.schemas import Customer, NewCustomer
from customers_api.core.customers import review
from customers_api.core.customers.queries import SORTABLE
from customers_api.core.errors import Problem
from customers_api.web.fields import Records, one_of
from customers_api.web.parameters import YesNo
from customers_api.web.schemas import AnswerSchema, InputSchema, QuerySchema, Shape


class NewCustomers(InputSchema):
    """Several new customers, all of whom are created, or none."""

    customers = Records(NewCustomer, most="MAX_LIST_SIZE", required=True)

    EXAMPLE: ClassVar[Shape] = {
        "customers": [
            NewCustomer.EXAMPLE,
            {
                "first_name": "François",
                "last_name": "Tremblay",
                "email": "francois.tremblay@example.com",
            },
        ]
    }

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with the new customers."""
        return review.creations(fields.get("customers", []), at=("customers",))


class CustomerWithAge(Customer):
    """A customer, and the age in whole years on today's date in UTC."""

    age = fields.Integer(allow_none=True)

    EXAMPLE: ClassVar[Shape] = {**Customer.EXAMPLE, "age": 36}


class Customers(AnswerSchema):
    """Several customers, in the order they were given."""

    customers = fields.List(fields.Nested(Customer))

    EXAMPLE: ClassVar[Shape] = {"customers": [Customer.EXAMPLE]}


class CustomerRemoved(AnswerSchema):
    """Says what was removed."""

    detail = fields.String()
    id = fields.Integer()

    EXAMPLE: ClassVar[Shape] = {"detail": "Customer deleted", "id": 7}


class CreationQuery(QuerySchema):
    """Whether one customer is created or several."""

    size = fields.String(validate=one_of(("one", "list")), load_default="one")


class ListingQuery(QuerySchema):
    """How a group's customers are listed."""

    sort = fields.String(validate=one_of(SORTABLE), load_default="id")
    order = fields.String(validate=one_of(("asc", "desc")), load_default="asc")
    age = YesNo(load_default=False, metadata={"default": "false"})
