"""Passwords: Argon2id at OWASP's parameters (19 MiB, two passes, one lane).

Source: OWASP Password Storage Cheat Sheet; RFC 9106 for the algorithm. What is asked of a new
password is NIST SP 800-63B's: length, and not to be among the first to be tried; no composition.
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from passlib.context import CryptContext
from passlib.exc import PasswordSizeError, UnknownHashError

SHORTEST = 12
SHORTEST_OF_CUSTOMERS = 8
LONGEST = 128
BLANK = "Nothing but white space"
REPEATED = "One character again and again"
OWN = "The account's own email or username"
COMMON = "Among the most common passwords, which are the first to be tried"

_argon2id = CryptContext(
    schemes=["argon2"],
    argon2__type="ID",
    argon2__memory_cost=19_456,
    argon2__rounds=2,
    argon2__parallelism=1,
)


SPACES = {code: " " for code in range(0x80, 0x3001) if unicodedata.category(chr(code)) == "Zs"}

# The hash of a password that nobody knows, for unknown accounts. Not made when it is first needed,
# or that one answer would take twice as long.
NOBODYS = (
    "$argon2id$v=19$m=19456,t=2,p=1$rDXGmFNqzdnbe681xvh/bw"
    "$FN+NYXLRD/ccADGunluVYEHC5dArtzLCA/LPXK/yOs8"
)


def complaint(password: str, *, shortest: int = SHORTEST, own: Iterable[str] = ()) -> str | None:
    """What is wrong with a new password, or None; `own` are the names of its account."""
    if len(password) < shortest:
        return f"Shorter than {shortest} characters"
    if len(password) > LONGEST:
        return f"Longer than {LONGEST} characters"
    if "\0" in password:
        return "Contains a NUL character"
    if not password.strip():
        return BLANK
    return _what_guesses_it(_folded(password), own)


@cache
def common() -> frozenset[str]:
    """The most common passwords, in small letters; common_passwords.md says whence."""
    listed = files(__package__).joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(listed.split())


def prepared(password: str) -> str:
    """The password as it is hashed, by RFC 8265: however a keyboard composes letters and spaces."""
    if password.isascii():
        return password
    return unicodedata.normalize("NFC", password.translate(SPACES))


def hashed(password: str) -> str:
    """The hash to keep; takes about 30 ms."""
    return str(_argon2id.hash(prepared(password)))


def matches(password: str, kept: str | None) -> bool:
    """Whether the password is the kept one; None, an unknown account, takes the same time.

    What is composed in another way than it is hashed is tried as it is, too: earlier releases
    hashed it so.
    """
    if len(password) > LONGEST:
        _argon2id.verify("", NOBODYS)
        return False
    spellings = dict.fromkeys((prepared(password), password))
    if kept is None:
        for _ in spellings:
            _argon2id.verify("", NOBODYS)
        return False
    return any(_verified(each, kept) for each in spellings)


def renewed(password: str, kept: str) -> str:
    """The hash to keep of a password that matches: a new one where the parameters have changed."""
    return hashed(password) if _argon2id.needs_update(kept) else kept


def _what_guesses_it(folded: str, own: Iterable[str]) -> str | None:
    if len({*folded}) == 1:
        return REPEATED
    if folded in map(_folded, own):
        return OWN
    return COMMON if folded in common() else None


def _verified(spelling: str, kept: str) -> bool:
    try:
        return bool(_argon2id.verify(spelling, kept))
    except (UnknownHashError, PasswordSizeError, ValueError):
        return False


def _folded(text: str) -> str:
    return prepared(text).casefold()
