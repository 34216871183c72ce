"""The routes of the me contract."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from flask import g

from customers_api.contracts.me.schemas import (
    Acknowledged,
    Code,
    CurrentPassword,
    Enrolment,
    Me,
    MyChanges,
    MySession,
    PasswordChange,
    RecoveryCodes,
    SecondFactor,
)
from customers_api.core.actor import CUSTOMER
from customers_api.core.customers import queries
from customers_api.core.customers.editions import Editions
from customers_api.core.customers.queries import CustomerNotFound
from customers_api.core.customers.review import EmailTaken
from customers_api.core.errors import TooManyAttempts
from customers_api.core.sign_in import profile, second_factor, service, sessions
from customers_api.core.sign_in.credentials import WrongCurrentPassword
from customers_api.core.sign_in.second_factor import AlreadyOn, NotBegun, NotConfirmed
from customers_api.core.sign_in.sessions import SessionNotFound
from customers_api.core.statements import AnyRow
from customers_api.web import addresses
from customers_api.web.access import customer
from customers_api.web.contract import Contract

contract = Contract(
    "me",
    prefix="/api/me",
    about="A signed-in customer's own profile, password, sessions and second factor.",
    authenticate=customer,
    statuses={},
)
ME, DONE = Me(), Acknowledged()
SHOWN = (*ME.fields, queries.EDITION)
PASSWORD_ERRORS = (WrongCurrentPassword, TooManyAttempts, CustomerNotFound)


def _here() -> tuple[int, int]:
    """Whose call this is, and in which session."""
    return g.actor.customer_id, g.actor.session_id


@contract.operation("GET", "/", role=CUSTOMER, answer=ME, etag=True, errors=[CustomerNotFound])
def get() -> AnyRow:
    """Read one's own profile."""
    return queries.get(g.actor.customer_id, SHOWN)


def _check(body: Mapping[str, Any], expected: Editions) -> None:
    profile.check(*_here(), body)


@contract.operation(
    "PATCH",
    "/",
    role=CUSTOMER,
    body=MyChanges(),
    answer=ME,
    etag=True,
    errors=[*PASSWORD_ERRORS, EmailTaken],
    before=_check,
)
def change(body: Mapping[str, Any], expected: Editions) -> AnyRow:
    """Change one's own profile; a changed email or phone is no longer verified."""
    return profile.change(g.actor.customer_id, body, SHOWN, expected=expected)


@contract.operation(
    "PUT",
    "/password",
    role=CUSTOMER,
    body=PasswordChange(),
    answer=DONE,
    errors=PASSWORD_ERRORS,
    atomic=False,
)
def change_password(body: Mapping[str, Any]) -> Mapping[str, str]:
    """Change one's own password, which ends one's other sessions."""
    current, new = body["current_password"], body["new_password"]
    service.change_password(*_here(), current, new, address=addresses.here())
    return {"detail": "Password changed"}


@contract.operation("POST", "/logout", role=CUSTOMER, answer=DONE)
def logout() -> Mapping[str, str]:
    """End the session that this call is made with."""
    with suppress(SessionNotFound):
        sessions.end(g.actor.customer_id, g.actor.session_id)
    return {"detail": "Logged out"}


@contract.operation("GET", "/sessions", role=CUSTOMER, answer=MySession(), many=True)
def every_session() -> Sequence[Mapping[str, Any]]:
    """List one's own sessions, the latest first."""
    found = sessions.every(g.actor.customer_id)
    return [{**row._mapping, "current": row.id == g.actor.session_id} for row in found]


@contract.operation(
    "DELETE",
    "/sessions/<int:session_id>",
    role=CUSTOMER,
    answer=DONE,
    errors=[SessionNotFound],
)
def end_session(session_id: int) -> Mapping[str, str]:
    """End one of one's own sessions."""
    sessions.end(g.actor.customer_id, session_id)
    return {"detail": "Session ended"}


@contract.operation("GET", "/totp", role=CUSTOMER, answer=SecondFactor())
def get_second_factor() -> second_factor.State:
    """Tell whether one's second factor is on."""
    return second_factor.state(g.actor.customer_id)


@contract.operation(
    "POST",
    "/totp",
    role=CUSTOMER,
    body=CurrentPassword(),
    answer=Enrolment(),
    errors=[*PASSWORD_ERRORS, AlreadyOn],
    atomic=False,
)
def enrol_second_factor(body: Mapping[str, Any]) -> second_factor.Enrolment:
    """Ask for a secret to set up an authenticator with; nothing changes until it is confirmed."""
    return second_factor.enrol(*_here(), body["current_password"])


@contract.operation(
    "POST",
    "/totp/confirm",
    role=CUSTOMER,
    body=Code(),
    answer=RecoveryCodes(),
    errors=[NotBegun, AlreadyOn, NotConfirmed, TooManyAttempts, CustomerNotFound],
    atomic=False,
)
def confirm_second_factor(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Turn the second factor on by the authenticator's code; shows the recovery codes, once."""
    return {"recovery_codes": second_factor.confirm(*_here(), body["code"])}


@contract.operation(
    "DELETE",
    "/totp",
    role=CUSTOMER,
    body=CurrentPassword(),
    answer=DONE,
    errors=PASSWORD_ERRORS,
    atomic=False,
)
def remove_second_factor(body: Mapping[str, Any]) -> Mapping[str, str]:
    """Turn one's second factor off; its recovery codes are gone as well."""
    second_factor.remove(*_here(), body["current_password"])
    return {"detail": "Second factor removed"}
