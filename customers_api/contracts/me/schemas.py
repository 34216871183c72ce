"""What the me contract takes and shows."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import fields

from customers_api.contracts.shared.schemas import Customer
from customers_api.core.customers import rules
from customers_api.core.customers.model import CHANNELS
from customers_api.core.errors import Problem
from customers_api.core.sign_in import credentials
from customers_api.web import sizes
from customers_api.web.fields import NOT_BLANK, Choices, Day, Flag, Instant, Secret, Text, one_of
from customers_api.web.schemas import AnswerSchema, ChangesSchema, InputSchema, Shape

PASSWORD = "correct horse battery staple"


class Me(AnswerSchema):
    """A customer's own profile; what operators note about the customer is not in it."""

    customer_id = fields.String()
    username = fields.String()
    first_name = fields.String()
    last_name = fields.String()
    full_name = fields.String()
    email = fields.String()
    email_verified = fields.Boolean()
    phone = fields.String(allow_none=True)
    phone_verified = fields.Boolean()
    address_line1 = fields.String(allow_none=True)
    address_line2 = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    state = fields.String(allow_none=True)
    postal_code = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    full_address = fields.String()
    date_of_birth = fields.Date(allow_none=True)
    gender = fields.String(allow_none=True)
    marketing_emails = fields.Boolean()
    marketing_sms = fields.Boolean()
    preferred_communication_channels = fields.List(fields.String(validate=one_of(CHANNELS)))
    created_at = Instant()
    updated_at = Instant()
    last_login_at = Instant(allow_none=True)


Me.EXAMPLE = {name: Customer.EXAMPLE[name] for name in Me().fields}


class MyChanges(ChangesSchema):
    """The fields to change; null clears one. A new email needs the current password, too."""

    LIMITS = sizes.CUSTOMER

    first_name = Text()
    last_name = Text(validate=NOT_BLANK)
    email = Text()
    phone = Text(allow_none=True)
    address_line1 = Text(allow_none=True)
    address_line2 = Text(allow_none=True)
    city = Text(allow_none=True)
    state = Text(allow_none=True)
    postal_code = Text(allow_none=True)
    country = Text(allow_none=True)
    date_of_birth = Day(allow_none=True)
    gender = Text(allow_none=True)
    marketing_emails = Flag()
    marketing_sms = Flag()
    preferred_communication_channels = Choices(CHANNELS)
    current_password = Secret()

    EXAMPLE: ClassVar[Shape] = {
        "city": "Berlin",
        "marketing_emails": False,
        "email": "leonie@example.org",
        "current_password": PASSWORD,
    }

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with the changes; whose email it is already is told after the password."""
        return rules.problems(fields)


class CurrentPassword(InputSchema):
    """The password, asked for again."""

    current_password = Secret(required=True)

    EXAMPLE: ClassVar[Shape] = {"current_password": PASSWORD}


class PasswordChange(CurrentPassword):
    """The password so far, and the one to have from now on."""

    LIMITS: ClassVar[Mapping[str, Shape]] = {"new_password": sizes.CUSTOMERS_PASSWORD}

    new_password = Secret(required=True)

    EXAMPLE: ClassVar[Shape] = {
        "current_password": PASSWORD,
        "new_password": "another horse, another battery",
    }

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with the new password."""
        return credentials.review(fields)


class Code(InputSchema):
    """The six digits that the authenticator shows."""

    code = Text(required=True)

    EXAMPLE: ClassVar[Shape] = {"code": "492039"}


class Acknowledged(AnswerSchema):
    """Says what was done."""

    detail = fields.String()

    EXAMPLE: ClassVar[Shape] = {"detail": "Logged out"}


class MySession(AnswerSchema):
    """A session of the customer's; `current` is the one that this call is made with."""

    id = fields.Integer()
    created_at = Instant()
    refreshed_at = Instant()
    expires_at = Instant()
    current = fields.Boolean()

    EXAMPLE: ClassVar[Shape] = {
        "id": 3,
        "created_at": "2026-01-15T10:30:00Z",
        "refreshed_at": "2026-01-15T10:30:00Z",
        "expires_at": "2026-02-14T10:30:00Z",
        "current": True,
    }


class SecondFactor(AnswerSchema):
    """Whether signing in asks for a code, since when, and how many recovery codes are left."""

    enabled = fields.Boolean()
    confirmed_at = Instant(allow_none=True)
    recovery_codes_left = fields.Integer()

    EXAMPLE: ClassVar[Shape] = {
        "enabled": True,
        "confirmed_at": "2026-01-15T10:30:00Z",
        "recovery_codes_left": 10,
    }


class Enrolment(AnswerSchema):
    """The secret for an authenticator, as text and as the address that a QR code shows."""

    secret = fields.String()
    uri = fields.String()

    EXAMPLE: ClassVar[Shape] = {
        "secret": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
        "uri": "otpauth://totp/customers-api:leonie.koehler%40example.com"
        "?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=customers-api",
    }


class RecoveryCodes(AnswerSchema):
    """Codes that stand in for the authenticator, each once; they are shown this once."""

    recovery_codes = fields.List(fields.String())

    EXAMPLE: ClassVar[Shape] = {"recovery_codes": ["mfrg-gzdf-mztw-q2lk-nnwg-23tp"]}
