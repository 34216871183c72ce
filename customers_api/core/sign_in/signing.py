"""Customers' tokens on the wire: as operators', but for an audience of their own.

That audience is all that a customer's token is good for, and no other token has it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from customers_api.core import clock
from customers_api.core.tokens.signing import (
    BROKEN,
    Claims,
    Keys,
    Kind,
    TokenExpired,
    TokenInvalid,
    keys_of,
)
from customers_api.extensions import settings

LEEWAY = timedelta(seconds=60)
REQUIRED = ["aud", "exp", "iat", "iss", "jti", "nbf", "sid", "sub", "type"]


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
    try:
        claims = _decoded(text)
        if claims["type"] != kind:
            raise TokenInvalid
        # The leeway is for a beginning in the future; an end is an end.
        if claims["exp"] <= clock.now().timestamp():
            raise TokenExpired
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        return Claims(str(claims["sid"]), str(claims["jti"]), expires_at)
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired from error
    except (jwt.PyJWTError, *BROKEN) as error:
        raise TokenInvalid from error


def _decoded(text: str) -> Mapping[str, Any]:
    key = _keys().verifying[jwt.get_unverified_header(text)["kid"]]
    return jwt.decode(
        text,
        key,
        algorithms=[settings()["JWT_ALGORITHM"]],
        audience=settings()["JWT_CUSTOMER_AUDIENCE"],
        issuer=settings()["JWT_ISSUER"],
        leeway=LEEWAY,
        options={"require": REQUIRED},
    )


def _keys() -> Keys:
    return keys_of(settings()["SECRET_KEY"], settings()["SECRET_KEY_FALLBACKS"])
