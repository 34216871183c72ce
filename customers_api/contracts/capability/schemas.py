"""What the capability's operations take and show; tools and reference are made of these, too."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, validates_schema

from customers_api.core.customers import review
from customers_api.core.errors import Problem
from customers_api.web import sizes
from customers_api.web.fields import JsonObject, Secret, Text
from customers_api.web.schemas import AnswerSchema, InputSchema, Shape

ID = "CUST_A1B2C3D4"
ADDRESS: Shape = {
    "line1": "Theodor-Heuss-Straße 34",
    "city": "Stuttgart",
    "postalCode": "70174",
    "country": "Germany",
}


class CustomerId(Text):
    """A customer_id, in whichever case."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, *args, **kwargs).upper()


class Address(JsonObject):
    """An address: any JSON object."""

    openapi: ClassVar[Shape] = {"type": "object"}


def _customer_id() -> CustomerId:
    said = "The customer's identifier: CUST_ and eight hexadecimal digits."
    return CustomerId(required=True, data_key="customerId", metadata={"description": said})


def _name(*, required: bool = False) -> Text:
    said = "First and last name, separated by a space."
    return Text(required=required, data_key="name", metadata={"description": said})


def _email(*, required: bool = False) -> Text:
    said = "An email address that no other customer has."
    return Text(required=required, metadata={"description": said})


class CapabilityNamed(InputSchema):
    """Which customer is meant."""

    customer_id = _customer_id()

    EXAMPLE: ClassVar[Shape] = {"customerId": ID}


class CapabilityDetails(InputSchema):
    """What can be said of a customer."""

    LIMITS = sizes.CUSTOMER

    full_name = _name()
    email = _email()
    phone = Text(metadata={"description": "7 to 15 digits, with the separators people write."})
    address = Address(
        metadata={
            "description": "Any object; it comes back equal. Text under line1, line2, city, state, "
            "postalCode and country is also found by the searches of this registry."
        }
    )


class CapabilityCreation(CapabilityDetails):
    """A new customer: name and email are needed."""

    full_name = _name(required=True)
    email = _email(required=True)

    EXAMPLE: ClassVar[Shape] = {
        "name": "Leonie Köhler",
        "email": "leonie.koehler@example.com",
        "phone": "+49 0711 2842222",
        "address": ADDRESS,
    }

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with one new customer."""
        return review.creation(fields)


class CapabilityUpdate(CapabilityDetails):
    """Which customer, and what to change; an address replaces the whole one there was."""

    customer_id = _customer_id()

    LEAST = 2
    EXAMPLE: ClassVar[Shape] = {"customerId": ID, "phone": "555-0123"}

    class Meta(InputSchema.Meta):
        # First, as it stands first in what people write.
        fields = ("customer_id", "full_name", "email", "phone", "address")

    @validates_schema
    def _some(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        if not data.keys() - {"customer_id"}:
            raise ValidationError("Give at least one field to change: name, email, phone, address")

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with changes to the customer that the body names, or, if none, to any."""
        changes = {name: value for name, value in fields.items() if name != "customer_id"}
        if "customer_id" not in fields:
            return review.broken_rules([changes], [()])
        return review.changes(fields["customer_id"])(changes)


class CapabilityCredentials(InputSchema):
    """A customer's email and password."""

    email = Text(required=True)
    password = Secret(required=True)

    EXAMPLE: ClassVar[Shape] = {
        "email": "leonie.koehler@example.com",
        "password": "correct horse battery staple",
    }


class CapabilityAnswer(AnswerSchema):
    """An answer without what there is not."""

    SPARSE: ClassVar[bool] = True


class CapabilityCustomer(CapabilityAnswer):
    """A customer; email, phone and address are left out where there is none."""

    customer_id = fields.String(required=True, data_key="customerId")
    full_name = fields.String(required=True, data_key="name")
    email = fields.String()
    phone = fields.String()
    address = Address()
    created_at = fields.DateTime(data_key="createdAt")

    EXAMPLE: ClassVar[Shape] = {
        "customerId": ID,
        **CapabilityCreation.EXAMPLE,
        "createdAt": "2026-01-15T10:30:00Z",
    }


class CapabilityCreated(CapabilityAnswer):
    """Says which customer was created."""

    customer_id = fields.String(required=True, data_key="customerId")
    success = fields.Boolean(required=True)

    EXAMPLE: ClassVar[Shape] = {"customerId": ID, "success": True}


class CapabilityUpdated(CapabilityAnswer):
    """Says when the customer was changed."""

    success = fields.Boolean(required=True)
    updated_at = fields.DateTime(data_key="updatedAt")

    EXAMPLE: ClassVar[Shape] = {"success": True, "updatedAt": "2026-01-15T10:30:00Z"}


class CapabilityDeleted(CapabilityAnswer):
    """Says that the customer is gone."""

    success = fields.Boolean(required=True)

    EXAMPLE: ClassVar[Shape] = {"success": True}


class CapabilitySession(CapabilityAnswer):
    """A customer token, which opens that customer's own profile until it expires."""

    access_token = fields.String(required=True, data_key="token")
    customer_id = fields.String(required=True, data_key="customerId")
    expires_at = fields.DateTime(data_key="expiresAt")

    EXAMPLE: ClassVar[Shape] = {
        "token": "eyJhbGciOiJIUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJjdXN0b21lcjo3In0.c2lnbmF0dXJl",
        "customerId": ID,
        "expiresAt": "2026-01-15T10:45:00Z",
    }
