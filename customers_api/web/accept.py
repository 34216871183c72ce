"""The quick way in for what is plainly right, compiled from the schemas that marshmallow reads.

It asks the same fields and validators as marshmallow does, without what marshmallow does around
each of them. It has no words of its own: where anything is refused, marshmallow reads it again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NoReturn

from marshmallow import RAISE, Schema, ValidationError, fields, missing
from marshmallow.decorators import POST_LOAD, PRE_LOAD, VALIDATES, VALIDATES_SCHEMA

Loaded = dict[str, Any]
Read = Callable[[Any], Loaded]
# The name of a method, whether it sees a list at once, its options.
Hook = tuple[str, bool, Mapping[str, Any]]

ABSENT = object()
NEEDED = object()


class Unsure(Exception):
    """Something may be wrong; marshmallow knows what."""


class Plain:
    """A field of which `_accept` is all there is to know: what it keeps of what is given.

    It raises ValidationError where it refuses. A class that says `_deserialize` besides must mean
    the same by both; one that says only that is asked through marshmallow.
    """

    def _accept(self, value: Any) -> Any:
        """What is kept of the value, which is not None."""
        raise NotImplementedError

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return self._accept(value)


# How a field is read: its key on the wire and its name, what accepts it, whether it may be null,
# and what it is when left out. A plain tuple, which Python takes apart in half the time.
Entry = tuple[str, str, Callable[[Any], Any], bool, Any]


def load(schema: Schema, given: Any) -> Loaded:
    """What `schema.load` makes of it; raises ValidationError as that does."""
    try:
        return reader(schema)(given)
    except (Unsure, ValidationError):
        pass
    loaded: Loaded = schema.load(given)
    return loaded


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a schema asks: of each field, and of the whole."""

    entries: Sequence[Entry]
    checks: Sequence[Callable[[Loaded], object]]


@cache
def reader(schema: Schema) -> Read:
    """What reads a document by the schema, or raises Unsure or ValidationError."""
    asked = compiled(schema)
    if asked is None:
        return unsure
    entries, checks = asked.entries, asked.checks

    def read(given: Any) -> Loaded:
        if type(given) is not dict:
            raise Unsure
        loaded = _read(entries, given)
        for check in checks:
            check(loaded)
        return loaded

    return read


def compiled(schema: Schema) -> Compiled | None:
    """What the schema asks, where that is all it does."""
    if not _is_known(schema):
        return None
    entries = tuple(_entry(schema, name, field) for name, field in schema.load_fields.items())
    if len({entry[0] for entry in entries}) < len(entries):
        return None
    told: Any = {"partial": schema.partial, "many": False, "unknown": RAISE}
    hooks = [name for name, *_ in _hooks(schema, VALIDATES_SCHEMA)]
    return Compiled(entries, [partial(getattr(schema, name), **told) for name in hooks])


def _read(entries: Sequence[Entry], given: Loaded) -> Loaded:
    """The fields, in the schema's order as marshmallow has them."""
    loaded: Loaded = {}
    absent = 0
    get = given.get
    for key, name, accept, nullable, default in entries:
        value = get(key, ABSENT)
        if value is ABSENT:
            absent += 1
            if default is NEEDED:
                raise Unsure
            if default is not missing:
                loaded[name] = default
        elif value is not None:
            loaded[name] = accept(value)
        elif nullable:
            loaded[name] = None
        else:
            raise Unsure
    if len(given) + absent != len(entries):
        raise Unsure
    return loaded


def unsure(_given: object) -> NoReturn:
    """What reads anything by a schema that asks more than is compiled: it raises Unsure."""
    raise Unsure


def _is_known(schema: Schema) -> bool:
    """Whether the schema has nothing that `reader` does not heed."""
    whole = {"many": False, "unknown": RAISE, "dict_class": dict}
    return (
        all(getattr(schema, name) == value for name, value in whole.items())
        and schema.partial in (None, False, True)
        and type(schema).load is Schema.load
        and not any(_hooks(schema, hook) for hook in (PRE_LOAD, POST_LOAD, VALIDATES))
        and all(_sees_what_is_read(hook) for hook in _hooks(schema, VALIDATES_SCHEMA))
        and all(_is_ordinary(name, field) for name, field in schema.load_fields.items())
    )


def _sees_what_is_read(hook: Hook) -> bool:
    _, many, options = hook
    return not many and not options.get("pass_original")


def _is_ordinary(name: str, field: fields.Field[Any]) -> bool:
    return (
        type(field).deserialize is fields.Field.deserialize
        and not field.pre_load
        and not field.post_load
        and not callable(field.load_default)
        # A point would lead to a place inside of another value.
        and "." not in (field.attribute or name)
    )


def _hooks(schema: Schema, kind: str) -> Sequence[Hook]:
    return schema._hooks.get(kind, [])


def _entry(schema: Schema, name: str, field: fields.Field[Any]) -> Entry:
    default = missing if schema.partial else NEEDED if field.required else field.load_default
    key = name if field.data_key is None else field.data_key
    return key, field.attribute or name, _accepting(schema, field), field.allow_none, default


def _accepting(schema: Schema, field: fields.Field[Any]) -> Callable[[Any], Any]:
    """What takes a value of the field; raises ValidationError."""
    if not isinstance(field, Plain) or not _is_plain(field):
        options: Any = {} if schema.partial is None else {"partial": schema.partial}
        return partial(field.deserialize, **options)
    accept = field._accept
    if not field.validators:
        return accept
    checks = tuple(field.validators)

    def accept_valid(value: Any) -> Any:
        accepted = accept(value)
        for check in checks:
            check(accepted)
        return accepted

    return accept_valid


def _is_plain(field: fields.Field[Any]) -> bool:
    """Whether the field's last word is its `_accept`."""
    said = ({"_accept", "_deserialize"} & vars(cls).keys() for cls in type(field).__mro__)
    return "_accept" in next(filter(None, said))
