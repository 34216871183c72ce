"""How a customer is told from every other: email key, username, customer id."""

import os
import re
import unicodedata
from collections.abc import Iterator
from uuid import UUID

from anyascii import anyascii

NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")
PREFIX = "CUST_"
USERNAME_BASE_LENGTH = 20
NAMELESS = "customer"
# That of its column.
LONGEST_EMAIL = 255
UUID_BYTES = 16
FIXED_BITS = 0xF000_C000 << 48
VERSION_4 = 0x4000_8000 << 48


def email_key(email: str) -> str:
    """What two spellings of one email address have in common: case and composition folded.

    Computed here and not by the database, whose `lower()` depends on its locale and, in SQLite,
    knows only ASCII. One that is too long to be anybody's is not composed: the time that takes
    grows with the square of its length.
    """
    if len(email) > LONGEST_EMAIL:
        return email.casefold()
    return unicodedata.normalize("NFC", email).casefold()


def uuids(count: int) -> Iterator[UUID]:
    """So many random UUIDs (RFC 9562, 5.4): the system is asked for chance once for all."""
    chance = os.urandom(UUID_BYTES * count)
    for start in range(0, len(chance), UUID_BYTES):
        drawn = int.from_bytes(chance[start : start + UUID_BYTES])
        # As UUID itself would set its version and variant, for half the time.
        yield UUID(int=drawn & ~FIXED_BITS | VERSION_4)


def customer_id(uuid: UUID) -> str:
    """`CUST_` and the first eight hex digits of the customer's UUID, in capitals."""
    return f"{PREFIX}{uuid.int >> 96:08X}"


def base_username(first_name: str, last_name: str) -> str:
    """The two names as lower-case ASCII letters and digits, at most 20 of them."""
    names = f"{first_name}{last_name}"
    letters = (names if names.isascii() else anyascii(names)).lower()
    if not letters.isalnum():
        letters = NOT_ALPHANUMERIC.sub("", letters)
    return letters[:USERNAME_BASE_LENGTH] or NAMELESS


def usernames(base: str, uuid: UUID) -> tuple[str, ...]:
    """The usernames to try, in this order.

    The digits come from the random parts of the UUID, so that racing writers of one name rarely
    meet; the last candidate practically never does.
    """
    # Not by the UUID's own properties, each of which is a call.
    first, last = uuid.int >> 96, uuid.int & 0xFFFF_FFFF_FFFF
    four = f"{base}{1000 + first % 9000}"
    ten = f"{base}{1_000_000_000 + last % 9_000_000_000}"
    return base, four, ten, f"{base}{last:012x}"
