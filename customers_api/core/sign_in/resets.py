"""Resets of a forgotten password: a token that is good once, for a while, for one email."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select, update

from customers_api.core import clock, database
from customers_api.core.acting import acting_as
from customers_api.core.attempts import service as attempts
from customers_api.core.credentials import one_time, passwords
from customers_api.core.customers.model import CUSTOMERS, Status
from customers_api.core.customers.queries import Who
from customers_api.core.errors import Invalid
from customers_api.core.events.kinds import Kind
from customers_api.core.sign_in import credentials, sessions
from customers_api.core.sign_in.credentials import Kept, Named
from customers_api.core.sign_in.model import CREDENTIALS
from customers_api.extensions import settings

C, K = CUSTOMERS.c, CREDENTIALS.c


class ResetTokenInvalid(Invalid):
    """The reset token is unknown, was used, replaced, or has expired; ask for a new one."""

    code = "reset-token-invalid"


@dataclass(frozen=True, slots=True)
class Reset:
    """A token that resets a password, and until when; to be sent to the customer, not kept."""

    token: str
    expires_at: datetime


_GOOD = (
    select(K.customer_id, K.reset_email_key, C.username)
    .join_from(CREDENTIALS, CUSTOMERS, K.customer_id == C.id)
    .where(
        K.reset_hash == bindparam("wanted"),
        K.reset_expires_at > bindparam("now", type_=K.reset_expires_at.type),
        K.reset_email_key == C.email_key,
        C.customer_status == Status.ACTIVE.value,
    )
)


def ask(who: Who) -> Reset:
    """A reset for this customer, in place of any earlier one; raises CustomerNotFound."""
    return _kept(credentials.whose(who))


def ask_by_email(email: str) -> Reset:
    """A reset for the active customer with this email.

    Where there is none, a token of the same form that opens nothing: who asks learns nothing.
    """
    kept = credentials.find(credentials.email_key(email))
    return _for_nobody() if kept is None else _kept(kept)


def redeem(token: str, new_password: str, *, address: str | None = None) -> None:
    """Give the customer of a reset token a new password, and end all their sessions.

    Whoever reads the customer's mail has not been guessing, so the account can be tried at once
    again; of the addresses that it knows, only the one that this comes from stays known. Raises
    ResetTokenInvalid or Invalid. Not inside a unit of work.
    """
    wanted = {"wanted": one_time.digest(token), "now": clock.now()}
    row = database.first(_GOOD, wanted)
    if row is None:
        raise ResetTokenInvalid.at("token")
    own = row.reset_email_key, row.username
    problems = [*credentials.review({"new_password": new_password}, own)]
    if problems:
        raise Invalid(problems)
    hashed = passwords.hashed(new_password)
    database.in_unit_of_work(lambda: _use(row.customer_id, wanted["wanted"], hashed, address))


def _use(id: int, digest: object, hashed: str, address: str | None) -> None:
    # A new password takes the token away, so one of those who race for it finds it.
    taken = update(CREDENTIALS).where(K.customer_id == id, K.reset_hash == digest)
    if not database.write(taken.values(credentials.with_password(hashed))).rowcount:
        raise ResetTokenInvalid.at("token")
    whom = credentials.whose(id)
    with acting_as(whom.actor):
        credentials.record(Kind.CUSTOMER_PASSWORD_SET, whom, "password")
    sessions.end_all(id)
    credentials.begin_anew(whom, address)


def _made() -> Reset:
    return Reset(one_time.token(), clock.now() + settings()["PASSWORD_RESET_LIFETIME"])


def _for_nobody() -> Reset:
    """A reset that opens nothing, after as much work as one that does."""
    reset = _made()
    attempts.touch(one_time.digest(reset.token))
    return reset


def _kept(whom: Named | Kept) -> Reset:
    reset = _made()
    credentials.keep(
        whom.id,
        reset_hash=one_time.digest(reset.token),
        reset_email_key=whom.email_key,
        reset_expires_at=reset.expires_at,
    )
    credentials.record(Kind.CUSTOMER_RESET_REQUESTED, whom)
    return reset
