"""Customers sign in, and their passwords are set: by themselves, or by an operator.

Everything here that checks or makes a password opens its own units of work: a hash takes about
30 ms, and no transaction waits for it.
"""

from customers_api.core import database
from customers_api.core.acting import acting_as
from customers_api.core.attempts import service as attempts
from customers_api.core.attempts.service import Attempt
from customers_api.core.credentials import passwords
from customers_api.core.customers import service as customers
from customers_api.core.customers.model import Status
from customers_api.core.customers.queries import CustomerNotFound, Who
from customers_api.core.errors import TooManyAttempts
from customers_api.core.events.kinds import Kind
from customers_api.core.sign_in import credentials, second_factor, sessions
from customers_api.core.sign_in.credentials import Kept, WrongCredentials
from customers_api.core.sign_in.second_factor import SecondFactorNeeded
from customers_api.core.sign_in.sessions import Session
from customers_api.core.tokens.queries import TokenRevoked

# What a contract that signs customers in needs to know.
__all__ = [
    "SecondFactorNeeded",
    "Session",
    "TooManyAttempts",
    "WrongCredentials",
    "change_password",
    "log_in",
    "refresh",
    "set_password",
]


def log_in(
    email: str, password: str, *, code: str | None = None, address: str | None = None
) -> Session:
    """A new session of the customer who has this email and password.

    `address` is the customer's own, where that is known: not that of a program which asks for many.
    Raises WrongCredentials, alike for a wrong password, an unknown email, a customer without a
    password and one who is not active; SecondFactorNeeded; TooManyAttempts.
    """
    email_key = credentials.email_key(email)
    attempt = attempts.begin(credentials.account(email_key), address)
    try:
        kept = _authenticated(email_key, password)
        if kept.totp_confirmed_at is not None and code is None:
            raise SecondFactorNeeded
        renewed = passwords.renewed(password, str(kept.password_hash))
        return database.in_unit_of_work(lambda: _begin(kept, renewed, code, attempt))
    except WrongCredentials:
        attempts.fail(attempt)
        raise


def refresh(refresh_token: str) -> Session:
    """A session's next pair of tokens; raises TokenRevoked, and ends the session, on reuse."""
    session = database.in_unit_of_work(lambda: sessions.refresh(refresh_token))
    if session is None:
        raise TokenRevoked
    return session


def set_password(who: Who, password: str) -> None:
    """Give a customer a password, which ends all their sessions; raises CustomerNotFound, Invalid.

    The account can be tried at once again, however often it failed before.
    """
    credentials.refuse_bad(password=password)
    whom = credentials.whose(who)
    credentials.refuse_bad(whom, password=password)
    hashed = passwords.hashed(password)

    def keep() -> None:
        # Named anew: the customer may have been removed while the password was hashed.
        named = credentials.whose(whom.id)
        credentials.keep(named.id, **credentials.with_password(hashed))
        credentials.record(Kind.CUSTOMER_PASSWORD_SET, named, "password")
        sessions.end_all(named.id)
        credentials.begin_anew(named)

    database.in_unit_of_work(keep)


def change_password(
    id: int, session_id: int, current: str, new: str, *, address: str | None = None
) -> None:
    """Give a customer who knows the current password another; ends their other sessions.

    As with every new password, the account can be signed in to at once again; of the addresses
    that it knows, only the one that this comes from stays known. Raises WrongCurrentPassword,
    TooManyAttempts, or Invalid.
    """
    credentials.refuse_bad(new_password=new)
    kept = credentials.check_current(id, session_id, current)
    credentials.refuse_bad(kept, new_password=new)
    hashed = passwords.hashed(new)

    def keep() -> None:
        # Nobody else's change is overwritten by whoever knew the password before it.
        if not credentials.still(kept, **credentials.with_password(hashed)):
            raise credentials.WrongCurrentPassword.at("current_password")
        credentials.record(Kind.CUSTOMER_PASSWORD_SET, kept, "password")
        sessions.end_all(id, but=session_id)
        credentials.begin_anew(kept, address)

    database.in_unit_of_work(keep)


def _authenticated(email_key: str, password: str) -> Kept:
    kept = credentials.find(email_key)
    if not passwords.matches(password, kept.password_hash if kept else None) or kept is None:
        raise WrongCredentials
    return kept


def _begin(kept: Kept, password_hash: str, code: str | None, attempt: Attempt) -> Session:
    # First the customer, then what belongs to the customer: as removing one goes about it.
    try:
        with acting_as(credentials.customer_actor(kept.id, kept.customer_id)):
            customer = customers.note_login(kept.id, ("customer_status",))
    except CustomerNotFound as error:
        raise WrongCredentials from error
    unchanged = credentials.still(kept, password_hash=password_hash)
    if not unchanged or customer.customer_status != Status.ACTIVE.value:
        raise WrongCredentials
    if kept.totp_confirmed_at is not None:
        second_factor.spend(kept, str(code))
    attempts.succeed(attempt, customer_id=kept.id)
    return sessions.begin(kept.id, kept.customer_id)
