"""From a request's bearer token (RFC 6750) to the actor behind it, and what that actor may do."""

import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from customers_api.core import clock
from customers_api.core.actor import CUSTOMER, Actor, Needs
from customers_api.core.errors import Denied, Unavailable
from customers_api.core.sign_in import sessions
from customers_api.core.tokens import queries as tokens
from customers_api.core.tokens import signing
from customers_api.core.tokens.signing import TokenMissing
from customers_api.extensions import application
from customers_api.web import at_hand, limits
from customers_api.web.present import here

EXTENSION = "customers-api-access"
# A token is asked of the database again after this long, whatever the revocation check says.
LONGEST_TRUST_SECONDS = 60.0
# Servers' clocks may differ by this much before a revocation could be overlooked.
CLOCK_MARGIN = timedelta(seconds=60)
MOST_KNOWN = 10_000
LONGEST_WAIT_SECONDS = 0.5
# A revocation is heeded after this long, or nobody is let in.
LONGEST_LAG_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Known:
    """A token that was verified, whose it is, and until when (monotonic seconds) that is sure."""

    actor: Actor
    until: float
    expires_at: datetime | None


class Tokens:
    """The verified tokens of this process: most requests ask neither PyJWT nor the database.

    Every `check_seconds` one query drops those that were revoked meanwhile, by whichever process.
    """

    def __init__(self, check_seconds: float) -> None:
        self._check_seconds = check_seconds
        self._known: dict[str, Known] = {}
        self._next_check = 0.0
        self._checking = threading.Lock()
        self._failures = 0
        self._asked_until = clock.now()
        self._checked_at = 0.0

    def actor(self, token: str) -> Actor:
        """Whose token this is; raises an Unauthenticated that says what is wrong with it."""
        self._forget_revoked()
        known = self._known.get(token)
        if known and known.until > time.monotonic() and not _is_over(known.expires_at):
            return known.actor
        return self._verify(token)

    def _verify(self, token: str) -> Actor:
        # Sampled first: what is revoked while the row is read must not be trusted for longer.
        now = time.monotonic()
        claims = signing.verified(token, "access")
        actor = tokens.actor(claims.row)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[token] = Known(actor, now + LONGEST_TRUST_SECONDS, claims.expires_at)
        return actor

    def _forget_revoked(self) -> None:
        now = time.monotonic()
        if now < self._next_check or not self._known:
            return
        # Whoever is first asks for all; the others wait, but not for a database that is away.
        failures = self._failures
        if not self._checking.acquire(timeout=LONGEST_WAIT_SECONDS):
            if now - self._checked_at > LONGEST_LAG_SECONDS:
                raise Unavailable
            return
        try:
            # What just failed for another need not fail for each who waited for it in turn.
            if self._failures != failures:
                raise Unavailable
            if now >= self._next_check:
                self._check(now)
        finally:
            self._checking.release()

    def _check(self, now: float) -> None:
        # Since the last time, and not for so long until now: a machine that slept finds its clock
        # far ahead.
        moment = clock.now()
        try:
            changed = tokens.changed_since(min(self._asked_until, moment) - CLOCK_MARGIN)
        except Unavailable:
            self._failures += 1
            raise
        self._asked_until = moment
        for token, known in [*self._known.items()]:
            if known.actor.token_id in changed:
                self._known.pop(token, None)
        self._checked_at = now
        self._next_check = now + self._check_seconds


def bearer(role: Needs) -> Actor:
    """The actor of this request; raises Unauthenticated, or Denied when `role` is beyond it."""
    return holder(bearer_token(), role)


def holder(token: str, role: Needs) -> Actor:
    """Whose token this is; raises Unauthenticated, or Denied when `role` is beyond it."""
    known: Tokens = application().extensions[EXTENSION]
    actor = known.actor(token)
    _recognize(actor)
    if not actor.may(role):
        raise Denied(f"This call needs the role {role}; the token's role is {actor.role}.")
    return actor


def customer(role: Needs) -> Actor:
    """The customer who calls; raises Unauthenticated.

    Asked of the database each time: customers may be very many, and their calls few.
    """
    if role != CUSTOMER:
        raise LookupError(f"no customer has the role {role}")
    actor = sessions.actor(bearer_token())
    _recognize(actor)
    return actor


def _recognize(actor: Actor) -> None:
    """Have it told who calls, also where that is all that comes of it; raises TooManyRequests."""
    if here.request is not None:
        here.request.actor = actor
    limits.count_actor(actor)


def bearer_token() -> str:
    """The token of the Authorization header; raises TokenMissing."""
    given: str = at_hand.request().environ.get("HTTP_AUTHORIZATION", "")
    scheme, _, token = given.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenMissing
    return token.strip()


def _is_over(expires_at: datetime | None) -> bool:
    return expires_at is not None and expires_at <= clock.now()
