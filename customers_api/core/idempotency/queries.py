"""What a request that may be sent again is known by, and what was answered to it before."""

import hmac
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

from sqlalchemy import Select, and_, bindparam, func, literal, select, true

from customers_api.core import clock, database, keyed
from customers_api.core.errors import Error
from customers_api.core.idempotency.model import KEPT
from customers_api.core.statements import AnyRow
from customers_api.extensions import settings

K = KEPT.c
CONTENT = (K.fingerprint, K.status, K.headers, K.body)
# The body of what is not to be told again: no other is empty, once it is compressed.
FORGOTTEN = b""


class KeyReused(Error):
    """This Idempotency-Key stands for another request; a new request needs a new key."""

    code = "idempotency-key-reused"


class AnswerForgotten(Error):
    """This was done; the customers it told of have been removed. A new request needs a new key."""

    code = "answer-forgotten"


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

        Without a secret in it, whoever reads the database could try which password was sent.
        """
        return keyed.digests(b"idempotency:" + self.content)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a caller was answered; only that there was an answer, where it is `forgotten`."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    forgotten: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What there is under a key: an answer, or one that has `expired`, or neither.

    It is `free` where nobody else is at work on it, as far as was asked.
    """

    answer: Answer | None
    expired: bool
    free: bool


def find(request: Request) -> Found:
    """What is kept for a request; raises KeyReused or AnswerForgotten."""
    return _found(request, claiming=False)


def claim(request: Request) -> Found:
    """As `find`; where the key is free, the open unit of work is now the only one at work on it.

    Of PostgreSQL only, and in the one statement. Who commits between its look and its claim is
    not seen, so what is kept afterwards must not be kept over another's.
    """
    return _found(request, claiming=True)


def expiry() -> datetime:
    """What was kept at this moment, or earlier, has expired."""
    moment: datetime = clock.now() - settings()["IDEMPOTENCY_LIFETIME"]
    return moment


def _found(request: Request, *, claiming: bool) -> Found:
    wanted = {"caller": request.caller, "key": request.key, "expiry": expiry()}
    claimed = {"number": request.number} if claiming else {}
    [row] = database.rows(_look(claiming=claiming), {**wanted, **claimed})
    there = row.fingerprint is not None and not row.expired
    return Found(_answer(request, row) if there else None, bool(row.expired), row.free)


def _answer(request: Request, row: AnyRow) -> Answer:
    if not any(hmac.compare_digest(row.fingerprint, each) for each in request.fingerprints):
        raise KeyReused
    if row.body == FORGOTTEN:
        raise AnswerForgotten
    return Answer(row.status, row.headers, zlib.decompress(row.body))


@lru_cache(maxsize=2)
def _look(*, claiming: bool) -> Select[*tuple[object, ...]]:
    free = func.pg_try_advisory_xact_lock(bindparam("number")) if claiming else true()
    one = select(literal(1).label("one")).subquery("one")
    wanted = and_(K.caller == bindparam("caller"), K.key == bindparam("key"))
    expired = K.created_at <= bindparam("expiry", type_=K.created_at.type)
    told = free.label("free"), expired.label("expired"), *CONTENT
    return select(*told).select_from(one.outerjoin(KEPT, wanted))
