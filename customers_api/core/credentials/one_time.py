"""Secrets that open something once: made here, shown once, and kept as what they hash to.

They are random and of more than 112 bits, so that a plain hash of them cannot be searched.
"""

import base64
import secrets
from hashlib import sha256

RECOVERY_CODES = 10
# 120 bits, written as six groups of four.
RECOVERY_BYTES = 15
GROUP = 4


def token() -> str:
    """A token to be sent in a link."""
    return secrets.token_urlsafe(32)


def recovery_codes() -> list[str]:
    """Codes that a person can write down."""
    return [_recovery_code() for _ in range(RECOVERY_CODES)]


def digest(secret: str) -> str:
    """What is kept of a token."""
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()


def recovery_digest(code: str) -> str:
    """What is kept of a recovery code, however it was written."""
    return digest("".join(code.split()).replace("-", "").lower())


def _recovery_code() -> str:
    code = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(code[i : i + GROUP] for i in range(0, len(code), GROUP))
