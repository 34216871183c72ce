"""The field types of every contract's schemas: shape here, meaning in the core's rules.

Each says in `openapi` how the reference shows it, so that what validates is what is documented.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar

import msgspec
from marshmallow import Schema, ValidationError, fields, validate

from customers_api.core import text
from customers_api.core.text import stripped
from customers_api.core.types import LARGEST_ID
from customers_api.extensions import settings
from customers_api.web import accept, accept_lists, sizes
from customers_api.web.accept import Plain
from customers_api.web.schemas import Shape

# Longer numbers are no amounts, and costly to compute with.
LONGEST_NUMBER = 40
LONGEST_LINE = 1000
# As it was sent, with the repeats and empty ones that are dropped; each is looked at.
LONGEST_TAGS = 50_000
_document = msgspec.json.Encoder(decimal_format="number")
_MOMENT = re.compile(
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"(?:[Tt ](?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}(?:\.[0-9]{1,6})?"
    r"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])?)?"
)


class Encoded(fields.Field[Any]):
    """A field whose kept value msgspec would not write as the contract has it."""

    @staticmethod
    def encode(value: Any) -> Any:
        """The value, which is not None, as msgspec is to write it."""
        raise NotImplementedError


class Text(Plain, fields.String):
    """Text, without the white space around it."""

    def _accept(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        return stripped(value)


class Line(Text):
    """Text to look for: nothing with a control character is kept, so none can be found."""

    openapi: ClassVar[Shape] = sizes.line(LONGEST_LINE)

    def _accept(self, value: Any) -> Any:
        line = super()._accept(value)
        if complaint := text.one_line(line, most=LONGEST_LINE):
            raise ValidationError(complaint)
        return line


class Secret(fields.String):
    """Text that is taken as it is and never shown."""

    openapi: ClassVar[Shape] = {"format": "password", "writeOnly": True}


class Whole(Plain, fields.Integer):
    """A JSON whole number that the database can hold."""

    openapi: ClassVar[Shape] = {"type": "integer", "format": "int64"}

    def _accept(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.make_error("invalid")
        if isinstance(value, Decimal) and not value.is_finite():
            raise self.make_error("invalid")
        if not -LARGEST_ID <= value <= LARGEST_ID:
            raise self.make_error("too_large")
        # 7.0 is a whole number, as JSON Schema has it.
        if value != int(value):
            raise self.make_error("invalid")
        return int(value)


class Count(Whole):
    """A JSON whole number from `least` to `most`."""

    def __init__(self, least: int, most: int = LARGEST_ID, **kwargs: Any) -> None:
        in_bounds = validate.Range(least, most, error=bounds(least, most))
        super().__init__(validate=in_bounds, **kwargs)


class Flag(Plain, fields.Boolean):
    """JSON's true or false, and nothing that resembles them."""

    def _accept(self, value: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Money(Plain, fields.Decimal):
    """An exact amount with two places, as a string or a number."""

    openapi: ClassVar[Shape] = {
        "type": ["string", "number"],
        "pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$",
        **sizes.AMOUNT,
    }

    def _accept(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self.make_error("invalid")
        digits = str(value).strip()
        if len(digits) > LONGEST_NUMBER or not digits.isascii() or "_" in digits:
            raise self.make_error("invalid")
        try:
            amount = Decimal(digits)
            exact = amount.quantize(Decimal("0.01"))
        except InvalidOperation as error:
            raise self.make_error("invalid") from error
        if not amount.is_finite():
            raise self.make_error("invalid")
        if exact != amount:
            raise ValidationError("More than two decimal places")
        # PostgreSQL knows no zero below zero.
        return exact if exact else abs(exact)


class Amount(fields.Decimal):
    """An exact amount as it is shown: a string with two places."""

    openapi: ClassVar[Shape] = {"type": "string", "pattern": r"^-?[0-9]{1,12}\.[0-9]{2}$"}


class Number(Encoded, Money):
    """An exact amount with two places as a JSON number, in and out."""

    openapi: ClassVar[Shape] = {
        "type": "number",
        "description": "An exact amount with at most two decimal places.",
        **sizes.AMOUNT,
    }

    def _accept(self, value: Any) -> Any:
        if isinstance(value, str):
            raise self.make_error("invalid")
        return super()._accept(value)

    @staticmethod
    def encode(value: Decimal) -> Any:
        """The digits as they are: no binary fraction comes between."""
        return msgspec.Raw(str(value).encode())


class Letter(Plain, Encoded):
    """True and false as the letters `y` and `n`."""

    openapi: ClassVar[Shape] = {"type": "string", "enum": ["y", "n"]}
    LETTERS: ClassVar[Mapping[str, bool]] = {"y": True, "n": False}

    def _accept(self, value: Any) -> Any:
        if not isinstance(value, str) or value not in self.LETTERS:
            raise ValidationError("Must be one of y, n")
        return self.LETTERS[value]

    @staticmethod
    def encode(value: bool) -> str:
        """The letter."""
        return "y" if value else "n"


class Day(Plain, fields.Field[date]):
    """A calendar day, `1990-01-15` or `1990-01-15T00:00:00`."""

    openapi: ClassVar[Shape] = {
        "type": "string",
        "pattern": ("^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?:T00:00:00)?$"),
    }

    def _accept(self, value: Any) -> Any:
        day = value.strip().removesuffix("T00:00:00") if isinstance(value, str) else ""
        try:
            # Python reads `19900115` and `1990-W03-1`, too.
            if len(day) != len("1990-01-15") or day[4:8:3] != "--":
                raise ValueError(day)
            return date.fromisoformat(day)
        except ValueError as error:
            raise ValidationError("Not a date; write it as 1990-01-15") from error


class Midnight(Encoded):
    """A calendar day as it is shown where a time is expected: `1990-01-15T00:00:00`."""

    openapi: ClassVar[Shape] = {
        "type": "string",
        "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}T00:00:00$",
    }

    @staticmethod
    def encode(value: date) -> str:
        """The day's first second."""
        return f"{value}T00:00:00"


class Moment(Plain, fields.Field[datetime]):
    """A moment by RFC 3339; a day is its first second, and no offset means UTC."""

    openapi: ClassVar[Shape] = {"type": "string", "pattern": f"^{_MOMENT.pattern}$"}

    def _accept(self, value: Any) -> Any:
        given = value.strip() if isinstance(value, str) else ""
        try:
            if not _MOMENT.fullmatch(given):
                raise ValueError(given)
            moment = datetime.fromisoformat(given.upper())
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError) as error:
            raise ValidationError(
                "Not a date and time; write it as 2024-01-15T10:30:00Z"
            ) from error


class Instant(fields.DateTime):
    """A moment as it is shown: RFC 3339 in UTC with Z."""

    openapi: ClassVar[Shape] = {
        "format": "date-time",
        "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?Z$",
    }


class Tags(Plain, fields.Field[tuple[str, ...]]):
    """Tags separated by commas; empty ones and repeats are dropped, order is kept."""

    openapi: ClassVar[Shape] = {"type": "string"}

    def _accept(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValidationError("Not a string of tags separated by commas")
        if len(value) > LONGEST_TAGS:
            raise ValidationError(f"Longer than {LONGEST_TAGS} characters")
        return tuple(dict.fromkeys(filter(None, map(stripped, value.split(",")))))


class WantedTags(Tags):
    """Tags to look for, separated by commas."""

    openapi: ClassVar[Shape] = {**Tags.openapi, **sizes.line(LONGEST_LINE)}

    def _accept(self, value: Any) -> Any:
        wanted = super()._accept(value)
        if complaint := text.one_line(value.strip(), most=LONGEST_LINE):
            raise ValidationError(complaint)
        return wanted


class Choices(fields.List[Any]):
    """An ordered choice from a few words, without repeats."""

    def __init__(self, allowed: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(fields.String(validate=one_of(allowed)), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        chosen = super()._deserialize(value, *args, **kwargs)
        return tuple(dict.fromkeys(chosen or ()))


class JsonObject(Plain, Encoded):
    """A JSON object of the client's own; the core keeps its text."""

    openapi: ClassVar[Shape] = {"type": "object", "additionalProperties": True}

    def _accept(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError("Not a JSON object")
        try:
            return _document.encode(value).decode()
        except RecursionError as error:
            raise ValidationError("Nested too deeply") from error

    @staticmethod
    def encode(value: str) -> Any:
        """The text as it is."""
        return msgspec.Raw(value.encode())


class Records(Plain, fields.List[Any]):
    """A list of objects; what is good in a bad one is kept at its place for further checks."""

    def __init__(self, schema: type[Schema], *, most: str, **kwargs: Any) -> None:
        """`most` names the setting that limits how many items one list may have."""
        self.most = most
        self.record = schema()
        super().__init__(fields.Nested(schema), **kwargs)

    @property
    def openapi(self) -> Shape:
        """How long the list may be."""
        return {"minItems": 1, "maxItems": settings()[self.most]}

    def _accept(self, value: Any) -> Any:
        """The list, if there is nothing wrong with any of it."""
        self._check(value)
        return accept_lists.reader(self.record)(value)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        self._check(value)
        valid: list[Any] = []
        errors: dict[int, Any] = {}
        for place, item in enumerate(value):
            try:
                valid.append(accept.load(self.record, item))
            except ValidationError as error:
                errors[place] = error.messages
                valid.append(error.valid_data or {})
        if errors:
            raise ValidationError(errors, valid_data=valid)
        return valid

    def _check(self, value: Any) -> None:
        if not isinstance(value, list):
            raise self.make_error("invalid")
        check_length(value, 1, settings()[self.most])


def check_length(items: Sequence[Any], least: int, most: int) -> None:
    """Raise ValidationError unless there are from `least` to `most` items."""
    if not least <= len(items) <= most:
        raise ValidationError(f"Takes {least} to {most} items, not {len(items)}")


def bounds(least: int, most: int) -> str:
    """What to say of a number that is not from `least` to `most`."""
    if most == LARGEST_ID:
        return f"Must be a whole number, {least} or more"
    return f"Must be a whole number from {least} to {most}"


class NotBlank(validate.Length):
    """A validator of texts, none of which may be blank."""

    def __init__(self) -> None:
        super().__init__(min=1, error=text.BLANK)

    def __call__(self, value: Any) -> Any:
        """The value; raises ValidationError."""
        return super().__call__("") if text.is_blank(value) else value


NOT_BLANK = NotBlank()


def one_of(allowed: tuple[str, ...]) -> validate.OneOf:
    """A validator whose complaint names what is allowed."""
    return validate.OneOf(allowed, error="Must be one of {choices}")
