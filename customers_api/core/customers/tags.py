"""A customer's tags: a sequence in the core, text separated by commas in their column."""

from collections.abc import Mapping, Sequence
from typing import Any


def joined(tags: Sequence[str] | None) -> str | None:
    """The tags as their column keeps them, which is as they are shown."""
    return ",".join(tags) if tags else None


def as_kept(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields, tags among them as their column keeps them."""
    return {**fields, "tags": joined(fields["tags"])} if "tags" in fields else fields
