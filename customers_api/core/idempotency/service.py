"""Doing a request once, however often it is sent: its answer is kept in the same transaction."""

import zlib
from collections.abc import Callable
from functools import lru_cache, partial
from typing import TypeVar

from sqlalchemy import Delete, Insert, bindparam, delete, select, tuple_

from customers_api.core import clock, database
from customers_api.core.errors import Conflict
from customers_api.core.idempotency import claims, queries
from customers_api.core.idempotency.model import KEPT
from customers_api.core.idempotency.queries import FORGOTTEN, Answer, Found, K, Request
from customers_api.extensions import db

NAMES = tuple(column.name for column in K)
TRIES = 3
# Every so many answers that are kept, at most so many that have expired are removed.
EVERY, MOST_REMOVED = 100, 500
# Speed matters more here than the last tenth of the size.
FASTEST = 1

Result = TypeVar("Result")


class StillRunning(Conflict):
    """The first request with this Idempotency-Key is still running; send it again in a moment."""

    code = "still-running"


class _Raced(Exception):
    """Somebody else has kept an answer under this key meanwhile."""


def once(request: Request, work: Callable[[], tuple[Result, Answer]]) -> Result | Answer:
    """Do `work` in a unit of work and keep its answer; or give the answer kept the first time.

    `work` returns its result, which is given on, and what to keep of it. Raises KeyReused,
    AnswerForgotten or StillRunning. What `work` raises leaves nothing behind, and the key free.
    """
    attempt = _once_on_sqlite if database.dialect() == "sqlite" else _once_on_postgresql
    for _ in range(TRIES):
        try:
            return attempt(request, work)
        except _Raced:
            continue
    raise StillRunning


def remove_expired() -> None:
    """Remove answers that have expired, the oldest first, and not too many at a time."""
    oldest = (
        select(K.caller, K.key)
        .where(K.created_at <= queries.expiry())
        .order_by(K.created_at)
        .limit(MOST_REMOVED)
        .with_for_update(skip_locked=True)
    )
    statement = delete(KEPT).where(tuple_(K.caller, K.key).in_(oldest))
    database.in_unit_of_work(lambda: database.write(statement))


def _once_on_postgresql(
    request: Request, work: Callable[[], tuple[Result, Answer]]
) -> Result | Answer:
    def unit() -> Result | Answer:
        found = queries.claim(request)
        if found.answer is None and not found.free:
            raise StillRunning
        return found.answer or _done(request, found, work)

    return database.in_unit_of_work(unit)


def _once_on_sqlite(request: Request, work: Callable[[], tuple[Result, Answer]]) -> Result | Answer:
    with claims.claimed(f"{db.engine.url.database}-keys", request.number) as free:
        found = queries.find(request)
        if found.answer is None and not free:
            raise StillRunning
        return found.answer or database.in_unit_of_work(partial(_done, request, found, work))


def _done(request: Request, found: Found, work: Callable[[], tuple[Result, Answer]]) -> Result:
    under = {"caller": request.caller, "key": request.key}
    if found.expired:
        database.write(_make_room(), {**under, "expiry": queries.expiry()})
    result, answer = work()
    values = {
        **under,
        "fingerprint": request.fingerprints[0],
        "status": answer.status,
        "headers": {} if answer.forgotten else answer.headers,
        "body": FORGOTTEN if answer.forgotten else zlib.compress(answer.body, FASTEST),
        "created_at": clock.now(),
    }
    if database.write(_keep(database.dialect()), values).first() is None:
        raise _Raced
    _note_kept()
    return result


def _note_kept() -> None:
    global _count  # noqa: PLW0603  one number for the process, which need not be exact
    if _count % EVERY == 0:
        database.afterwards(remove_expired)
    _count += 1


_count = 0


@lru_cache(maxsize=2)
def _keep(_dialect: str) -> Insert:
    """INSERT; returns nothing where an answer is kept already."""
    statement = database.upsert(KEPT).values({name: bindparam(name) for name in NAMES})
    return statement.on_conflict_do_nothing().returning(K.key)


@lru_cache(maxsize=1)
def _make_room() -> Delete:
    """DELETE an answer that has expired, and with it whom it told of."""
    expired = K.created_at <= bindparam("expiry", type_=K.created_at.type)
    return delete(KEPT).where(K.caller == bindparam("caller"), K.key == bindparam("key"), expired)
