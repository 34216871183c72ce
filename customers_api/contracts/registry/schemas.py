"""What the registry contract takes and shows where it differs from the main one."""

from typing import ClassVar

from marshmallow import fields

from customers_api.contracts.shared.directory_schemas import Found
from customers_api.contracts.shared.schemas import Customer, CustomerChanges
from customers_api.web.fields import Midnight
from customers_api.web.schemas import AnswerSchema, Shape


class RegistryCustomer(Customer):
    """A customer, whole; the date of birth has a time."""

    date_of_birth = Midnight(allow_none=True)  # type: ignore[assignment]

    EXAMPLE: ClassVar[Shape] = {**Customer.EXAMPLE, "date_of_birth": "1990-01-15T00:00:00"}


class RegistryFound(Found):
    """A page of what was found; `total` is how many were found in all."""

    customers = fields.List(fields.Nested(RegistryCustomer))

    EXAMPLE: ClassVar[Shape] = {**Found.EXAMPLE, "customers": [RegistryCustomer.EXAMPLE]}


class RegistryChanges(CustomerChanges):
    """The fields to change; the others stay as they are, and null clears one."""

    LEAST = 0


class Done(AnswerSchema):
    """Says what was done."""

    detail = fields.String()

    EXAMPLE: ClassVar[Shape] = {"detail": "Customer deactivated"}
