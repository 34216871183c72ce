"""The types of query parameters, which are always text."""

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import ValidationError, fields, missing

from customers_api.core.types import LARGEST_ID
from customers_api.web.fields import bounds
from customers_api.web.schemas import Shape


class QueryNumber(fields.Integer):
    """A query parameter that is a whole number from `least` to `most`."""

    def __init__(self, least: int, most: int = LARGEST_ID, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(metadata={"minimum": least, "maximum": most}, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        digits = value.isascii() and value.isdigit() and len(value) <= len(str(LARGEST_ID))
        if not digits or not self.least <= int(value) <= self.most:
            raise ValidationError(bounds(self.least, self.most))
        return int(value)


class YesNo(fields.Field[bool]):
    """A query parameter that is true or false."""

    WORDS: ClassVar[Mapping[str, bool]] = {
        "true": True,
        "false": False,
        "1": True,
        "0": False,
        "yes": True,
        "no": False,
    }

    @property
    def openapi(self) -> Shape:
        """The words, and which of them is meant when the parameter is left out."""
        shape: Shape = {"type": "string", "enum": [*self.WORDS]}
        if self.load_default is missing:
            return shape
        return {**shape, "default": str(self.load_default).lower()}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if value not in self.WORDS:
            raise ValidationError(f"Must be one of {', '.join(self.WORDS)}")
        return self.WORDS[value]
