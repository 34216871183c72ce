"""Passwords: Argon2id at OWASP's parameters (19 MiB, two passes, one lane).

Source: OWASP Password Storage Cheat Sheet; RFC 9106 for the algorithm.
"""

from passlib.context import CryptContext
from passlib.exc import PasswordSizeError, UnknownHashError

SHORTEST = 12
LONGEST = 128

_argon2id = CryptContext(
    schemes=["argon2"],
    argon2__type="ID",
    argon2__memory_cost=19_456,
    argon2__rounds=2,
    argon2__parallelism=1,
)


def complaint(password: str) -> str | None:
    """What is wrong with a new password, or None; length counts, as NIST SP 800-63B has it."""
    if len(password) < SHORTEST:
        return f"Shorter than {SHORTEST} characters"
    if len(password) > LONGEST:
        return f"Longer than {LONGEST} characters"
    return "Contains a NUL character" if "\0" in password else None


def hashed(password: str) -> str:
    """The hash to keep; takes about 30 ms."""
    return str(_argon2id.hash(password))


def matches(password: str, kept: str | None) -> bool:
    """Whether the password is the kept one; None, an unknown account, takes the same time."""
    if kept is None or len(password) > LONGEST:
        _argon2id.dummy_verify()
        return False
    try:
        return bool(_argon2id.verify(password, kept))
    except (UnknownHashError, PasswordSizeError, ValueError):
        return False
