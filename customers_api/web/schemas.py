"""What the schemas of every contract have in common: how strict they are, and what they show."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import RAISE, Schema, ValidationError, validates_schema

from customers_api.core.errors import Problem

Shape = Mapping[str, Any]
UNKNOWN = "Unknown or read-only field"


class InputSchema(Schema):
    """What a client may send: a field that is not declared, or is read-only, is refused by name."""

    error_messages = {
        "unknown": UNKNOWN,
        "type": "Must be a JSON object",
    }
    EXAMPLE: ClassVar[Shape] = {}
    # What the core asks of fields, as the reference shows it, and how many there must be.
    LIMITS: ClassVar[Mapping[str, Shape]] = {}
    LEAST: ClassVar[int] = 0

    class Meta:
        unknown = RAISE

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What the core finds wrong with the fields whose shape is right; in the core's names."""
        return ()


class ChangesSchema(InputSchema):
    """Part of what a client may send; nothing at all is refused."""

    LEAST = 1

    def __init__(self) -> None:
        super().__init__(partial=True)

    @validates_schema
    def _some(self, data: Mapping[str, Any], **kwargs: Any) -> None:
        if len(data) < self.LEAST:
            raise ValidationError("Give at least one field to change")


class AnswerSchema(Schema):
    """What the server sends: describes it in the reference and orders the fields.

    A `SPARSE` one leaves out what has no value; what is always there is declared `required`.
    """

    SPARSE: ClassVar[bool] = False
    EXAMPLE: ClassVar[Shape] = {}


class QuerySchema(Schema):
    """The query parameters of an operation; any other is refused by name."""

    error_messages = {"unknown": "Unknown query parameter"}

    class Meta:
        unknown = RAISE
