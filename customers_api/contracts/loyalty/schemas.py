"""What the loyalty contract takes and shows."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import fields

from customers_api.core.customers import review
from customers_api.core.customers.model import CHANNELS, Status
from customers_api.core.errors import Problem
from customers_api.web import sizes
from customers_api.web.fields import (
    NOT_BLANK,
    Choices,
    Day,
    Instant,
    Letter,
    Moment,
    Number,
    Text,
    one_of,
)
from customers_api.web.schemas import AnswerSchema, ChangesSchema, InputSchema, Shape

STATUSES = tuple(status.value for status in Status)


class LoyaltyFields(InputSchema):
    """Everything of a customer that a loyalty client may set."""

    LIMITS = sizes.CUSTOMER

    first_name = Text(required=True)
    last_name = Text(required=True, validate=NOT_BLANK)
    date_of_birth = Day(allow_none=True)
    address_line1 = Text(data_key="address", allow_none=True)
    city = Text(allow_none=True)
    state = Text(allow_none=True)
    postal_code = Text(allow_none=True)
    phone = Text(data_key="phone_number", allow_none=True)
    email = Text(data_key="email_address", required=True)
    customer_acquisition_date = Moment(allow_none=True)
    preferred_communication_channels = Choices(CHANNELS)
    is_loyalty_member = Letter()
    customer_status = Text(validate=one_of(STATUSES))
    lifetime_value = Number()


class NewLoyaltyCustomer(LoyaltyFields):
    """A new customer: first name, last name and email address are needed."""

    EXAMPLE: ClassVar[Shape] = {
        "first_name": "Leonie",
        "last_name": "Köhler",
        "date_of_birth": "1990-01-15",
        "address": "Theodor-Heuss-Straße 34",
        "city": "Stuttgart",
        "postal_code": "70174",
        "phone_number": "+49 0711 2842222",
        "email_address": "leonie.koehler@example.com",
        "preferred_communication_channels": ["email", "phone"],
        "is_loyalty_member": "y",
        "lifetime_value": 37.62,
    }

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with the new customer."""
        return review.creation(fields)


class LoyaltyChanges(ChangesSchema, LoyaltyFields):
    """The fields to change; the others stay as they are, and null clears one."""

    LEAST = 0
    EXAMPLE: ClassVar[Shape] = {"lifetime_value": 120.5, "customer_status": "active"}

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with changes to the customer of the path."""
        return review.changes(path["customer_id"])(fields)


class LoyaltyCustomer(AnswerSchema):
    """A customer as a loyalty programme knows them."""

    uuid = fields.UUID(data_key="customer_id")
    first_name = fields.String()
    last_name = fields.String()
    date_of_birth = fields.Date(allow_none=True)
    address_line1 = fields.String(data_key="address", allow_none=True)
    city = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    postal_code = fields.String(allow_none=True)
    phone = fields.String(data_key="phone_number", allow_none=True)
    email = fields.String(data_key="email_address")
    customer_acquisition_date = Instant(allow_none=True)
    preferred_communication_channels = fields.List(fields.String(validate=one_of(CHANNELS)))
    is_loyalty_member = Letter()
    customer_status = fields.String(validate=one_of(STATUSES))
    lifetime_value = Number()

    EXAMPLE: ClassVar[Shape] = {
        "customer_id": "a1b2c3d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
        "state": None,
        "customer_acquisition_date": None,
        "customer_status": "active",
        **NewLoyaltyCustomer.EXAMPLE,
    }


class Seeded(AnswerSchema):
    """The sample customers that were created, and in words how many."""

    detail = fields.String()
    customers = fields.List(fields.Nested(LoyaltyCustomer))

    EXAMPLE: ClassVar[Shape] = {
        "detail": "Created 1 sample customer; 9 were there already",
        "customers": [LoyaltyCustomer.EXAMPLE],
    }


class LoyaltyRemoved(AnswerSchema):
    """Says that the customer was removed."""

    detail = fields.String()

    EXAMPLE: ClassVar[Shape] = {"detail": "Customer deleted"}
