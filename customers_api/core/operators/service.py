"""Writes to operators, and the check of who signs in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from customers_api.core import clock, database, text
from customers_api.core.attempts import service as attempts
from customers_api.core.attempts.service import Attempt
from customers_api.core.credentials import passwords
from customers_api.core.errors import Invalid, Problem, Unauthenticated
from customers_api.core.events import changes as changing
from customers_api.core.events import service as events
from customers_api.core.events.kinds import Kind
from customers_api.core.events.service import Entry
from customers_api.core.operators import queries
from customers_api.core.operators.model import Operator

LONGEST_USERNAME = 50
TAKEN = "There is an operator with this username already"


class WrongPassword(Unauthenticated):
    """The username or the password is wrong."""

    code = "wrong-password"


@dataclass(frozen=True, slots=True)
class Authenticated:
    """An operator who gave the right password, what was right at that moment, and what to keep."""

    operator_id: int
    signed_out_at: datetime | None
    password_hash: str
    attempt: Attempt


def account(username: str) -> str:
    """What failures to sign in as this operator are counted under."""
    return attempts.account("operator", username)


def authenticate(username: str, password: str, *, address: str | None = None) -> Authenticated:
    """The operator who has this username and password; raises WrongPassword or TooManyAttempts.

    `address` is where the attempt comes from. Not inside a unit of work: the password takes its
    time, and failures are counted.
    """
    attempt = attempts.begin(account(username), address)
    operator = queries.find(username)
    enabled = operator is not None and operator.disabled_at is None
    kept = operator.password_hash if operator is not None and enabled else None
    if not passwords.matches(password, kept) or operator is None or kept is None:
        attempts.fail(attempt)
        raise WrongPassword
    renewed = passwords.renewed(password, kept)
    return Authenticated(operator.id, operator.signed_out_at, renewed, attempt)


def create(fields: Mapping[str, Any]) -> Operator:
    """Make an operator of `username`, `password` and `role`; raises Invalid."""
    problems = [*review(fields)]
    if problems:
        raise Invalid(problems)
    now = clock.now()
    operator = Operator(
        username=fields["username"],
        password_hash=passwords.hashed(fields["password"]),
        role=fields["role"],
        created_at=now,
        updated_at=now,
    )
    database.session().add(operator)
    try:
        database.session().flush()
    except IntegrityError as error:
        raise Invalid([Problem(("username",), TAKEN)]) from error
    said = changing.given({"username": operator.username, "role": operator.role})
    password = changing.secret("password", is_new=True)
    events.record(Kind.OPERATOR_CREATED, [Entry(operator.id, [*said, password])])
    return operator


def change(id: int, changes: Mapping[str, Any]) -> Operator:
    """Change an operator's `role`, `password` or `disabled`; raises OperatorNotFound or Invalid.

    A new password or a new `disabled` ends all of the operator's sessions. With a new password
    the account can be tried at once, however often it failed before.
    """
    operator = queries.get(id, lock=True)
    problems = [*review(changes, own=operator.username)]
    if problems:
        raise Invalid(problems)
    was = _state(operator)
    operator.updated_at = clock.now()
    if "role" in changes:
        operator.role = changes["role"]
    if "password" in changes:
        operator.password_hash = passwords.hashed(changes["password"])
        operator.signed_out_at = operator.updated_at
        attempts.forget(account(operator.username), operator_id=id)
    if "disabled" in changes:
        operator.disabled_at = operator.updated_at if changes["disabled"] else None
        operator.signed_out_at = operator.updated_at
    database.session().flush()
    _record_change(operator, was, changes)
    return operator


def review(fields: Mapping[str, Any], *, own: str = "") -> Iterator[Problem]:
    """Everything wrong with an operator's fields; `own` is the username of whom they change."""
    username, password = fields.get("username"), fields.get("password")
    if username is not None:
        complaint = text.filled_line(username, most=LONGEST_USERNAME)
        if not complaint and queries.find(username) is not None:
            complaint = TAKEN
        if complaint:
            yield Problem(("username",), complaint)
    if password is not None and (complaint := passwords.complaint(password, own=[username or own])):
        yield Problem(("password",), complaint)


def _state(operator: Operator) -> dict[str, Any]:
    return {"role": operator.role, "disabled": operator.disabled_at is not None}


def _record_change(operator: Operator, was: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    now = _state(operator)
    kind = Kind.OPERATOR_CHANGED
    if was["disabled"] != now["disabled"]:
        kind = Kind.OPERATOR_DISABLED if now["disabled"] else Kind.OPERATOR_ENABLED
    secrets = [changing.secret("password")] if "password" in changes else []
    events.record(kind, [Entry(operator.id, [*changing.between(was, now), *secrets])])
