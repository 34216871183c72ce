"""What the auth contract takes and shows."""

from typing import ClassVar

from marshmallow import fields

from customers_api.web.fields import Secret, Text
from customers_api.web.schemas import AnswerSchema, InputSchema, Shape

EXAMPLE_JWT = "eyJhbGciOiJIUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJzZXNzaW9uOjEifQ.c2lnbmF0dXJl"


class Credentials(InputSchema):
    """An operator's username and password."""

    username = Text(required=True)
    password = Secret(required=True)

    EXAMPLE: ClassVar[Shape] = {"username": "admin", "password": "correct horse battery staple"}


class Refresh(InputSchema):
    """A refresh token; it may come as the bearer token instead."""

    refresh_token = Text(required=True)

    EXAMPLE: ClassVar[Shape] = {"refresh_token": EXAMPLE_JWT}


class Session(AnswerSchema):
    """An access token to call with, for `expires_in` seconds, and a refresh token to use once."""

    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer()

    EXAMPLE: ClassVar[Shape] = {
        "access_token": EXAMPLE_JWT,
        "refresh_token": EXAMPLE_JWT,
        "token_type": "Bearer",
        "expires_in": 900,
    }


class Actor(AnswerSchema):
    """Who the token belongs to."""

    kind = fields.String(metadata={"enum": ["operator", "service"]})
    name = fields.String()
    role = fields.String(metadata={"enum": ["reader", "editor", "admin"]})
    operator_id = fields.Integer(allow_none=True)
    token_id = fields.Integer()

    EXAMPLE: ClassVar[Shape] = {
        "kind": "operator",
        "name": "admin",
        "role": "admin",
        "operator_id": 1,
        "token_id": 12,
    }


class LoggedOut(AnswerSchema):
    """Says that the session is over."""

    detail = fields.String()

    EXAMPLE: ClassVar[Shape] = {"detail": "Logged out"}
