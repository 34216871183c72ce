"""Customers' tokens on the wire: as operators', but for an audience of their own.

That audience is all that a customer's token is good for, and no other token has it.
"""

from datetime import datetime

import jwt

from customers_api.core import clock
from customers_api.core.tokens.signing import (
    REQUIRED,
    Claims,
    Keys,
    Kind,
    checked,
    keys_of,
)
from customers_api.extensions import settings


def signed(kind: Kind, *, customer_id: str, session: str, jti: str, expires_at: datetime) -> str:
    """The JWT of the customer's session with this `jti`."""
    now, keys = clock.now(), _keys()
    claims = {
        "iss": settings()["JWT_ISSUER"],
        "aud": settings()["JWT_CUSTOMER_AUDIENCE"],
        "sub": customer_id,
        "sid": session,
        "jti": jti,
        "type": kind,
        "iat": now,
        "nbf": now,
        "exp": expires_at,
    }
    algorithm = settings()["JWT_ALGORITHM"]
    return jwt.encode(
        claims, keys.verifying[keys.current], algorithm, headers={"kid": keys.current}
    )


def verified(text: str, kind: Kind) -> Claims:
    """What a customer's token says, its signature, key, issuer, audience, times and kind checked.

    Raises TokenInvalid or TokenExpired. Whether its session is over is asked elsewhere.
    """
    audience = settings()["JWT_CUSTOMER_AUDIENCE"]
    return checked(text, kind, audience=audience, required=(*REQUIRED, "exp"))


def _keys() -> Keys:
    return keys_of(settings()["SECRET_KEY"], settings()["SECRET_KEY_FALLBACKS"])
