"""Reads of tokens."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from sqlalchemy import Table, and_, bindparam, func, or_, select, union_all

from customers_api.core import clock, database
from customers_api.core.actor import Actor, Role
from customers_api.core.errors import NotFound, Unauthenticated
from customers_api.core.operators.model import Operator
from customers_api.core.statements import Prepared
from customers_api.core.tokens.model import Token

TOKENS = cast(Table, Token.__table__).c
OPERATORS = cast(Table, Operator.__table__).c


class TokenNotFound(NotFound):
    """Token not found"""

    code = "token-not-found"


class TokenRevoked(Unauthenticated):
    """The token has been revoked; log in again or ask for a new one."""

    code = "token-revoked"


# A session is good while its operator is enabled and has not been signed out since it began.
SESSION_IS_GOOD = and_(
    OPERATORS.disabled_at.is_(None),
    or_(OPERATORS.signed_out_at.is_(None), OPERATORS.signed_out_at < TOKENS.created_at),
)
_ACTOR = (
    select(
        TOKENS.id,
        TOKENS.operator_id,
        func.coalesce(OPERATORS.username, TOKENS.name).label("name"),
        func.coalesce(OPERATORS.role, TOKENS.role).label("role"),
    )
    .select_from(Token)
    .outerjoin(Operator, OPERATORS.id == TOKENS.operator_id)
    .where(
        TOKENS.jti == bindparam("wanted"),
        TOKENS.revoked_at.is_(None),
        or_(
            TOKENS.expires_at.is_(None),
            TOKENS.expires_at > bindparam("now", type_=TOKENS.expires_at.type),
        ),
        or_(TOKENS.operator_id.is_(None), SESSION_IS_GOOD),
    )
)
_SINCE = bindparam("since", type_=TOKENS.revoked_at.type)
_CHANGED = union_all(
    select(TOKENS.id).where(TOKENS.revoked_at >= _SINCE),
    select(TOKENS.id).join_from(Token, Operator).where(OPERATORS.updated_at >= _SINCE),
)

_WITH_JTI, _CHANGED_SINCE = Prepared(_ACTOR), Prepared(_CHANGED)


def actor(jti: str) -> Actor:
    """Who holds the token of the row with this `jti`; raises TokenRevoked when it is not good."""
    row = database.first(_WITH_JTI, {"wanted": jti, "now": clock.now()})
    if row is None:
        raise TokenRevoked
    return Actor(
        kind="operator" if row.operator_id else "service",
        name=row.name,
        role=Role(row.role),
        token_id=row.id,
        operator_id=row.operator_id,
    )


def changed_since(moment: datetime) -> frozenset[int]:
    """The rows that were revoked, or whose operator was changed, at `moment` or later."""
    return frozenset(row.id for row in database.rows(_CHANGED_SINCE, {"since": moment}))


def by_jti(jti: str) -> Token:
    """The token whose row has this `jti`; raises TokenNotFound."""
    found = database.records(select(Token).where(Token.jti == jti))
    if not found:
        raise TokenNotFound
    return found[0]


def get(id: int, *, lock: bool = False) -> Token:
    """The token with this id, kept from other writers if so wished; raises TokenNotFound."""
    token = database.record(Token, id, lock=lock)
    if token is None:
        raise TokenNotFound
    return token


def services() -> Sequence[Token]:
    """All service tokens, revoked and expired ones too, by id."""
    return database.records(select(Token).where(Token.kind == "service").order_by(Token.id))
