"""Records by their columns: what many have in common is looked at once."""

from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any


def column(records: Sequence[Mapping[str, Any]], name: str, default: Any = None) -> list[Any]:
    """What each record has under a name, or the default."""
    try:
        return [*map(itemgetter(name), records)]
    except KeyError:
        return [record.get(name, default) for record in records]
