"""A customer's credentials as they are kept: found, checked, written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, select, update

from customers_api.core import clock, database
from customers_api.core.actor import Actor
from customers_api.core.attempts import service as attempts
from customers_api.core.credentials import passwords
from customers_api.core.customers import identity
from customers_api.core.customers.model import CUSTOMERS, Status, length_of
from customers_api.core.customers.queries import CustomerNotFound, Who, named
from customers_api.core.errors import Invalid, Problem, Unauthenticated
from customers_api.core.events import changes as changing
from customers_api.core.events import service as events
from customers_api.core.events.kinds import Kind
from customers_api.core.events.service import Entry
from customers_api.core.sign_in.model import CREDENTIALS

C, K = CUSTOMERS.c, CREDENTIALS.c
LONGEST_KEY = length_of("email_key")


class WrongCredentials(Unauthenticated):
    """The email or the password is wrong."""

    code = "wrong-credentials"


class WrongCurrentPassword(Invalid):
    """The current password is wrong."""

    code = "wrong-current-password"


@dataclass(frozen=True, slots=True)
class Kept:
    """An active customer, and what is kept to authenticate this customer by."""

    id: int
    customer_id: str
    email: str
    email_key: str
    username: str
    password_hash: str | None
    password_set_at: datetime | None
    totp_secret: str | None
    totp_confirmed_at: datetime | None


def _kept(condition: ColumnElement[bool]) -> Select[*tuple[Any, ...]]:
    customer = C.id, C.customer_id, C.email, C.email_key, C.username
    kept = K.password_hash, K.password_set_at, K.totp_secret, K.totp_confirmed_at
    return (
        select(*customer, *kept)
        .outerjoin_from(CUSTOMERS, CREDENTIALS, K.customer_id == C.id)
        .where(condition, C.customer_status == Status.ACTIVE.value)
    )


_BY_EMAIL = _kept(C.email_key == bindparam("wanted"))
_BY_ID = _kept(C.id == bindparam("wanted"))


def account(email_key: str) -> str:
    """What failures to sign in by this email are counted under."""
    return attempts.account("customer", email_key)


def session_account(session_id: int) -> str:
    """What failures in an open session are counted under.

    Apart from signing in, so that a stranger who guesses by email keeps no owner out; and by the
    session, so that neither does whoever has found another one, which only the password begins.
    """
    return attempts.account("session", str(session_id))


def find(email_key: str) -> Kept | None:
    """The active customer with this email, or None."""
    # PostgreSQL refuses even to compare with a NUL, which no email has.
    comparable = "\0" not in email_key and len(email_key) <= LONGEST_KEY
    row = database.first(_BY_EMAIL, {"wanted": email_key}) if comparable else None
    return Kept(*row) if row is not None else None


def get(id: int) -> Kept:
    """The active customer with this id; raises CustomerNotFound."""
    row = database.first(_BY_ID, {"wanted": id})
    if row is None:
        raise CustomerNotFound
    return Kept(*row)


def check_current(id: int, session_id: int, password: str) -> Kept:
    """The customer, whose password this must be; raises WrongCurrentPassword.

    Not inside a unit of work. Failures are counted, by session: whoever has found an open one must
    not be able to guess the password. Raises TooManyAttempts.
    """
    kept = get(id)
    attempt = attempts.begin(session_account(session_id))
    if not passwords.matches(password, kept.password_hash):
        attempts.fail(attempt)
        raise WrongCurrentPassword.at("current_password")
    database.in_unit_of_work(lambda: attempts.succeed(attempt))
    return kept


def review(fields: Mapping[str, Any], own: Iterable[str] = ()) -> Iterator[Problem]:
    """What is wrong with a customer's new password, under whichever of its names it stands.

    `own` are the customer's email and username, where it is known already whose it is to be.
    """
    shortest = passwords.SHORTEST_OF_CUSTOMERS
    for name in ("password", "new_password"):
        if (password := fields.get(name)) is None:
            continue
        if complaint := passwords.complaint(password, shortest=shortest, own=own):
            yield Problem((name,), complaint)


def refuse_bad(whom: "Named | Kept | None" = None, /, **fields: str) -> None:
    """Raise Invalid where anything is wrong with a new password, be it this customer's or any."""
    own = (whom.email_key, whom.username) if whom is not None else ()
    problems = [*review(fields, own)]
    if problems:
        raise Invalid(problems)


@dataclass(frozen=True, slots=True)
class Named:
    """A customer, active or not."""

    id: int
    customer_id: str
    email_key: str
    username: str

    @property
    def actor(self) -> Actor:
        """The customer as who acts."""
        return customer_actor(self.id, self.customer_id)


def whose(who: Who) -> Named:
    """The customer, active or not; raises CustomerNotFound."""
    shown = C.id, C.customer_id, C.email_key, C.username
    row = database.first(select(*shown).where(named(who)))
    if row is None:
        raise CustomerNotFound
    return Named(*row)


def customer_actor(id: int, customer_id: str, session_id: int | None = None) -> Actor:
    """A customer as who acts."""
    ids = {"customer_id": id, "session_id": session_id}
    return Actor(kind="customer", name=customer_id, role=None, **ids)


def record(kind: Kind, whom: Named | Kept, *secrets: str) -> None:
    """Record what happened to a customer's sign-in; of secrets, that they are new."""
    changes = [changing.secret(name) for name in secrets]
    events.record(kind, [Entry(whom.id, changes, whom.customer_id)])


def keep(id: int, **values: Any) -> None:
    """Write some of a customer's credentials, whether there are any yet or not."""
    fresh = database.upsert(CREDENTIALS).values(customer_id=id, **values)
    database.write(fresh.on_conflict_do_update(index_elements=[K.customer_id], set_=values))


def with_password(password_hash: str) -> dict[str, Any]:
    """What is written of a new password; a token to reset the old one is no good any more."""
    new = {"password_hash": password_hash, "password_set_at": clock.now()}
    return {**new, "reset_hash": None, "reset_email_key": None, "reset_expires_at": None}


def begin_anew(whom: "Named | Kept", address: str | None = None) -> None:
    """Let a customer with a new password sign in at once, and be known at this address at most."""
    attempts.forget(account(whom.email_key), but=address, customer_id=whom.id)


def still(kept: Kept, **values: Any) -> bool:
    """Write credentials, or none: whether the password is still the one that was checked."""
    same = K.customer_id == kept.id, K.password_set_at == kept.password_set_at
    return bool(database.write(update(CREDENTIALS).where(*same).values(values)).rowcount)


def email_key(email: str) -> str:
    """What an email is known by."""
    return identity.email_key(email)
