"""What the tokens contract takes and shows."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import fields

from customers_api.core.actor import Role
from customers_api.core.errors import Problem
from customers_api.core.tokens import service as tokens
from customers_api.core.tokens.service import LONGEST_NAME
from customers_api.web import sizes
from customers_api.web.fields import Instant, Text, Whole, one_of
from customers_api.web.schemas import AnswerSchema, InputSchema, Shape

ROLES = tuple(role.value for role in Role)


class NewToken(InputSchema):
    """A service token: for how many days, or without an end."""

    LIMITS: ClassVar[Mapping[str, Shape]] = {"name": sizes.filled_line(LONGEST_NAME)}

    name = Text(required=True)
    role = Text(required=True, validate=one_of(ROLES))
    days = Whole(allow_none=True, metadata={"minimum": 1, "maximum": tokens.MOST_DAYS})

    EXAMPLE: ClassVar[Shape] = {"name": "billing", "role": "editor", "days": 365}

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with a new token."""
        return tokens.review(fields)


class Token(AnswerSchema):
    """A service token, without the text that its holder sends."""

    id = fields.Integer()
    name = fields.String()
    role = fields.String(validate=one_of(ROLES))
    created_at = Instant()
    expires_at = Instant(allow_none=True)
    revoked_at = Instant(allow_none=True)

    EXAMPLE: ClassVar[Shape] = {
        "id": 3,
        "name": "billing",
        "role": "editor",
        "created_at": "2026-01-15T10:30:00Z",
        "expires_at": "2027-01-15T10:30:00Z",
        "revoked_at": None,
    }


class CreatedToken(Token):
    """A new service token, with the text that its holder sends; it is shown this once."""

    token = fields.String()

    EXAMPLE: ClassVar[Shape] = {
        **Token.EXAMPLE,
        "token": "eyJhbGciOiJIUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiJzZXJ2aWNlOjMifQ.c2lnbmF0dXJl",
    }


class Revoked(AnswerSchema):
    """Says what was revoked."""

    detail = fields.String()
    id = fields.Integer()

    EXAMPLE: ClassVar[Shape] = {"detail": "Token revoked", "id": 3}
