"""How a customer is told from every other: email key, username, customer id."""

import re
import unicodedata
from uuid import UUID

from anyascii import anyascii

NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")
USERNAME_BASE_LENGTH = 20
NAMELESS = "customer"


def email_key(email: str) -> str:
    """What two spellings of one email address have in common: case and composition folded.

    Computed here and not by the database, whose `lower()` depends on its locale and, in SQLite,
    knows only ASCII.
    """
    return unicodedata.normalize("NFC", email).casefold()


def customer_id(uuid: UUID) -> str:
    """`CUST_` and the first eight hex digits of the customer's UUID, in capitals."""
    return f"CUST_{uuid.hex[:8].upper()}"


def base_username(first_name: str, last_name: str) -> str:
    """The two names as lower-case ASCII letters and digits, at most 20 of them."""
    letters = NOT_ALPHANUMERIC.sub("", anyascii(f"{first_name}{last_name}").lower())
    return letters[:USERNAME_BASE_LENGTH] or NAMELESS


def usernames(base: str, uuid: UUID) -> tuple[str, ...]:
    """The usernames to try, in this order.

    The digits come from the random parts of the UUID, so that racing writers of one name rarely
    meet; the last candidate practically never does.
    """
    four = f"{base}{1000 + uuid.time_low % 9000}"
    eight = f"{base}{10_000_000 + uuid.node % 90_000_000}"
    return base, four, eight, f"{base}{uuid.hex[-12:]}"
