"""What every contract that shows the whole customer takes and shows."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import fields

from customers_api.core.customers import review
from customers_api.core.customers.model import CHANNELS, Status
from customers_api.core.errors import Problem
from customers_api.web import sizes
from customers_api.web.fields import (
    NOT_BLANK,
    Amount,
    Choices,
    Day,
    Flag,
    Instant,
    JsonObject,
    Moment,
    Money,
    Tags,
    Text,
    Whole,
    one_of,
)
from customers_api.web.schemas import AnswerSchema, ChangesSchema, InputSchema, Shape

STATUSES = tuple(status.value for status in Status)


class CustomerFields(InputSchema):
    """Everything of a customer that a client may set."""

    LIMITS = sizes.CUSTOMER

    first_name = Text(required=True)
    last_name = Text(required=True, validate=NOT_BLANK)
    email = Text(required=True)
    phone = Text(allow_none=True)
    group_id = Whole(allow_none=True)
    address_line1 = Text(allow_none=True)
    address_line2 = Text(allow_none=True)
    city = Text(allow_none=True)
    state = Text(allow_none=True)
    postal_code = Text(allow_none=True)
    country = Text(allow_none=True)
    date_of_birth = Day(allow_none=True)
    gender = Text(allow_none=True)
    company_name = Text(allow_none=True)
    tax_id = Text(allow_none=True)
    customer_status = Text(validate=one_of(STATUSES))
    marketing_emails = Flag()
    marketing_sms = Flag()
    is_loyalty_member = Flag()
    lifetime_value = Money()
    customer_acquisition_date = Moment(allow_none=True)
    preferred_communication_channels = Choices(CHANNELS)
    notes = Text(allow_none=True)
    tags = Tags(allow_none=True)
    metadata = JsonObject()


class NewCustomer(CustomerFields):
    """A new customer: first name, last name and email are needed."""

    EXAMPLE: ClassVar[Shape] = {
        "first_name": "Leonie",
        "last_name": "Köhler",
        "email": "leonie.koehler@example.com",
        "phone": "+49 0711 2842222",
        "city": "Stuttgart",
        "country": "Germany",
        "date_of_birth": "1990-01-15",
        "lifetime_value": "37.62",
        "tags": "premium,music",
        "metadata": {"source": "shop"},
    }

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with one new customer."""
        return review.creation(fields)


class CustomerChanges(ChangesSchema, CustomerFields):
    """The fields to change; the others stay as they are, and null clears one."""

    EXAMPLE: ClassVar[Shape] = {"city": "Berlin", "tags": "premium", "phone": None}

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with changes to the customer of the path."""
        return review.changes(path["customer_id"])(fields)


class Customer(AnswerSchema):
    """A customer, whole."""

    id = fields.Integer()
    customer_id = fields.String(metadata={"pattern": "^CUST_[0-9A-F]{8}$"})
    uuid = fields.UUID()
    username = fields.String()
    group_id = fields.Integer(allow_none=True)
    first_name = fields.String()
    last_name = fields.String()
    full_name = fields.String()
    email = fields.String()
    phone = fields.String(allow_none=True)
    address_line1 = fields.String(allow_none=True)
    address_line2 = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    postal_code = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    full_address = fields.String()
    date_of_birth = fields.Date(allow_none=True)
    gender = fields.String(allow_none=True)
    company_name = fields.String(allow_none=True)
    tax_id = fields.String(allow_none=True)
    customer_status = fields.String(validate=one_of(STATUSES))
    is_active = fields.Boolean()
    is_verified = fields.Boolean()
    email_verified = fields.Boolean()
    phone_verified = fields.Boolean()
    marketing_emails = fields.Boolean()
    marketing_sms = fields.Boolean()
    is_loyalty_member = fields.Boolean()
    lifetime_value = Amount()
    customer_acquisition_date = Instant(allow_none=True)
    preferred_communication_channels = fields.List(fields.String(validate=one_of(CHANNELS)))
    notes = fields.String(allow_none=True)
    tags = fields.String(allow_none=True)
    metadata = JsonObject()
    version = fields.Integer()
    created_at = Instant()
    updated_at = Instant()
    last_login_at = Instant(allow_none=True)

    EXAMPLE: ClassVar[Shape] = {
        "id": 7,
        "customer_id": "CUST_A1B2C3D4",
        "uuid": "a1b2c3d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d",
        "username": "leoniekoehler",
        "group_id": None,
        "full_name": "Leonie Köhler",
        "address_line1": None,
        "address_line2": None,
        "state": None,
        "postal_code": None,
        "full_address": "Stuttgart, Germany",
        "gender": None,
        "company_name": None,
        "tax_id": None,
        "customer_status": "active",
        "is_active": True,
        "is_verified": False,
        "email_verified": False,
        "phone_verified": False,
        "marketing_emails": True,
        "marketing_sms": False,
        "is_loyalty_member": False,
        "customer_acquisition_date": None,
        "preferred_communication_channels": [],
        "notes": None,
        "version": 1,
        "created_at": "2026-01-15T10:30:00Z",
        "updated_at": "2026-01-15T10:30:00Z",
        "last_login_at": None,
        **NewCustomer.EXAMPLE,
    }
