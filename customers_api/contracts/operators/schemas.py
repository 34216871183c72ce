"""What the operators contract takes and shows."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import fields

from customers_api.core.actor import Role
from customers_api.core.errors import Problem
from customers_api.core.operators import service as operators
from customers_api.core.operators.service import LONGEST_USERNAME
from customers_api.web import sizes
from customers_api.web.fields import Flag, Instant, Secret, Text, one_of
from customers_api.web.schemas import AnswerSchema, ChangesSchema, InputSchema, Shape

ROLES = tuple(role.value for role in Role)


class NewOperator(InputSchema):
    """Somebody who may log in."""

    LIMITS: ClassVar[Mapping[str, Shape]] = {
        "username": sizes.filled_line(LONGEST_USERNAME),
        "password": sizes.OPERATORS_PASSWORD,
    }

    username = Text(required=True)
    password = Secret(required=True)
    role = Text(required=True, validate=one_of(ROLES))

    EXAMPLE: ClassVar[Shape] = {
        "username": "nadia",
        "password": "correct horse battery staple",
        "role": "editor",
    }

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with a new operator."""
        return operators.review(fields)


class OperatorChanges(ChangesSchema):
    """The fields to change; a new password, or disabling, ends the operator's sessions."""

    LIMITS: ClassVar[Mapping[str, Shape]] = {"password": sizes.OPERATORS_PASSWORD}

    password = Secret()
    role = Text(validate=one_of(ROLES))
    disabled = Flag()

    EXAMPLE: ClassVar[Shape] = {"role": "reader"}

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with the changes."""
        return operators.review(fields)


class Operator(AnswerSchema):
    """Somebody who may log in."""

    id = fields.Integer()
    username = fields.String()
    role = fields.String(validate=one_of(ROLES))
    created_at = Instant()
    updated_at = Instant()
    last_login_at = Instant(allow_none=True)
    disabled_at = Instant(allow_none=True)

    EXAMPLE: ClassVar[Shape] = {
        "id": 2,
        "username": "nadia",
        "role": "editor",
        "created_at": "2026-01-15T10:30:00Z",
        "updated_at": "2026-01-15T10:30:00Z",
        "last_login_at": None,
        "disabled_at": None,
    }
