"""Passwords: Argon2id at OWASP's parameters (19 MiB, two passes, one lane).

Source: OWASP Password Storage Cheat Sheet; RFC 9106 for the algorithm. What is asked of a new
password is NIST SP 800-63B's: length, and not to be among the most common; no composition.
"""

from functools import cache
from importlib.resources import files

from passlib.context import CryptContext
from passlib.exc import PasswordSizeError, UnknownHashError

SHORTEST = 12
SHORTEST_OF_CUSTOMERS = 8
LONGEST = 128
BLANK = "Nothing but white space"
COMMON = "Among the most common passwords, which are the first to be tried"

_argon2id = CryptContext(
    schemes=["argon2"],
    argon2__type="ID",
    argon2__memory_cost=19_456,
    argon2__rounds=2,
    argon2__parallelism=1,
)


# The hash of a password that nobody knows, for unknown accounts. Not made when it is first needed,
# or that one answer would take twice as long.
NOBODYS = (
    "$argon2id$v=19$m=19456,t=2,p=1$rDXGmFNqzdnbe681xvh/bw"
    "$FN+NYXLRD/ccADGunluVYEHC5dArtzLCA/LPXK/yOs8"
)


def complaint(password: str, *, shortest: int = SHORTEST) -> str | None:
    """What is wrong with a new password, or None."""
    if len(password) < shortest:
        return f"Shorter than {shortest} characters"
    if len(password) > LONGEST:
        return f"Longer than {LONGEST} characters"
    if "\0" in password:
        return "Contains a NUL character"
    if not password.strip():
        return BLANK
    return COMMON if password.casefold() in common() else None


@cache
def common() -> frozenset[str]:
    """The most common passwords, in small letters; common_passwords.md says whence."""
    listed = files(__package__).joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(listed.split())


def hashed(password: str) -> str:
    """The hash to keep; takes about 30 ms."""
    return str(_argon2id.hash(password))


def matches(password: str, kept: str | None) -> bool:
    """Whether the password is the kept one; None, an unknown account, takes the same time."""
    if kept is None or len(password) > LONGEST:
        _argon2id.verify("", NOBODYS)
        return False
    try:
        return bool(_argon2id.verify(password, kept))
    except (UnknownHashError, PasswordSizeError, ValueError):
        return False


def renewed(password: str, kept: str) -> str:
    """The hash to keep of a password that matches: a new one where the parameters have changed."""
    return hashed(password) if _argon2id.needs_update(kept) else kept
