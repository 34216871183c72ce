"""Tokens on the wire: JWTs (RFC 7519, 8725) with one algorithm, issuer, audience and key ids.

The key id is derived from the secret, so a rotated key needs no other name: sign with
SECRET_KEY, verify with whichever of SECRET_KEY and SECRET_KEY_FALLBACKS the token names.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from math import inf
from typing import Any, Literal

import jwt
from flask_jwt_extended import create_access_token, create_refresh_token

from customers_api.core import clock
from customers_api.core.errors import Unauthenticated
from customers_api.core.tokens.model import Token
from customers_api.extensions import settings

# What reading a claim of a strange kind ends in.
BROKEN = (KeyError, ArithmeticError, ValueError, TypeError, RecursionError)
# Decoders pass over padding and whatever else is not base64url: one token would have many texts.
TEXT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
# What is looked for in the database is of this form, whoever signed it.
ID = re.compile(r"[0-9a-f]{32}")
REQUIRED = ("aud", "iat", "iss", "jti", "nbf", "sid", "sub", "type")
Kind = Literal["access", "refresh"]


class TokenMissing(Unauthenticated):
    """This call needs a bearer token: Authorization: Bearer <token>"""

    code = "token-missing"


class TokenInvalid(Unauthenticated):
    """The token is not one that this server signed for this API; log in or ask for a new one."""

    code = "token-invalid"


class TokenExpired(Unauthenticated):
    """The token has expired; refresh it, log in again or ask for a new one."""

    code = "token-expired"


@dataclass(frozen=True, slots=True)
class Keys:
    """The key that signs, and all that verify, by key id."""

    current: str
    verifying: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token that verifies says: the `jti` of its row, its own, its end, and who holds it."""

    row: str
    jti: str
    expires_at: datetime | None
    subject: str


def signed(token: Token, kind: Kind, *, jti: str, expires_at: datetime | None) -> str:
    """The JWT of a row in `tokens`; the same arguments give the same text."""
    create = create_access_token if kind == "access" else create_refresh_token
    issued_at = token.created_at if token.kind == "service" else clock.now()
    claims = {"jti": jti, "sid": token.jti, "iat": issued_at, "nbf": issued_at}
    signed: str = create(
        identity=f"{token.kind}:{token.id}",
        expires_delta=False,
        additional_claims=claims | ({"exp": expires_at} if expires_at else {}),
        additional_headers={"kid": _keys().current},
    )
    return signed


def verified(text: str, kind: Kind) -> Claims:
    """What a token says, its signature, key, issuer, audience, times and kind checked.

    Raises TokenInvalid or TokenExpired. Whether it was revoked is asked elsewhere.
    """
    claims = checked(text, kind, audience=settings()["JWT_AUDIENCE"], required=REQUIRED)
    if claims.expires_at is None and not claims.subject.startswith("service:"):
        raise TokenInvalid
    return claims


def checked(text: str, kind: Kind, *, audience: str, required: Sequence[str]) -> Claims:
    """What a token for this audience says, with the claims it must have.

    Raises TokenInvalid or TokenExpired.
    """
    try:
        claims = _decoded(text, audience, required)
        # The leeway is for a beginning in the future; an end is an end.
        if "exp" in claims and claims["exp"] <= clock.now().timestamp():
            raise TokenExpired
        ids = claims["sid"], claims["jti"]
        if claims["type"] != kind or not all(ID.fullmatch(each) for each in ids):
            raise TokenInvalid
        expires_at = datetime.fromtimestamp(claims["exp"], UTC) if "exp" in claims else None
        return Claims(*ids, expires_at, claims["sub"])
    except jwt.ExpiredSignatureError as error:
        raise TokenExpired from error
    except (jwt.PyJWTError, *BROKEN) as error:
        raise TokenInvalid from error


def signed_until(text: str, keys: Keys, algorithm: str) -> float | None:
    """When a token of any kind ends that one of these keys signed; None where none of them did.

    For whoever may not ask the database, nor be held up: what it is good for is asked elsewhere.
    """
    if not TEXT.fullmatch(text):
        return None
    try:
        key = keys.verifying[jwt.get_unverified_header(text)["kid"]]
        # Whose it is and from when on, `checked` asks.
        whole = {f"verify_{claim}": False for claim in ("aud", "exp", "iat", "iss", "nbf", "sub")}
        claims = jwt.decode(text, key, algorithms=[algorithm], options=whole)  # type: ignore[arg-type]
        return float(claims.get("exp", inf))
    except (jwt.PyJWTError, *BROKEN):
        return None


def _decoded(text: str, audience: str, required: Sequence[str]) -> Mapping[str, Any]:
    if not TEXT.fullmatch(text):
        raise TokenInvalid
    return jwt.decode(
        text,
        _keys().verifying[jwt.get_unverified_header(text)["kid"]],
        algorithms=settings()["JWT_DECODE_ALGORITHMS"],
        audience=audience,
        issuer=settings()["JWT_ISSUER"],
        leeway=settings()["JWT_DECODE_LEEWAY"],
        options={"require": [*required]},
    )


@lru_cache(maxsize=8)
def keys_of(secret: str, fallbacks: tuple[str, ...]) -> Keys:
    """The keys of these secrets, each of at least 32 bytes."""
    return Keys(_key_id(secret), {_key_id(each): each for each in (secret, *fallbacks)})


def _keys() -> Keys:
    return keys_of(settings()["SECRET_KEY"], settings()["SECRET_KEY_FALLBACKS"])


def _key_id(secret: str) -> str:
    return sha256(b"key id:" + secret.encode()).hexdigest()[:16]
