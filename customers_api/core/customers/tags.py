"""A customer's tags: a sequence in the core, text separated by commas in their column."""

from collections.abc import Mapping, Sequence
from typing import Any

from customers_api.core.errors import Invalid, Problem

# That one statement looks for: each is a look into an index for every customer it walks past.
MOST_WANTED = 20


def check_wanted(tags: Sequence[str]) -> None:
    """Raise Invalid where customers are asked for by more tags than one statement looks for."""
    if len(tags) > MOST_WANTED:
        raise Invalid([Problem(("tags",), f"At most {MOST_WANTED} tags, not {len(tags)}")])


def joined(tags: Sequence[str] | None) -> str | None:
    """The tags as their column keeps them, which is as they are shown."""
    return ",".join(tags) if tags else None


def as_kept(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields, tags among them as their column keeps them."""
    return {**fields, "tags": joined(fields["tags"])} if "tags" in fields else fields
