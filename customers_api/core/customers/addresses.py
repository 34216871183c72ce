"""A customer's address as one JSON object: kept as it was given, and merged with its fields.

The text an object holds under one of KEYS is the customer's own field, which any contract may
change. So an object is kept as it came, and what was changed since is found by comparing.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from customers_api.core.text import stripped

# The object's keys, and the column that each is when it holds text.
KEYS: Mapping[str, str] = {
    "line1": "address_line1",
    "line2": "address_line2",
    "city": "city",
    "state": "state",
    "postalCode": "postal_code",
    "country": "country",
}
# What `merged` reads.
COLUMNS = ("address", *KEYS.values())
# Values stay the text they are, so that no number is rewritten.
Parts = dict[str, msgspec.Raw]
_parts = msgspec.json.Decoder(Parts)
_text = msgspec.json.Decoder(str)


def texts(address: str) -> dict[str, str]:
    """The texts among the values of KEYS in an object's JSON, as their columns hold them."""
    return _texts(_parts.decode(address))


def spread(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields, and with an `address` among them every column that it is."""
    if fields.get("address") is None:
        return fields
    given = texts(fields["address"])
    return {**fields, **{column: given.get(key) for key, column in KEYS.items()}}


def merged(row: Mapping[str, Any]) -> str | None:
    """The object's JSON, as given but for the fields that were changed since; None for nothing."""
    kept = row["address"]
    parts = {} if kept is None else _parts.decode(kept)
    given = _texts(parts)
    changed = {key: row[name] for key, name in KEYS.items() if row[name] != given.get(key)}
    if not changed:
        return None if kept is None else str(kept)
    for key, value in changed.items():
        if value is None:
            del parts[key]
        else:
            parts[key] = msgspec.Raw(msgspec.json.encode(value))
    return msgspec.json.encode(parts).decode()


def _texts(parts: Parts) -> dict[str, str]:
    quoted = {key: parts[key] for key in KEYS if key in parts and bytes(parts[key])[:1] == b'"'}
    return {key: stripped(_text.decode(value)) for key, value in quoted.items()}
