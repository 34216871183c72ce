"""What the groups contract takes and shows."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, fields

from customers_api.core.errors import Problem
from customers_api.core.groups import service as groups
from customers_api.core.groups.service import LONGEST_DESCRIPTION, LONGEST_NAME
from customers_api.web import sizes
from customers_api.web.fields import Instant, Text
from customers_api.web.schemas import AnswerSchema, ChangesSchema, InputSchema, QuerySchema, Shape


class GroupFields(InputSchema):
    """A group: its name is unique."""

    LIMITS: ClassVar[Mapping[str, Shape]] = {
        "name": sizes.filled_line(LONGEST_NAME),
        "description": sizes.free(LONGEST_DESCRIPTION),
    }

    name = Text(required=True)
    description = Text(allow_none=True)

    EXAMPLE: ClassVar[Shape] = {"name": "Wholesale", "description": "Buys by the pallet"}

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with a new group, or with the one of the path."""
        return groups.review(fields, besides=path.get("group_id"))


class GroupChanges(ChangesSchema, GroupFields):
    """The fields to change; the others stay as they are."""

    EXAMPLE: ClassVar[Shape] = {"description": None}


class Group(AnswerSchema):
    """A group of customers."""

    id = fields.Integer()
    name = fields.String()
    description = fields.String(allow_none=True)
    created_at = Instant()
    updated_at = Instant()

    EXAMPLE: ClassVar[Shape] = {
        "id": 1,
        **GroupFields.EXAMPLE,
        "created_at": "2026-01-15T10:30:00Z",
        "updated_at": "2026-01-15T10:30:00Z",
    }


class GroupRemoved(AnswerSchema):
    """Says what was removed."""

    detail = fields.String()
    id = fields.Integer()

    EXAMPLE: ClassVar[Shape] = {"detail": "Group deleted", "id": 1}


class Destination(fields.Field[int | str]):
    """The id of a group, or `none`."""

    openapi: ClassVar[Shape] = {"type": "string", "pattern": "^(none|[0-9]{1,19})$"}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if value == "none":
            return value
        if value.isascii() and value.isdigit() and len(value) <= len(str(2**63)):
            return int(value)
        raise ValidationError("Must be the id of a group, or none")


class RemovalQuery(QuerySchema):
    """Where the customers of a removed group go."""

    reassign_to = Destination()
