"""How a list is ordered and cut."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of a list: at most `limit`, after `skip` of them, after the id `after`."""

    limit: int
    skip: int = 0
    after: int = 0


@dataclass(frozen=True, slots=True)
class Sort:
    """A field to order by, and the direction."""

    field: str
    descending: bool = False
