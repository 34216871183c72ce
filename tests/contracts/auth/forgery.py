"""JWTs made by hand, as RFC 7515 has them, so that each is wrong in exactly one way."""

import base64
import hmac
import json
from typing import Any

Json = dict[str, Any]
ABSENT = object()


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def part(token: str, place: int) -> Json:
    """The header (0) or the claims (1) of a token."""
    text = token.split(".")[place]
    return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))


def forged(
    token: str,
    secret: str,
    *,
    digest: str = "sha256",
    header: Json | None = None,
    claims: Json | None = None,
) -> str:
    """The token with some of its header and claims changed or ABSENT, and signed with `secret`."""
    parts = _changed(part(token, 0), header), _changed(part(token, 1), claims)
    signed = ".".join(encoded(json.dumps(each).encode()) for each in parts)
    signature = hmac.digest(secret.encode(), signed.encode(), digest)
    return f"{signed}.{encoded(signature)}"


def _changed(given: Json, changes: Json | None) -> Json:
    whole = given | (changes or {})
    return {name: value for name, value in whole.items() if value is not ABSENT}
