"""What changed: one field of one record, and how its values are kept and shown."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

# Instead of a value: of a secret; of a customer who was removed.
REDACTED = "[redacted]"
REMOVED = "[removed]"
# A longer text is told by its length and its digest: notes may have a million characters.
LONGEST_VALUE = 1000


@dataclass(frozen=True, slots=True)
class Change:
    """A field, and what it was and is; None is no value."""

    field: str
    old: Any
    new: Any


def given(fields: Mapping[str, Any]) -> list[Change]:
    """The changes that a new record's fields are; fields without a value are none."""
    return [Change(name, None, value) for name, value in fields.items() if value is not None]


def gone(fields: Mapping[str, Any]) -> list[Change]:
    """The changes that the end of a record with these fields is."""
    return [Change(name, value, None) for name, value in fields.items() if value is not None]


def between(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The changes from old to new values; what stayed the same is none."""
    return [
        Change(name, old[name], value) for name, value in new.items() if not _is(old[name], value)
    ]


def secret(field: str, *, is_new: bool = False) -> Change:
    """That a secret was set, or set anew."""
    return Change(field, None if is_new else REDACTED, REDACTED)


def kept(changes: Sequence[Change]) -> dict[str, str | None]:
    """The changes as the columns of an event."""
    old = [_brief(change.old) for change in changes]
    had_values = any(value is not None for value in old)
    return {
        "fields": ",".join(change.field for change in changes),
        "old_values": _encoded(old) if had_values else None,
        "new_values": _encoded(_brief(change.new) for change in changes) if changes else None,
    }


def first(fields: Mapping[str, Any]) -> tuple[str, str | None]:
    """The columns `fields` and `new_values` of `given`, made at once as there may be many."""
    values = {name: value for name, value in fields.items() if value is not None}
    encoded = msgspec.json.encode([*values.values()])
    # Where all of them together are short, each is.
    if len(encoded) > LONGEST_VALUE:
        encoded = msgspec.json.encode([*map(_brief, values.values())])
    return ",".join(values), encoded.decode() if values else None


def shown(fields: str, old_values: str | None, new_values: str | None) -> list[Change]:
    """The changes that an event's columns hold, each value as it is written in JSON."""
    names = fields.split(",") if fields else []
    if names and new_values is None:
        return [Change(name, REMOVED, REMOVED) for name in names]
    old = _decoded(old_values) if old_values else [None] * len(names)
    new = _decoded(new_values) if new_values else []
    return [Change(*each) for each in zip(names, old, new, strict=True)]


def _is(old: Any, new: Any) -> bool:
    return type(old) is type(new) and bool(old == new)


def _brief(value: Any) -> Any:
    if isinstance(value, str) and len(value) <= LONGEST_VALUE:
        return value
    text = bytes(value) if isinstance(value, msgspec.Raw) else value
    if not isinstance(text, str | bytes) or len(text) <= LONGEST_VALUE:
        return value
    content = text.encode() if isinstance(text, str) else text
    characters = len(text) if isinstance(text, str) else len(text.decode())
    return {"characters": characters, "sha256": sha256(content).hexdigest()}


def _encoded(values: Iterable[Any]) -> str:
    return msgspec.json.encode([*values]).decode()


def _decoded(text: str) -> list[msgspec.Raw]:
    return msgspec.json.decode(text, type=list[msgspec.Raw])
