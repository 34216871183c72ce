"""Time-based one-time passwords (RFC 6238): six digits, thirty seconds, one step of drift."""

import hmac

import pyotp

from customers_api.core import clock

STEP_SECONDS = 30
DRIFT = 1


def secret() -> str:
    """A new secret of 160 bits in base32, as authenticators take it."""
    return pyotp.random_base32()


def uri(secret: str, *, account: str, issuer: str) -> str:
    """The otpauth address that a QR code shows to an authenticator."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def step(secret: str, code: str) -> int | None:
    """The time step that this code belongs to, or None when it belongs to none near now.

    Each step may be used once; remembering that is the caller's.
    """
    present = int(clock.now().timestamp()) // STEP_SECONDS
    generator = pyotp.TOTP(secret)
    given = code.encode(errors="surrogatepass")
    for near in range(present - DRIFT, present + DRIFT + 1):
        if hmac.compare_digest(generator.generate_otp(near).encode(), given):
            return near
    return None
