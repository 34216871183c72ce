"""Customers' sessions: begun, refreshed, listed, ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import bindparam, delete, insert, select, update

from customers_api.core import clock, database
from customers_api.core.actor import Actor
from customers_api.core.customers.model import CUSTOMERS, Status
from customers_api.core.errors import NotFound
from customers_api.core.sign_in import signing
from customers_api.core.sign_in.credentials import customer_actor
from customers_api.core.sign_in.model import SESSIONS
from customers_api.core.statements import AnyRow
from customers_api.core.tokens.queries import TokenRevoked
from customers_api.core.types import LARGEST_ID
from customers_api.extensions import settings

C, S = CUSTOMERS.c, SESSIONS.c


class SessionNotFound(NotFound):
    """Session not found"""

    code = "session-not-found"


@dataclass(frozen=True, slots=True)
class Session:
    """What a customer gets who signs in or refreshes; `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    expires_at: datetime
    customer_id: str
    token_type: str = "Bearer"


# A session is good until it expires, and as long as its customer is there and active.
_GOOD = (
    select(S.id, C.id.label("owner"), C.customer_id)
    .join_from(SESSIONS, CUSTOMERS, C.id == S.customer_id)
    .where(
        S.jti == bindparam("wanted"),
        S.expires_at > bindparam("now", type_=S.expires_at.type),
        C.customer_status == Status.ACTIVE.value,
    )
)


def actor(token: str) -> Actor:
    """The customer whose access token this is; raises an Unauthenticated."""
    row = _good(signing.verified(token, "access").row)
    if row is None:
        raise TokenRevoked
    return customer_actor(row.owner, row.customer_id, row.id)


def begin(id: int, customer_id: str) -> Session:
    """Begin a session of a customer who has just been authenticated."""
    now, jti, refresh_jti = clock.now(), uuid4().hex, uuid4().hex
    expires_at = now + settings()["REFRESH_TOKEN_LIFETIME"]
    database.write(delete(SESSIONS).where(S.customer_id == id, S.expires_at <= now))
    fields = {
        "customer_id": id,
        "jti": jti,
        "refresh_jti": refresh_jti,
        "created_at": now,
        "refreshed_at": now,
        "expires_at": expires_at,
    }
    database.write(insert(SESSIONS).values(fields))
    return _session(customer_id, jti, refresh_jti, now)


def refresh(refresh_token: str) -> Session | None:
    """A session's next pair of tokens, or None when the refresh token was used before.

    In that case somebody has a copy of it, so the session is ended (RFC 9700, 4.14.2). None is
    returned rather than raised, because an error would take that back.
    """
    claims = signing.verified(refresh_token, "refresh")
    now, refresh_jti = clock.now(), uuid4().hex
    values = {
        "refresh_jti": refresh_jti,
        "refreshed_at": now,
        "expires_at": now + settings()["REFRESH_TOKEN_LIFETIME"],
    }
    row = _good(claims.row)
    unused = S.jti == claims.row, S.refresh_jti == claims.jti
    if row is None or not database.write(update(SESSIONS).where(*unused).values(values)).rowcount:
        database.write(delete(SESSIONS).where(S.jti == claims.row))
        return None
    return _session(row.customer_id, claims.row, refresh_jti, now)


def every(id: int) -> Sequence[AnyRow]:
    """A customer's sessions that are good, the latest first."""
    shown = select(S.id, S.created_at, S.refreshed_at, S.expires_at)
    good = S.customer_id == id, S.expires_at > clock.now()
    return database.rows(shown.where(*good).order_by(S.id.desc()))


def end(id: int, session_id: int) -> None:
    """End one of a customer's sessions; raises SessionNotFound."""
    if session_id > LARGEST_ID:
        raise SessionNotFound
    ended = delete(SESSIONS).where(S.customer_id == id, S.id == session_id)
    if database.write(ended).rowcount == 0:
        raise SessionNotFound


def end_all(id: int, *, but: int | None = None) -> None:
    """End all of a customer's sessions, or all but one."""
    ended = delete(SESSIONS).where(S.customer_id == id)
    database.write(ended if but is None else ended.where(S.id != but))


def _good(jti: str) -> AnyRow | None:
    return database.first(_GOOD, {"wanted": jti, "now": clock.now()})


def _session(customer_id: str, session: str, refresh_jti: str, now: datetime) -> Session:
    lifetime = settings()["CUSTOMER_ACCESS_TOKEN_LIFETIME"]
    end, last = now + lifetime, now + settings()["REFRESH_TOKEN_LIFETIME"]
    whose = {"customer_id": customer_id, "session": session}
    return Session(
        access_token=signing.signed("access", **whose, jti=uuid4().hex, expires_at=end),
        refresh_token=signing.signed("refresh", **whose, jti=refresh_jti, expires_at=last),
        expires_in=int(lifetime.total_seconds()),
        expires_at=end,
        customer_id=customer_id,
    )
