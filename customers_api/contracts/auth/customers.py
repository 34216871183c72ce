"""The routes by which customers sign in, and get a new password when they have forgotten theirs."""

from collections.abc import Mapping
from typing import Any

from customers_api.contracts.auth.customer_schemas import (
    CustomerCredentials,
    CustomerSession,
    Forgotten,
    PasswordReset,
    Redemption,
)
from customers_api.contracts.auth.schemas import Refresh
from customers_api.contracts.shared.credentials import Reset
from customers_api.core import database
from customers_api.core.actor import Role
from customers_api.core.errors import TooManyAttempts
from customers_api.core.sign_in import resets, service
from customers_api.core.sign_in.credentials import WrongCredentials
from customers_api.core.sign_in.resets import ResetTokenInvalid
from customers_api.core.sign_in.second_factor import SecondFactorNeeded, WrongCode
from customers_api.core.sign_in.sessions import Session
from customers_api.core.tokens.queries import TokenRevoked
from customers_api.core.tokens.signing import TokenExpired, TokenInvalid, TokenMissing
from customers_api.web import addresses
from customers_api.web.access import bearer, bearer_token
from customers_api.web.contract import Contract

contract = Contract(
    "customer_auth",
    prefix="/api/auth/customers",
    about="Customers' own sign-in, and resets of a forgotten password.",
    authenticate=bearer,
    statuses={},
)
SESSION = CustomerSession()


@contract.operation(
    "POST",
    "/login",
    role=None,
    body=CustomerCredentials(),
    answer=SESSION,
    errors=[WrongCredentials, SecondFactorNeeded, WrongCode, TooManyAttempts],
    atomic=False,
)
def login(body: Mapping[str, Any]) -> Session:
    """Begin a customer's session; after five failures in a row, only so often."""
    whence = addresses.here()
    return service.log_in(body["email"], body["password"], code=body.get("code"), address=whence)


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
def refresh(body: Mapping[str, Any]) -> Session:
    """Exchange a customer's refresh token for a new pair; used twice, it ends the session."""
    return service.refresh(body["refresh_token"] if body else bearer_token())


@contract.operation(
    "POST",
    "/password-reset-requests",
    role=Role.EDITOR,
    body=Forgotten(),
    answer=Reset(),
    # Its answer is a secret, which is not to be kept for who sends this again.
    atomic=False,
)
def ask(body: Mapping[str, Any]) -> resets.Reset:
    """Make a reset token, to be sent to this email.

    For an unknown email the answer is of the same form, and its token opens nothing.
    """
    return database.in_unit_of_work(lambda: resets.ask_by_email(body["email"]))


@contract.operation(
    "POST",
    "/password-reset",
    role=None,
    body=Redemption(),
    answer=PasswordReset(),
    errors=[ResetTokenInvalid],
    atomic=False,
)
def redeem(body: Mapping[str, Any]) -> Mapping[str, str]:
    """Set a new password by a reset token, which works once; ends all the customer's sessions."""
    resets.redeem(body["token"], body["new_password"], address=addresses.here())
    return {"detail": "Password changed"}
