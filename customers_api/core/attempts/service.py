"""How often an account may be tried: after five failures in a row, ever more slowly.

An attempt during a delay is refused unheard and does not lengthen it; a delay never exceeds
LONGEST_DELAY. From an address that an account knows, attempts are counted apart from those of
strangers, as strictly. See docs/decisions/0011 and 0022.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import cast

from sqlalchemy import Table, and_, bindparam, case, delete, insert, select, update

from customers_api.core import clock, database
from customers_api.core.attempts import known
from customers_api.core.attempts.model import LoginFailure
from customers_api.core.errors import TooManyAttempts
from customers_api.core.statements import AnyRow

FREE = 5
LONGEST_DELAY = timedelta(minutes=15)
# Failures are in a row when none of them is followed by this long a silence.
MEMORY = timedelta(days=1)
MOST_DOUBLINGS = 20
# What is counted apart for one account has this much of the account's hash at its beginning.
SHARED = 32

TABLE = cast(Table, LoginFailure.__table__)
F = TABLE.c
_LATELY = F.failed_at > bindparam("stale", type_=F.failed_at.type)
_FAILED = select(F.failures, F.blocked_until).where(F.account == bindparam("wanted"), _LATELY)
# One row always, and one statement, whether the account or the address is known or neither.
_ADDRESS = select(known.KNOWN_AS.label("known_as")).subquery()
_COUNTED_AS = case(
    (_ADDRESS.c.known_as.is_(None), bindparam("account", type_=F.account.type)),
    else_=bindparam("apart", type_=F.account.type),
)
_STANDING = select(_ADDRESS.c.known_as, F.failures, F.blocked_until).select_from(
    _ADDRESS.outerjoin(TABLE, and_(F.account == _COUNTED_AS, _LATELY))
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that may be made, or `is_counted` as one that failed until it has succeeded.

    It is counted under `account`. Its address is that of `digests`, and was `known_as` one of them.
    """

    account: str
    is_counted: bool
    digests: Sequence[str] = ()
    known_as: str | None = None


def account(kind: str, name: str) -> str:
    """What failures of this account are counted under."""
    return sha256(f"{kind}:{name}".encode(errors="surrogatepass")).hexdigest()


def delay(failures: int) -> timedelta:
    """How long an account must wait after so many failures in a row."""
    if failures < FREE:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(failures - FREE, MOST_DOUBLINGS)), LONGEST_DELAY)


def begin(account: str, address: str | None = None) -> Attempt:
    """The next attempt at an account; raises TooManyAttempts. Not inside a unit of work.

    It comes from `address`, or, without one, is taken for a stranger's. Once there is a delay, an
    attempt counts as failed until it has succeeded, so that of many made at once only one is heard.
    """
    now, digests = clock.now(), known.digests(account, address)
    apart = account[:SHARED] + digests[0][:SHARED] if digests else account
    row = _standing(account, apart, digests, now)
    counted_as = account if row.known_as is None else apart
    attempt = Attempt(counted_as, False, digests, row.known_as)
    if row.failures is None or row.failures < FREE:
        return attempt
    _refuse_delayed(row, now)
    until = now + delay(row.failures + 1)
    taken = (
        update(TABLE)
        .where(F.account == counted_as, F.failures == row.failures, F.blocked_until <= now)
        .values(failures=row.failures + 1, failed_at=now, blocked_until=until)
    )
    if database.in_unit_of_work(lambda: database.write(taken).rowcount) == 0:
        raise TooManyAttempts(_seconds(until - now))
    return replace(attempt, is_counted=True)


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


def succeed(attempt: Attempt, **owner: int) -> None:
    """Begin to count anew, and know the address; in the unit of work of what succeeded.

    `owner` is whose account it is, a `customer_id` or an `operator_id`, where there is an address.
    Raises TooManyAttempts where the account must wait because of what failed meanwhile.
    """
    now = clock.now()
    row = None if attempt.is_counted else _failed(attempt.account, now)
    if row is not None:
        _refuse_delayed(row, now)
    if attempt.is_counted or row is not None:
        _clear(attempt.account)
    if attempt.digests:
        known.note(attempt.digests, attempt.known_as, **owner)


def forget(account: str, *, but: str | None = None, **owner: int) -> None:
    """Let an account that has a new password be tried at once, and know no address any more.

    Whoever knew the old password may have made theirs known. `but` is an address that stays known
    if it was: that from which the new password was set. `owner` is whose account it is.
    """
    least, most = (f"{account[:SHARED]}{digit * SHARED}" for digit in "0f")
    database.write(delete(TABLE).where(F.account.between(least, most)))
    known.forget(but=known.digests(account, but), **owner)


def touch(account: str) -> None:
    """Write an account and take it back, which leaves nothing but the time that it took."""
    now = clock.now()
    values = {"failures": 0, "failed_at": now, "blocked_until": now}
    database.write(insert(TABLE).values(account=account, **values))
    _clear(account)


def _standing(account: str, apart: str, digests: Sequence[str], now: datetime) -> AnyRow:
    """As what an account knows an address, if it does, and what has failed from there lately.

    `apart` is what failures from there are counted under if it is known.
    """
    counted = {"account": account, "apart": apart, "stale": now - MEMORY}
    (row,) = database.rows(
        _STANDING, counted | {"digests": digests, "forgotten": now - known.MEMORY}
    )
    return row


def _failed(account: str, now: datetime) -> AnyRow | None:
    """What has failed of this account, if anything has lately."""
    return database.first(_FAILED, {"wanted": account, "stale": now - MEMORY})


def _clear(account: str) -> None:
    database.write(delete(TABLE).where(F.account == account))


def _refuse_delayed(row: AnyRow, now: datetime) -> None:
    if row.failures >= FREE and row.blocked_until > now:
        raise TooManyAttempts(_seconds(row.blocked_until - now))


def _count(account: str, now: datetime) -> bool:
    """Count a failure that nobody has counted yet, unless as many as are free have been."""
    database.write(delete(TABLE).where(F.failed_at <= now - MEMORY))
    values = {"failures": 1, "failed_at": now, "blocked_until": now}
    first = database.upsert(TABLE).values(account=account, **values)
    until = case((F.failures + 1 >= FREE, now + delay(FREE)), else_=now)
    again = {"failures": F.failures + 1, "failed_at": now, "blocked_until": until}
    counted = first.on_conflict_do_update(
        index_elements=[F.account], set_=again, where=F.failures < FREE
    )
    return database.write(counted.returning(F.failures)).first() is not None


def _seconds(wait: timedelta) -> int:
    """Whole seconds, at least one, after which the wait is over."""
    return max(1, -(-wait // timedelta(seconds=1)))
