"""Whether a token is one of ours, as far as that can be told before a request is there: by its key.

What a made-up token would let its sender leave in memory, no database need be asked to refuse.
"""

import time

from customers_api.core.tokens.signing import Keys, signed_until

MOST_KNOWN = 10_000
# Longer than any of ours; nothing is computed of it.
LONGEST = 2048
BEARER = b"bearer "


class Signatures:
    """The tokens that were found to be signed by us, so that each is looked at once."""

    def __init__(self, keys: Keys, algorithm: str) -> None:
        self._keys = keys
        self._algorithm = algorithm
        # By what Authorization said. None that is made up, or they would push out all others.
        self._until: dict[bytes, float] = {}

    def know(self, authorization: bytes) -> bool:
        """Whether this Authorization header has a token that we have signed and that is not over.

        It may be revoked, or be one of another kind than is asked for.
        """
        until = self._until.get(authorization)
        if until is None:
            until = self._look_at(authorization)
        return until is not None and until > time.time()

    def _look_at(self, authorization: bytes) -> float | None:
        if len(authorization) > LONGEST or not authorization.lower().startswith(BEARER):
            return None
        token = authorization[len(BEARER) :].strip().decode("latin-1")
        until = signed_until(token, self._keys, self._algorithm)
        if until is not None:
            if len(self._until) >= MOST_KNOWN:
                self._until.clear()
            self._until[authorization] = until
        return until
