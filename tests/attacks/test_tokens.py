"""Every way to forge or misuse a token, against operators' routes and against customers': 401."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.attacks.conftest import customers, sessions
from tests.contracts.auth.forgery import ABSENT, encoded, forged, part
from tests.contracts.auth.sessions import refusal
from tests.support.api import Api
from tests.support.gunicorn import ASKED, GRANIAN

HOUR = 3600
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
PUBLIC = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
STRANGER = "a key of somebody else, but as long as ours"


@dataclass(frozen=True)
class Door:
    """Whom a token lets in, and a good one: its twin in every test differs in one thing."""

    api: Api
    path: str
    token: str
    refresh: str

    @property
    def secret(self) -> str:
        """What the server signs with."""
        return str(self.api.app.config["SECRET_KEY"])

    def tried(self, token: str) -> str:
        """The code of the refusal of this token."""
        return refusal(self.api.with_token(token).get(self.path))

    def changed(self, **claims: Any) -> str:
        """The token with some claims changed, by somebody who has the key."""
        return forged(self.token, self.secret, claims=claims)

    def headed(self, secret: str | None = None, **header: Any) -> str:
        """The token with another header, signed with the right key or with this one."""
        return forged(self.token, self.secret if secret is None else secret, header=header)

    def signed(self, key: Any, algorithm: str, **header: Any) -> str:
        """The same claims, signed by another algorithm with another key."""
        given = {"kid": part(self.token, 0)["kid"], **header}
        return jwt.encode(part(self.token, 1), key, algorithm, headers=given)

    def parts(self, **replaced: str) -> str:
        """The token with its header, claims or signature replaced as they are."""
        names = ("header", "claims", "signature")
        known = dict(zip(names, self.token.split("."), strict=True))
        return ".".join((known | replaced)[name] for name in names)

    def unsigned(self, algorithm: str) -> str:
        """The token without a signature, by an algorithm that needs none."""
        return self.headed("", alg=algorithm).rpartition(".")[0] + "."


@pytest.fixture(params=["operators", "customers"])
def door(
    request: pytest.FixtureRequest, operator: sessions.Session, customer: customers.Session
) -> Door:
    """Each kind of token at its own door, where it is good, and known to be."""
    who = operator if request.param == "operators" else customer
    path = "/api/auth/me" if who is operator else "/api/me"
    return Door(who.api, path, who.access, who.refresh)


JWK = {"kty": "oct", "k": encoded(STRANGER.encode()), "kid": "x", "alg": "HS256"}
# What becomes of a good token; each is refused, whether or not its good twin was just let in.
FORGERIES: dict[str, Callable[[Door], str]] = {
    # No signature at all (RFC 8725, 2.1).
    "alg none": lambda door: door.unsigned("none"),
    "alg None": lambda door: door.unsigned("None"),
    "alg nOnE": lambda door: door.unsigned("nOnE"),
    "alg none, signed": lambda door: door.headed(alg="none"),
    "alg empty": lambda door: door.unsigned(""),
    "alg null": lambda door: door.headed(alg=None),
    "alg a list": lambda door: door.headed(alg=["HS256"]),
    "alg an object": lambda door: door.headed(alg={"HS256": 1}),
    "no alg": lambda door: door.headed(alg=ABSENT),
    "alg hs256": lambda door: door.headed(alg="hs256"),
    "no signature": lambda door: door.parts(signature=""),
    # Other algorithms and keys.
    "RS256, attacker's key": lambda door: door.signed(RSA, "RS256"),
    "PS256, attacker's key": lambda door: door.signed(RSA, "PS256"),
    "ES256, attacker's key": lambda door: door.signed(EC, "ES256"),
    "RS256 named, HMAC by the public key": lambda door: door.headed(PUBLIC, alg="RS256"),
    "HS256 by the attacker's public key": lambda door: door.headed(PUBLIC),
    "RS256 named, HMAC by our key": lambda door: door.headed(alg="RS256"),
    "ES256 named, HMAC by our key": lambda door: door.headed(alg="ES256"),
    "HS256 by the empty key": lambda door: door.headed(""),
    "HS256 by the key id": lambda door: door.headed(str(part(door.token, 0)["kid"])),
    "HS256 by a stranger": lambda door: door.headed(STRANGER),
    "HS384 by our key": lambda door: forged(
        door.token, door.secret, digest="sha384", header={"alg": "HS384"}
    ),
    "HS512 by our key": lambda door: forged(
        door.token, door.secret, digest="sha512", header={"alg": "HS512"}
    ),
    # Headers that would have the server look for its key elsewhere (RFC 8725, 3.10).
    "no kid": lambda door: door.headed(kid=ABSENT),
    "kid of another key": lambda door: door.headed(kid="0" * 16),
    "kid a file": lambda door: door.headed("", kid="../../../../dev/null"),
    "kid SQL": lambda door: door.headed("x", kid="' UNION SELECT 'x' --"),
    "kid a command": lambda door: door.headed(kid="|id"),
    "kid an address": lambda door: door.headed(kid="http://127.0.0.1:1/key"),
    "kid with NUL": lambda door: door.headed(kid=f"{part(door.token, 0)['kid']}\0"),
    "kid a number": lambda door: door.headed(kid=0),
    "kid null": lambda door: door.headed(kid=None),
    "kid a list": lambda door: door.headed(kid=[part(door.token, 0)["kid"]]),
    "kid an object": lambda door: door.headed(kid={}),
    "kid very long": lambda door: door.headed(kid="0" * 5000),
    "jwk of a stranger": lambda door: door.headed(STRANGER, jwk=JWK, kid="x"),
    "jwk of a stranger, our kid": lambda door: door.headed(STRANGER, jwk=JWK),
    "jku of a stranger": lambda door: door.headed(STRANGER, jku="http://127.0.0.1:1/jwks"),
    "x5u of a stranger": lambda door: door.headed(STRANGER, x5u="http://127.0.0.1:1/cert"),
    "x5c of a stranger": lambda door: door.signed(RSA, "RS256", x5c=["MIIB"]),
    "crit that nobody knows": lambda door: door.headed(crit=["exp2"], exp2=1),
    "crit empty": lambda door: door.headed(crit=[]),
    "b64 false": lambda door: door.headed(b64=False, crit=["b64"]),
    # Times.
    "expired": lambda door: door.changed(exp=int(time.time()) - 1),
    "expired long ago": lambda door: door.changed(exp=0),
    "expired before time began": lambda door: door.changed(exp=-(10**12)),
    "not valid yet": lambda door: door.changed(nbf=int(time.time()) + HOUR),
    "issued in the future": lambda door: door.changed(iat=int(time.time()) + HOUR),
    # For somebody else, from somebody else.
    "other audience": lambda door: door.changed(aud="customers-web"),
    "audience of others": lambda door: door.changed(aud=["a", "b"]),
    "audience a prefix": lambda door: door.changed(aud="customers"),
    "audience empty": lambda door: door.changed(aud=""),
    "audience an empty list": lambda door: door.changed(aud=[]),
    "other issuer": lambda door: door.changed(iss="somebody"),
    "issuer a list": lambda door: door.changed(iss=["customers-api"]),
    "of refresh type": lambda door: door.changed(type="refresh"),
    "of no known type": lambda door: door.changed(type="Access"),
    "the refresh token": lambda door: door.refresh,
    # Claims left out, whoever signed.
    "no iss": lambda door: door.changed(iss=ABSENT),
    "no aud": lambda door: door.changed(aud=ABSENT),
    "no sub": lambda door: door.changed(sub=ABSENT),
    "no sid": lambda door: door.changed(sid=ABSENT),
    "no jti": lambda door: door.changed(jti=ABSENT),
    "no iat": lambda door: door.changed(iat=ABSENT),
    "no nbf": lambda door: door.changed(nbf=ABSENT),
    "no type": lambda door: door.changed(type=ABSENT),
    "no exp": lambda door: door.changed(exp=ABSENT),
    # Claims of a strange kind.
    "jti a number": lambda door: door.changed(jti=7),
    "jti a list": lambda door: door.changed(jti=["x"]),
    "jti an object": lambda door: door.changed(jti={"a": 1}),
    "jti null": lambda door: door.changed(jti=None),
    "sub a number": lambda door: door.changed(sub=7),
    "sub null": lambda door: door.changed(sub=None),
    "sid a number": lambda door: door.changed(sid=1),
    "sid a list": lambda door: door.changed(sid=[part(door.token, 1)["sid"]]),
    "sid with NUL": lambda door: door.changed(sid="\0"),
    "sid half a surrogate": lambda door: door.changed(sid="\ud800"),
    "sid SQL": lambda door: door.changed(sid="' OR 1=1 --"),
    "sid of another row": lambda door: door.changed(sid="0" * 32),
    "type a list": lambda door: door.changed(type=["access"]),
    "exp text": lambda door: door.changed(exp="never"),
    "exp a number in text": lambda door: door.changed(exp=str(int(time.time()) + HOUR)),
    "exp NaN": lambda door: door.changed(exp=math.nan),
    "exp infinite": lambda door: door.changed(exp=math.inf),
    "exp huge": lambda door: door.changed(exp=10**400),
    "exp true": lambda door: door.changed(exp=True),
    "exp null": lambda door: door.changed(exp=None),
    "exp a list": lambda door: door.changed(exp=[int(time.time()) + HOUR]),
    "nbf text": lambda door: door.changed(nbf="now"),
    "nbf infinite": lambda door: door.changed(nbf=math.inf),
    "nbf null": lambda door: door.changed(nbf=None),
    "iat NaN": lambda door: door.changed(iat=math.nan),
    "iat an object": lambda door: door.changed(iat={}),
    "claims a list": lambda door: door.parts(claims=encoded(b"[]")),
    "claims null": lambda door: door.parts(claims=encoded(b"null")),
    "claims no JSON": lambda door: door.parts(claims=encoded(b"{")),
    "claims no UTF-8": lambda door: door.parts(claims=encoded(b"\xff\xfe")),
    # The text, tampered with.
    "role raised": lambda door: forged(door.token, STRANGER, claims={"role": "admin"}),
    "other subject": lambda door: door.parts(claims=_part(door, sub="operator:1")),
    "other session": lambda door: door.parts(claims=_part(door, sid="0" * 32)),
    "longer life": lambda door: door.parts(claims=_part(door, exp=4_102_444_800)),
    "signature of its twin": lambda door: door.parts(signature=door.refresh.split(".")[2]),
    "signature changed": lambda door: door.parts(signature=door.token[-43:].swapcase()),
    "signature of zeros": lambda door: door.parts(signature=encoded(bytes(32))),
    "signature cut short": lambda door: door.token[:-4],
    "signature longer": lambda door: door.token + "AAAA",
    "signature's first byte only": lambda door: door.token[:-41],
    "header only": lambda door: door.token.split(".")[0],
    "two segments": lambda door: door.token.rpartition(".")[0],
    "four segments": lambda door: f"{door.token}.{door.token[-43:]}",
    "five segments, as encrypted": lambda door: f"{door.token}.a.b",
    "empty segments": lambda door: "..",
    "a segment in front": lambda door: f".{door.token}",
    "padded": lambda door: door.token + "=",
    "padded a lot": lambda door: door.token + "=" * 5000,
    "what decoders pass over": lambda door: door.parts(signature="!" + door.token[-43:]),
    "white space within": lambda door: door.token.replace(".", ". ", 1),
    "a tab within": lambda door: door.token.replace(".", ".\t", 1),
    "two tokens": lambda door: f"{door.token} {door.token}",
    "two headers, joined": lambda door: f"{door.token},Bearer {door.token}",
    "in quotes": lambda door: f'"{door.token}"',
    "standard base64": lambda door: door.parts(signature="+/" + door.token[-41:]),
    "letters of other scripts": lambda door: door.token[:-1] + "\u00e9",
}


def _part(door: Door, **claims: Any) -> str:
    return encoded(json.dumps(part(door.token, 1) | claims).encode())


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_or_misused_token_is_refused(door: Door, forge: Callable[[Door], str]) -> None:
    codes = ["token-invalid", "token-expired", "token-revoked"]
    if ASKED == GRANIAN:
        # It hands on no header that has letters beyond ASCII.
        codes.append("token-missing")
    assert door.tried(forge(door)) in codes
    # The twin that it was made of is as good as before.
    assert door.api.get(door.path).status_code == 200


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_clocks_may_differ_by_a_minute(door: Door, claim: str) -> None:
    early = door.changed(**{claim: int(time.time()) + 50})
    assert door.api.with_token(early).get(door.path).status_code == 200
    assert door.tried(door.changed(**{claim: int(time.time()) + 70})) == "token-invalid"


def test_a_token_ends_when_it_says_whatever_the_clocks(door: Door) -> None:
    assert door.tried(door.changed(exp=int(time.time()) - 1)) == "token-expired"
