"""An exception as the log tells of it: what, where, and nothing that a client has given.

The message of any exception may repeat a value: the email that is there twice, the text that is not
a number. So messages are left out, but for those of kinds that are known to speak of the server.
"""

import sqlite3
import traceback
from collections.abc import Iterator

import psycopg
from sqlalchemy.exc import DBAPIError

MOST_FRAMES = 24
MOST_EXCEPTIONS = 4
# With the rest of its line below what a pipe takes in one piece.
MOST_CHARACTERS = 3000
# What Python itself says of the program, not of its data.
OF_THE_PROGRAM = (AttributeError, ImportError, MemoryError, NameError, RecursionError)
# PostgreSQL's classes of errors whose messages show data: data exceptions, broken constraints.
SHOWING_DATA = ("22", "23")


def told(raised: BaseException, *, whole: bool) -> str:
    """The exception and what caused it, the first cause first; `whole` with all messages."""
    if whole:
        return "".join(traceback.format_exception(raised)).rstrip()
    parts = [part for each in _chain(raised) for part in (*_frames(each), _named(each))]
    text = "\n".join(parts)
    if len(text) <= MOST_CHARACTERS:
        return text
    return f"{text[: MOST_CHARACTERS // 3]}\n…\n{text[-MOST_CHARACTERS * 2 // 3 :]}"


def _chain(raised: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    each: BaseException | None = raised
    while each is not None and len(chain) < MOST_EXCEPTIONS and each not in chain:
        chain.append(each)
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    return chain[::-1]


def _frames(raised: BaseException) -> Iterator[str]:
    walked = [*traceback.walk_tb(raised.__traceback__)][-MOST_FRAMES:]
    for frame, line in walked:
        module = frame.f_globals.get("__name__", "?")
        yield f"{module}:{line} {frame.f_code.co_name}"


def _named(raised: BaseException) -> str:
    kind = type(raised)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    said = " ".join(_said(raised))
    return f"{name}: {said}" if said else name


def _said(raised: BaseException) -> Iterator[str]:
    if isinstance(raised, DBAPIError) and raised.orig is not None:
        # Its own message is the driver's, the statement and its parameters.
        yield _named(raised.orig)
    elif isinstance(raised, psycopg.Error):
        yield from _said_by_postgresql(raised)
    elif isinstance(raised, sqlite3.Error):
        code = getattr(raised, "sqlite_errorname", "")
        yield code
        # The general one quotes what it did not understand.
        if code not in ("", "SQLITE_ERROR"):
            yield str(raised)
    elif isinstance(raised, OSError) and raised.strerror:
        yield raised.strerror
    elif isinstance(raised, OF_THE_PROGRAM):
        yield str(raised)


def _said_by_postgresql(raised: psycopg.Error) -> Iterator[str]:
    if raised.sqlstate is None:
        # The driver's own: it could not connect, or was cut off.
        if isinstance(raised, psycopg.OperationalError):
            yield " ".join(str(raised).split())
        return
    yield raised.sqlstate
    yield from filter(None, (raised.diag.table_name, raised.diag.constraint_name))
    if not raised.sqlstate.startswith(SHOWING_DATA) and raised.diag.message_primary:
        yield raised.diag.message_primary
