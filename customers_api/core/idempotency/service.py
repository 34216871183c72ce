"""Doing a request once, however often it is sent: its answer is kept in the same transaction."""

import hmac
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from hashlib import sha256
from typing import TypeVar, cast

from sqlalchemy import (
    Select,
    Table,
    and_,
    bindparam,
    delete,
    func,
    literal,
    select,
    true,
    tuple_,
)
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from customers_api.core import clock, database
from customers_api.core.database import AnyRow
from customers_api.core.errors import Conflict, Error
from customers_api.core.idempotency import claims
from customers_api.core.idempotency.model import KeptAnswer
from customers_api.extensions import db, settings

KEPT = cast(Table, KeptAnswer.__table__)
K = KEPT.c
CONTENT = (K.fingerprint, K.status, K.headers, K.body)
NAMES = tuple(column.name for column in K)
TRIES = 3
# Every so many answers that are kept, at most so many that have expired are removed.
EVERY, MOST_REMOVED = 100, 500
# Speed matters more here than the last tenth of the size.
FASTEST = 1

Result = TypeVar("Result")


class KeyReused(Error):
    """This Idempotency-Key stands for another request; a new request needs a new key."""

    code = "idempotency-key-reused"


class StillRunning(Conflict):
    """The first request with this Idempotency-Key is still running; send it again in a moment."""

    code = "still-running"


class _Raced(Exception):
    """Somebody kept an answer between our look and our claim."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request that may be sent again: whose it is, under which key, and what it asks for."""

    caller: str
    key: str
    content: bytes

    @property
    def number(self) -> int:
        """The caller and the key as a number to lock; two of them share one next to never."""
        digest = sha256(f"{self.caller}\0{self.key}".encode()).digest()
        return int.from_bytes(digest[:8], "big") >> 2

    @property
    def fingerprints(self) -> Sequence[bytes]:
        """What tells it from other requests, by the present secret and then by earlier ones.

        Without the secret, whoever reads the database could try which password was sent.
        """
        secrets = (settings()["SECRET_KEY"], *settings()["SECRET_KEY_FALLBACKS"])
        text = b"idempotency:" + self.content
        return [hmac.digest(secret.encode(), text, "sha256") for secret in secrets]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def once(request: Request, work: Callable[[], tuple[Result, Answer]]) -> Result | Answer:
    """Do `work` in a unit of work and keep its answer; or give the answer kept the first time.

    `work` returns its result, which is given on, and what to keep of it. Raises KeyReused or
    StillRunning. What `work` raises leaves nothing behind, and the key free.
    """
    attempt = _once_on_sqlite if database.dialect() == "sqlite" else _once_on_postgresql
    for _ in range(TRIES):
        try:
            return attempt(request, work)
        except _Raced:
            continue
    raise StillRunning


def check_unused(request: Request) -> None:
    """Raise KeyReused where the key stands for another request."""
    _kept(request, _found(request, claiming=False))


def remove_expired() -> None:
    """Remove answers that have expired, the oldest first, and not too many at a time."""
    oldest = (
        select(K.caller, K.key)
        .where(K.created_at <= _expiry())
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
        # Whoever commits between this statement's look and its lock is met when keeping.
        row = _found(request, claiming=True)
        answer = _kept(request, row)
        if answer is None and not row.free:
            raise StillRunning
        return answer or _done(request, work)

    return database.in_unit_of_work(unit)


def _once_on_sqlite(request: Request, work: Callable[[], tuple[Result, Answer]]) -> Result | Answer:
    with claims.claimed(f"{db.engine.url.database}-keys", request.number) as free:
        answer = _kept(request, _found(request, claiming=False))
        if answer is None and not free:
            raise StillRunning
        return answer or database.in_unit_of_work(partial(_done, request, work))


def _done(request: Request, work: Callable[[], tuple[Result, Answer]]) -> Result:
    result, answer = work()
    values = {
        "caller": request.caller,
        "key": request.key,
        "fingerprint": request.fingerprints[0],
        "status": answer.status,
        "headers": answer.headers,
        "body": zlib.compress(answer.body, FASTEST),
        "created_at": clock.now(),
    }
    if database.write(_keep(database.dialect()), {**values, "expiry": _expiry()}).first() is None:
        raise _Raced
    _note_kept()
    return result


def _found(request: Request, *, claiming: bool) -> AnyRow:
    """Whether the key is free, and what is kept under it, if anything."""
    [row] = database.rows(
        _look(claiming=claiming),
        {
            "caller": request.caller,
            "key": request.key,
            "expiry": _expiry(),
            **({"number": request.number} if claiming else {}),
        },
    )
    return row


def _kept(request: Request, row: AnyRow) -> Answer | None:
    if row.fingerprint is None:
        return None
    if not any(hmac.compare_digest(row.fingerprint, each) for each in request.fingerprints):
        raise KeyReused
    return Answer(row.status, row.headers, zlib.decompress(row.body))


def _expiry() -> datetime:
    """What was kept at this moment, or earlier, has expired."""
    moment: datetime = clock.now() - settings()["IDEMPOTENCY_LIFETIME"]
    return moment


def _note_kept() -> None:
    global _count  # noqa: PLW0603  one number for the process, which need not be exact
    if _count % EVERY == 0:
        database.afterwards(remove_expired)
    _count += 1


_count = 0


@lru_cache(maxsize=2)
def _look(*, claiming: bool) -> Select[*tuple[object, ...]]:
    free = func.pg_try_advisory_xact_lock(bindparam("number")) if claiming else true()
    one = select(literal(1).label("one")).subquery("one")
    wanted = and_(
        K.caller == bindparam("caller"),
        K.key == bindparam("key"),
        K.created_at > bindparam("expiry", type_=K.created_at.type),
    )
    return select(free.label("free"), *CONTENT).select_from(one.outerjoin(KEPT, wanted))


@lru_cache(maxsize=2)
def _keep(dialect: str) -> Insert:
    """INSERT, or take the place of an answer that has expired; returns nothing for a good one."""
    insert = postgresql_insert if dialect == "postgresql" else sqlite_insert
    statement = insert(KEPT).values({name: bindparam(name) for name in NAMES})
    return statement.on_conflict_do_update(  # type: ignore[return-value]
        index_elements=[K.caller, K.key],
        set_={name: statement.excluded[name] for name in NAMES if name not in ("caller", "key")},
        where=K.created_at <= bindparam("expiry", type_=K.created_at.type),
    ).returning(K.key)
