"""A customer's second factor: an authenticator's codes, and recovery codes for when it is lost."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, insert, or_, select, update

from customers_api.core import clock, database
from customers_api.core.attempts import service as attempts
from customers_api.core.attempts.service import Attempt
from customers_api.core.credentials import one_time, totp
from customers_api.core.customers.queries import Who
from customers_api.core.errors import Conflict, Invalid, Unauthenticated
from customers_api.core.events.kinds import Kind
from customers_api.core.sign_in import credentials
from customers_api.core.sign_in.credentials import Kept, WrongCredentials
from customers_api.core.sign_in.model import CREDENTIALS, RECOVERY_CODES
from customers_api.extensions import settings

K, R = CREDENTIALS.c, RECOVERY_CODES.c
WITHOUT = {"totp_secret": None, "totp_confirmed_at": None, "totp_step": None}


class SecondFactorNeeded(Unauthenticated):
    """The password is right; POST /api/auth/customers/login takes the second factor's code too."""

    code = "second-factor-needed"


class WrongCode(WrongCredentials):
    """The code is wrong, has been used before, or is too old."""

    code = "wrong-code"


class AlreadyOn(Conflict):
    """The second factor is on already; remove it before you set up another."""

    code = "second-factor-on"


class NotBegun(Conflict):
    """There is no second factor to confirm; ask for a secret first."""

    code = "second-factor-not-begun"


class NotConfirmed(Invalid):
    """The code does not fit the secret, or is too old; check the clock of the authenticator."""

    code = "second-factor-not-confirmed"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator is set up with, shown once."""

    secret: str
    uri: str


@dataclass(frozen=True, slots=True)
class State:
    """Whether a second factor is asked for, since when, and how many recovery codes are left."""

    enabled: bool
    confirmed_at: datetime | None
    recovery_codes_left: int


def state(id: int) -> State:
    """How it stands with a customer's second factor."""
    left = select(func.count()).where(R.customer_id == id).scalar_subquery()
    row = database.first(select(K.totp_confirmed_at, left).where(K.customer_id == id))
    since, count = row if row is not None else (None, 0)
    return State(since is not None, since, count)


def enrol(id: int, session_id: int, current_password: str) -> Enrolment:
    """Make a secret, in place of one that was not confirmed; nothing is asked for yet.

    Raises WrongCurrentPassword, TooManyAttempts or AlreadyOn. Not inside a unit of work.
    """
    kept = credentials.check_current(id, session_id, current_password)
    secret = totp.secret()
    off = K.customer_id == id, K.totp_confirmed_at.is_(None)
    begun = update(CREDENTIALS).where(*off).values(totp_secret=secret, totp_step=None)
    if not database.in_unit_of_work(lambda: database.write(begun).rowcount):
        raise AlreadyOn
    return Enrolment(secret, totp.uri(secret, account=kept.email, issuer=settings()["JWT_ISSUER"]))


def confirm(id: int, session_id: int, code: str) -> list[str]:
    """Ask for the second factor from now on; returns the recovery codes, which are shown once.

    Raises NotBegun, AlreadyOn, NotConfirmed or TooManyAttempts. Not inside a unit of work.
    """
    kept = credentials.get(id)
    if kept.totp_secret is None:
        raise NotBegun
    if kept.totp_confirmed_at is not None:
        raise AlreadyOn
    # Counted, as who has found an open session might guess the code and get the recovery codes.
    attempt = attempts.begin(credentials.session_account(session_id))
    step = totp.step(kept.totp_secret, code)
    if step is None:
        attempts.fail(attempt)
        raise NotConfirmed.at("code")
    return database.in_unit_of_work(lambda: _confirm(kept, step, attempt))


def _confirm(kept: Kept, step: int, attempt: Attempt) -> list[str]:
    same = K.customer_id == kept.id, K.totp_secret == kept.totp_secret
    off = K.totp_confirmed_at.is_(None)
    values = {"totp_confirmed_at": clock.now(), "totp_step": step}
    if not database.write(update(CREDENTIALS).where(*same, off).values(values)).rowcount:
        raise AlreadyOn
    codes = one_time.recovery_codes()
    rows = [{"customer_id": kept.id, "code_hash": one_time.recovery_digest(c)} for c in codes]
    database.write(delete(RECOVERY_CODES).where(R.customer_id == kept.id))
    database.write(insert(RECOVERY_CODES), rows)
    attempts.succeed(attempt)
    credentials.record(Kind.CUSTOMER_SECOND_FACTOR_ADDED, kept, "totp_secret", "recovery_codes")
    return codes


def spend(kept: Kept, code: str) -> None:
    """Use up a code, the authenticator's or a recovery code; raises WrongCode.

    Of uses that race for one code, the database lets one through.
    """
    step = totp.step(str(kept.totp_secret), code)
    if step is None:
        used = R.customer_id == kept.id, R.code_hash == one_time.recovery_digest(code)
        spent = database.write(delete(RECOVERY_CODES).where(*used)).rowcount
    else:
        unused = or_(K.totp_step.is_(None), K.totp_step < step)
        same = K.customer_id == kept.id, K.totp_secret == kept.totp_secret, unused
        spent = database.write(update(CREDENTIALS).where(*same).values(totp_step=step)).rowcount
    if not spent:
        raise WrongCode


def remove(id: int, session_id: int, current_password: str) -> None:
    """Ask for no second factor any more.

    Raises WrongCurrentPassword or TooManyAttempts. Not inside a unit of work.
    """
    credentials.check_current(id, session_id, current_password)
    database.in_unit_of_work(lambda: remove_lost(id))


def remove_lost(who: Who) -> None:
    """Ask for no second factor any more of a customer who has lost it; raises CustomerNotFound.

    Where there was none, nothing has happened, and nothing is recorded.
    """
    whom = credentials.whose(who)
    theirs = K.customer_id == whom.id, K.totp_secret.is_not(None)
    if not database.write(update(CREDENTIALS).where(*theirs).values(WITHOUT)).rowcount:
        return
    database.write(delete(RECOVERY_CODES).where(R.customer_id == whom.id))
    credentials.record(Kind.CUSTOMER_SECOND_FACTOR_REMOVED, whom)
