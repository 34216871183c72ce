"""What customers' sign-in takes and shows."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import fields

from customers_api.contracts.auth.schemas import EXAMPLE_JWT
from customers_api.core.errors import Problem
from customers_api.core.sign_in import credentials
from customers_api.web import sizes
from customers_api.web.fields import Instant, Secret, Text
from customers_api.web.schemas import AnswerSchema, InputSchema, Shape


class CustomerCredentials(InputSchema):
    """A customer's email and password, and the second factor's code where one is asked for."""

    email = Text(required=True)
    password = Secret(required=True)
    code = Text()

    EXAMPLE: ClassVar[Shape] = {
        "email": "leonie.koehler@example.com",
        "password": "correct horse battery staple",
    }


class CustomerSession(AnswerSchema):
    """An access token for /api/me, good for `expires_in` seconds, and a refresh token."""

    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()
    expires_at = Instant()
    customer_id = fields.String()

    EXAMPLE: ClassVar[Shape] = {
        "access_token": EXAMPLE_JWT,
        "refresh_token": EXAMPLE_JWT,
        "token_type": "Bearer",
        "expires_in": 900,
        "expires_at": "2026-01-15T10:45:00Z",
        "customer_id": "CUST_A1B2C3D4",
    }


class Forgotten(InputSchema):
    """The email of a customer who has forgotten the password."""

    email = Text(required=True)

    EXAMPLE: ClassVar[Shape] = {"email": "leonie.koehler@example.com"}


class Redemption(InputSchema):
    """A reset token, and the password to have from now on."""

    LIMITS: ClassVar[Mapping[str, Shape]] = {"new_password": sizes.CUSTOMERS_PASSWORD}

    token = Text(required=True)
    new_password = Secret(required=True)

    EXAMPLE: ClassVar[Shape] = {
        "token": "V0hBVC1BLUxPTkctVE9LRU4tVEhBVC1JUy1NQURFLVVQ",
        "new_password": "correct horse battery staple",
    }

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with the new password."""
        return credentials.review(fields)


class PasswordReset(AnswerSchema):
    """Says that the password is another one."""

    detail = fields.String()

    EXAMPLE: ClassVar[Shape] = {"detail": "Password changed"}
