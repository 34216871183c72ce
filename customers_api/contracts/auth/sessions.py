"""The routes of the auth contract."""

from collections.abc import Mapping
from typing import Any

from flask import g

from customers_api.contracts.auth.schemas import Actor, Credentials, LoggedOut, Refresh, Session
from customers_api.core import actor, database
from customers_api.core.actor import Role
from customers_api.core.errors import TooManyAttempts
from customers_api.core.operators import service as operators
from customers_api.core.operators.service import WrongPassword
from customers_api.core.tokens import service as tokens
from customers_api.core.tokens.queries import TokenRevoked
from customers_api.core.tokens.signing import TokenExpired, TokenInvalid, TokenMissing
from customers_api.web import addresses
from customers_api.web.access import bearer, bearer_token
from customers_api.web.contract import Contract

contract = Contract(
    "auth",
    prefix="/api/auth",
    about="Log in with a password, refresh, log out.",
    authenticate=bearer,
    statuses={},
)
SESSION = Session()


@contract.operation(
    "POST",
    "/login",
    role=None,
    body=Credentials(),
    answer=SESSION,
    errors=[WrongPassword, TooManyAttempts],
    atomic=False,
)
def login(body: Mapping[str, Any]) -> tokens.Session:
    """Begin a session."""
    # The password takes its time; no transaction waits for it.
    username, password = body["username"], body["password"]
    who = operators.authenticate(username, password, address=addresses.here())
    return database.in_unit_of_work(lambda: tokens.open_session(who))


@contract.operation(
    "POST",
    "/refresh",
    role=None,
    body=Refresh(),
    body_required=False,
    answer=SESSION,
    errors=[TokenMissing, TokenInvalid, TokenExpired, TokenRevoked],
    atomic=False,
)
def refresh(body: Mapping[str, Any]) -> tokens.Session:
    """Exchange a refresh token for a new pair; used twice, it ends the session."""
    token = body["refresh_token"] if body else bearer_token()
    session = database.in_unit_of_work(lambda: tokens.refresh(token))
    if session is None:
        raise TokenRevoked
    return session


@contract.operation("POST", "/logout", role=Role.READER, answer=LoggedOut())
def logout() -> Mapping[str, str]:
    """Revoke the token that this call is made with, and its session's refresh token."""
    tokens.revoke(g.actor.token_id)
    return {"detail": "Logged out"}


@contract.operation("GET", "/me", role=Role.READER, answer=Actor())
def me() -> actor.Actor:
    """Tell whose token this is."""
    holder: actor.Actor = g.actor
    return holder
