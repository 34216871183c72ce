"""Writes to tokens: service tokens, and the sessions of operators."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import exists, select, update

from customers_api.core import clock, database, text
from customers_api.core.actor import Actor, Role
from customers_api.core.attempts import service as attempts
from customers_api.core.errors import Invalid, Problem
from customers_api.core.events import changes as changing
from customers_api.core.events import service as events
from customers_api.core.events.kinds import Kind
from customers_api.core.events.service import Entry
from customers_api.core.operators.model import Operator
from customers_api.core.operators.service import Authenticated, WrongPassword
from customers_api.core.statements import AnyRow
from customers_api.core.tokens import queries, signing
from customers_api.core.tokens.model import Token
from customers_api.core.tokens.queries import SESSION_IS_GOOD, TokenNotFound
from customers_api.extensions import settings

LONGEST_NAME = 100
MOST_DAYS = 36_500
# A session's row as it is returned when changed: its id, and whose it is.
_OPERATOR = Operator.id == Token.operator_id
_OWNED = (
    Token.id,
    Token.operator_id,
    select(Operator.username).where(_OPERATOR).scalar_subquery().label("username"),
    select(Operator.role).where(_OPERATOR).scalar_subquery().label("role"),
)


@dataclass(frozen=True, slots=True)
class Session:
    """What an operator gets who logs in or refreshes; `expires_in` is in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"


def create(fields: Mapping[str, Any]) -> Token:
    """Make a service token of `name`, `role` and, if it is to expire, `days`; raises Invalid.

    `service_jwt` gives the text that its holder sends.
    """
    problems = [*review(fields)]
    if problems:
        raise Invalid(problems)
    now = clock.now()
    days = fields.get("days")
    token = Token(
        kind="service",
        jti=uuid4().hex,
        name=fields["name"],
        role=Role(fields["role"]).value,
        created_at=now,
        expires_at=now + timedelta(days=days) if days else None,
    )
    database.session().add(token)
    database.session().flush()
    said = {"name": token.name, "role": token.role, "expires_at": token.expires_at}
    events.record(Kind.TOKEN_CREATED, [Entry(token.id, changing.given(said))])
    return token


def review(fields: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything wrong with a service token's fields."""
    name, days = fields.get("name"), fields.get("days")
    if name is not None and (complaint := text.filled_line(name, most=LONGEST_NAME)):
        yield Problem(("name",), complaint)
    if days is not None and not 1 <= days <= MOST_DAYS:
        yield Problem(("days",), f"Must be from 1 to {MOST_DAYS}")


def service_jwt(token: Token) -> str:
    """The text of a service token; whoever has it may call the API."""
    return signing.signed(token, "access", jti=token.jti, expires_at=token.expires_at)


def revoke(id: int) -> None:
    """Revoke a token, for good; raises TokenNotFound. Revoking it twice changes nothing."""
    token = queries.get(id, lock=True)
    if token.revoked_at is not None:
        return
    token.revoked_at = clock.now()
    database.session().flush()
    kind = Kind.TOKEN_REVOKED if token.kind == "service" else Kind.SESSION_REVOKED
    events.record(kind, [_revocation(id, token.revoked_at)])


def revoke_named(name: str) -> int:
    """Revoke all service tokens of this name; returns how many, raises TokenNotFound if none."""
    good = Token.name == name, Token.kind == "service", Token.revoked_at.is_(None)
    now = clock.now()
    statement = update(Token).where(*good).values(revoked_at=now).returning(Token.id)
    revoked = [_revocation(row.id, now) for row in database.write(statement)]
    if not revoked:
        raise TokenNotFound
    events.record(Kind.TOKEN_REVOKED, revoked)
    return len(revoked)


def open_session(who: Authenticated) -> Session:
    """Begin a session of an operator who has just been authenticated.

    Raises WrongPassword when the password was changed, or the operator disabled, meanwhile.
    """
    now = clock.now()
    unchanged = (
        Operator.id == who.operator_id,
        Operator.signed_out_at.is_not_distinct_from(who.signed_out_at),
        Operator.disabled_at.is_(None),
    )
    values = {"last_login_at": now, "password_hash": who.password_hash}
    seen = update(Operator).where(*unchanged).values(values)
    operator = database.write(seen.returning(Operator.username, Operator.role)).first()
    if operator is None:
        raise WrongPassword
    attempts.succeed(who.attempt, operator_id=who.operator_id)
    token = Token(
        kind="session",
        jti=uuid4().hex,
        refresh_jti=uuid4().hex,
        operator_id=who.operator_id,
        created_at=now,
        expires_at=now + settings()["REFRESH_TOKEN_LIFETIME"],
    )
    database.session().add(token)
    database.session().flush()
    said = {"operator_id": who.operator_id, "expires_at": token.expires_at}
    opened = [Entry(token.id, changing.given(said))]
    events.record(Kind.SESSION_OPENED, opened, by=_holder(token.id, who.operator_id, operator))
    return _session(token, now)


def refresh(refresh_token: str) -> Session | None:
    """A session's next pair of tokens, or None when the refresh token was used before.

    In that case somebody has a copy of it, so the session is revoked (RFC 9700, 4.14.2). None
    is returned rather than raised, because an error would take the revocation back.
    """
    claims = signing.verified(refresh_token, "refresh")
    now = clock.now()
    session = Token.jti == claims.row
    values = {"refresh_jti": uuid4().hex, "expires_at": now + settings()["REFRESH_TOKEN_LIFETIME"]}
    unused = Token.refresh_jti == claims.jti, Token.revoked_at.is_(None), Token.expires_at > now
    good = exists(select(Operator.id).where(Operator.id == Token.operator_id, SESSION_IS_GOOD))
    statement = update(Token).where(session, *unused, good).values(values)
    row = database.write(statement.returning(*_OWNED)).first()
    if row is None:
        unrevoked = update(Token).where(session, Token.revoked_at.is_(None)).values(revoked_at=now)
        if row := database.write(unrevoked.returning(*_OWNED)).first():
            events.record(Kind.SESSION_REPLAYED, [_revocation(row.id, now)])
        return None
    renewed = [Entry(row.id, [changing.secret("refresh_token")])]
    holder = _holder(row.id, row.operator_id, row)
    events.record(Kind.SESSION_REFRESHED, renewed, by=holder)
    return _session(queries.by_jti(claims.row), now)


def _revocation(id: int, now: datetime) -> Entry:
    return Entry(id, changing.given({"revoked_at": now}))


def _holder(token_id: int, operator_id: int, operator: AnyRow) -> Actor:
    """The operator whose session this is, told by a row with the username and the role."""
    role = Role(operator.role)
    return Actor("operator", operator.username, role, token_id=token_id, operator_id=operator_id)


def _session(token: Token, now: datetime) -> Session:
    lifetime: timedelta = settings()["ACCESS_TOKEN_LIFETIME"]
    refresh_jti = str(token.refresh_jti)
    return Session(
        access_token=signing.signed(token, "access", jti=uuid4().hex, expires_at=now + lifetime),
        refresh_token=signing.signed(
            token, "refresh", jti=refresh_jti, expires_at=token.expires_at
        ),
        expires_in=int(lifetime.total_seconds()),
    )
