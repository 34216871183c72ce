"""How a list is ordered and cut."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sort:
    """A field to order by, and the direction."""

    field: str
    descending: bool = False
