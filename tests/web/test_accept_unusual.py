"""What the quick way in does not know is left to marshmallow, and comes out the same."""

from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate, validates

from customers_api.web import accept
from customers_api.web.fields import Text
from customers_api.web.schemas import InputSchema


class Lenient(InputSchema):
    name = Text()

    class Meta:
        unknown = "include"


class BeforeAndAfter(InputSchema):
    name = Text()

    @pre_load
    def _before(self, data: Any, **kwargs: Any) -> Any:
        return {name: f"{value}!" for name, value in data.items()}

    @post_load
    def _after(self, data: Any, **kwargs: Any) -> Any:
        return {**data, "after": True}


class OfOneField(InputSchema):
    name = Text()

    @validates("name")
    def _name(self, value: str, **kwargs: Any) -> None:
        raise ValidationError("Never right")


class Loud(Text):
    """A Text that says more by `_deserialize`."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, *args, **kwargs).upper()


class Prepared(InputSchema):
    name = Text(pre_load=[str.upper])


class Computed(InputSchema):
    name = Text(load_default=lambda: "x")


class Elsewhere(InputSchema):
    name = Text(attribute="inner.name")


class Shouted(InputSchema):
    name = Loud(data_key="as", attribute="kept", validate=validate.Length(max=2))
    plain = fields.String(load_default=None)


@pytest.mark.parametrize(
    "schema",
    [
        *(Lenient(), BeforeAndAfter(), OfOneField(), Prepared(), Computed(), Elsewhere()),
        *(Shouted(), Shouted(partial=True), Shouted(partial=("name",)), Shouted(many=True)),
    ],
    ids=repr,
)
@pytest.mark.parametrize(
    "document",
    [{}, {"name": "a"}, {"as": "a"}, {"as": "abc"}, {"as": None}, {"plain": None}, {"as": 1}],
)
def test_an_unusual_schema_is_read_as_marshmallow_reads_it(schema: Schema, document: Any) -> None:
    assert outcome(accept.load, schema, document) == outcome(Schema.load, schema, document)


def outcome(load: Callable[[Schema, Any], Any], schema: Schema, document: Any) -> str:
    """What is made of the document, types and order included, or what is said against it."""
    try:
        return repr(load(schema, document))
    except ValidationError as error:
        return repr(error.messages)
