"""Digests that nobody can try texts against who does not know SECRET_KEY."""

import hmac

from customers_api.extensions import settings


def digests(text: bytes) -> list[bytes]:
    """What tells a text from others, by the present secret and then by earlier ones."""
    secrets = (settings()["SECRET_KEY"], *settings()["SECRET_KEY_FALLBACKS"])
    return [hmac.digest(secret.encode(), text, "sha256") for secret in secrets]
