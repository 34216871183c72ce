"""A token that is signed as ours are, for servers that are asked nothing more about it."""

import time

import jwt

from config import Testing
from customers_api.core.tokens.signing import keys_of

SECRET = Testing({"DATABASE_URL": "sqlite:///unused.db"}).SECRET_KEY


def signed(secret: str = SECRET, *, lasts: float = 3600) -> str:
    """A token of nobody's, that ends so many seconds from now."""
    keys = keys_of(secret, ())
    claims = {"exp": int(time.time() + lasts)}
    return jwt.encode(claims, secret, "HS256", headers={"kid": keys.current})


def authorization(secret: str = SECRET) -> bytes:
    """What the Authorization header says with it."""
    return b"Bearer " + signed(secret).encode()
