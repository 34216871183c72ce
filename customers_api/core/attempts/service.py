"""How often an account may be tried: after five failures in a row, ever more slowly.

An attempt during a delay is refused unheard and does not lengthen it; a delay never exceeds
LONGEST_DELAY. See docs/decisions/0011.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, cast

from sqlalchemy import Table, bindparam, case, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from customers_api.core import clock, database
from customers_api.core.attempts.model import LoginFailure
from customers_api.core.errors import TooManyAttempts
from customers_api.core.statements import AnyRow

FREE = 5
LONGEST_DELAY = timedelta(minutes=15)
# Failures are in a row when none of them is followed by this long a silence.
MEMORY = timedelta(days=1)
MOST_DOUBLINGS = 20

TABLE = cast(Table, LoginFailure.__table__)
F = TABLE.c
_KNOWN = select(F.failures, F.blocked_until).where(
    F.account == bindparam("wanted"),
    F.failed_at > bindparam("stale", type_=F.failed_at.type),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that may be made, or `is_counted` as one that failed until it has succeeded."""

    account: str
    is_counted: bool


def account(kind: str, name: str) -> str:
    """What failures of this account are counted under."""
    return sha256(f"{kind}:{name}".encode(errors="surrogatepass")).hexdigest()


def delay(failures: int) -> timedelta:
    """How long an account must wait after so many failures in a row."""
    if failures < FREE:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE, MOST_DOUBLINGS)), LONGEST_DELAY)


def begin(account: str) -> Attempt:
    """The next attempt at an account; raises TooManyAttempts. Not inside a unit of work.

    Once there is a delay, an attempt counts as failed until it has succeeded, so that of many
    made at once only one is heard.
    """
    now = clock.now()
    row = _known(account, now)
    if row is None or row.failures < FREE:
        return Attempt(account, is_counted=False)
    _refuse_delayed(row, now)
    until = now + delay(row.failures + 1)
    taken = (
        update(TABLE)
        .where(F.account == account, F.failures == row.failures, F.blocked_until <= now)
        .values(failures=row.failures + 1, failed_at=now, blocked_until=until)
    )
    if database.in_unit_of_work(lambda: database.write(taken).rowcount) == 0:
        raise TooManyAttempts(_seconds(until - now))
    return Attempt(account, is_counted=True)


def fail(attempt: Attempt) -> None:
    """Count an attempt that failed. Not inside a unit of work.

    Raises TooManyAttempts where others that were made meanwhile have used up what is free: of those
    made at once no more are heard than of those made one after the other, and no more counted.
    """
    if attempt.is_counted:
        return
    now = clock.now()
    if not database.in_unit_of_work(lambda: _count(attempt.account, now)):
        raise TooManyAttempts(_seconds(delay(FREE)))


def succeed(attempt: Attempt) -> None:
    """Begin to count anew; in the unit of work of what succeeded.

    Raises TooManyAttempts where the account must wait because of what failed meanwhile.
    """
    if not attempt.is_counted:
        now = clock.now()
        row = _known(attempt.account, now)
        if row is None:
            return
        _refuse_delayed(row, now)
    forget(attempt.account)


def forget(account: str) -> None:
    """Let an account be tried at once."""
    database.write(delete(TABLE).where(F.account == account))


def touch(account: str) -> None:
    """Write an account and take it back, which leaves nothing but the time that it took."""
    now = clock.now()
    values = {"failures": 0, "failed_at": now, "blocked_until": now}
    database.write(insert(TABLE).values(account=account, **values))
    forget(account)


def _known(account: str, now: datetime) -> AnyRow | None:
    """What is known of failures of this account, if there were any lately."""
    return database.first(_KNOWN, {"wanted": account, "stale": now - MEMORY})


def _refuse_delayed(row: AnyRow, now: datetime) -> None:
    if row.failures >= FREE and row.blocked_until > now:
        raise TooManyAttempts(_seconds(row.blocked_until - now))


def _count(account: str, now: datetime) -> bool:
    """Count a failure that nobody has counted yet, unless as many as are free have been."""
    database.write(delete(TABLE).where(F.failed_at <= now - MEMORY))
    upsert: Any = postgresql.insert if database.dialect() == "postgresql" else sqlite.insert
    first = upsert(TABLE).values(account=account, failures=1, failed_at=now, blocked_until=now)
    until = case((F.failures + 1 >= FREE, now + delay(FREE)), else_=now)
    again = {"failures": F.failures + 1, "failed_at": now, "blocked_until": until}
    counted = first.on_conflict_do_update(
        index_elements=[F.account], set_=again, where=F.failures < FREE
    )
    return database.write(counted.returning(F.failures)).first() is not None


def _seconds(wait: timedelta) -> int:
    """Whole seconds, at least one, after which the wait is over."""
    return max(1, -(-wait // timedelta(seconds=1)))
