"""Chance that repeats itself: what is drawn for a customer depends on its number and nothing else.

Python's `random` promises the same numbers only within one version, and seeding it anew for every
customer costs more than all the rest; a hash of the number does neither.
"""

from collections.abc import Sequence
from hashlib import blake2b
from struct import Struct
from typing import TypeVar
from uuid import UUID

Item = TypeVar("Item")
Draws = tuple[int, ...]

# A draw is from 0 to SIDES - 1, and there are DRAWS of them; what makes the UUID comes last.
SIDES = 1 << 16
DRAWS = 26
LARGEST_NUMBER = (1 << 32) - 1
_DIGEST = Struct(f"<{DRAWS}HQI")
# Of the 96 bits after the first 32, the six that say: version 4, variant 1.
_VERSION = 4 << 76 | 2 << 62
_RANDOM = ~(0xF << 76 | 3 << 62)


def draws(number: int) -> Draws:
    """DRAWS draws for the customer with this number, then two integers for the UUID."""
    return _DIGEST.unpack(blake2b(number.to_bytes(8, "little")).digest())


def uuid_text(number: int, drawn: Draws) -> str:
    """The UUID of the customer with this number in hex digits, of the form that random ones have.

    Its first 32 bits make the customer_id, and 32 random bits would meet in a million customers a
    hundred times. Multiplying by an odd number and folding the high half into the low one can both
    be undone, so no two numbers share them.
    """
    mixed = number * 0x9E3779B1 & LARGEST_NUMBER
    mixed ^= mixed >> 16
    mixed = mixed * 0x85EBCA6B & LARGEST_NUMBER
    mixed ^= mixed >> 16
    return f"{mixed:08x}{(drawn[-2] << 32 | drawn[-1]) & _RANDOM | _VERSION:024x}"


def uuid(number: int) -> UUID:
    """The UUID of the customer with this number."""
    return UUID(uuid_text(number, draws(number)))


def pick(items: Sequence[Item], draw: int) -> Item:
    """The item that this draw falls on, each as likely as the others."""
    return items[draw * len(items) >> 16]


def low(draw: int) -> int:
    """A second, coarser draw in the low half of one whose low half does not matter otherwise."""
    return (draw & 0xFF) << 8


def weighted(*shares: tuple[int, Item]) -> Sequence[Item]:
    """A sequence that `pick` takes each item from as often as its share says."""
    return tuple(item for share, item in shares for _ in range(share))


def patterned(pattern: str, drawn: Draws) -> str:
    """The pattern with a digit for every `#` and a capital for every `@`."""
    left = iter(drawn)
    kinds = {"#": "0123456789", "@": "ABCEGHJKLMNPRSTVWXYZ"}
    return "".join(pick(kinds[c], next(left)) if c in kinds else c for c in pattern)
