"""How the engine is made: what each connection is told, on SQLite and on PostgreSQL."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Connection, event, make_url
from sqlalchemy.pool import ConnectionPoolEntry

from customers_api.core import outage, spent
from customers_api.core.outage import Outage

# After its own limit the server has this long to say so.
GRACE_SECONDS = 1.0
IN_MEMORY = ":memory:"
SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 30000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -32768",
)


def options(url: str, *, pool_size: int, timeout_seconds: int, prepare: bool) -> dict[str, Any]:
    """What SQLAlchemy's engine for `url` is made with; `timeout_seconds` bounds a statement."""
    common: dict[str, Any] = {
        "isolation_level": "AUTOCOMMIT",
        "pool_pre_ping": False,
        # What a statement that fails was given, hashes of passwords among it, is not for the log.
        "hide_parameters": True,
    }
    if make_url(url).get_backend_name() != "postgresql":
        return common
    settings = {
        "TimeZone": "UTC",
        "statement_timeout": timeout_seconds * 1000,
        # To compile a statement takes longer than any of ours do without.
        "jit": "off",
        # A search that finds a hundred thousand keeps them apart in that, else whole pages.
        "work_mem": "16MB",
    }
    return common | {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_timeout": 2,
        # The one that was used last, of which most is at hand in the server's and in our caches.
        "pool_use_lifo": True,
        "connect_args": {
            "connect_timeout": 2,
            # What is sent and not even received, as by a network that forgot us, is given up.
            "tcp_user_timeout": 3000,
            "prepare_threshold": 5 if prepare else None,
            "options": " ".join(f"-c {name}={value}" for name, value in settings.items()),
        },
    }


def make_folder(url: str, folder: str) -> None:
    """Make the folder that a relative path to SQLite's file is taken from, for us alone."""
    parsed = make_url(url)
    path = (parsed.database or IN_MEMORY).removeprefix("file:")
    is_relative = path != IN_MEMORY and not os.path.isabs(path)
    if parsed.get_backend_name() == "sqlite" and is_relative:
        os.makedirs(folder, mode=0o700, exist_ok=True)


def prepare(database: SQLAlchemy, *, timeout_seconds: int) -> None:
    """Make the bound engine keep SQLite safe for many processes, and bound PostgreSQL's silence."""
    spent.watch(database.engine)
    if database.engine.dialect.name != "sqlite":
        silence = Outage(timeout_seconds + GRACE_SECONDS)
        event.listen(database.engine, "do_connect", _connecting(silence))
        return
    event.listen(database.engine, "do_connect", _make_file)
    event.listen(database.engine, "connect", _configure_sqlite)
    event.listen(database.engine, "begin", _begin_immediate)


def disconnect(database: SQLAlchemy) -> None:
    """Close all connections, which processes that are forked afterwards must not share."""
    for engine in database.engines.values():
        engine.dispose()


@contextmanager
def patient(connection: Connection) -> Iterator[None]:
    """Wait for this connection's statements as long as the server takes, which is told so apart."""
    driver = connection.connection.driver_connection
    if not isinstance(driver, outage.Connection):
        yield
        return
    usual, driver.longest = driver.longest, None
    try:
        yield
    finally:
        driver.longest = usual


def _connecting(silence: Outage) -> Callable[..., Any]:
    def connect(_dialect: object, _entry: object, arguments: Any, parameters: Any) -> Any:
        return silence.connect(*arguments, **parameters)

    return connect


def _make_file(_dialect: object, _entry: object, arguments: Any, parameters: Any) -> None:
    """Make SQLite's file for its owner's eyes only, where there is none yet.

    SQLite, whose files beside it get the same rights, would let the umask decide. One that is there
    is not so much as opened: closing it would cost this process its locks on it.
    """
    path = arguments[0]
    if path in ("", IN_MEMORY) or parameters.get("uri"):
        return
    # Where it cannot be made, SQLite says so.
    with suppress(OSError):
        os.close(os.open(os.path.realpath(path), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _configure_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    # Lower case by Unicode, which SQLite's own knows for ASCII only.
    connection.create_function("folded", 1, _folded, deterministic=True)
    cursor = connection.cursor()
    for pragma in SQLITE_PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _folded(text: str | None) -> str | None:
    return text.lower() if text is not None else None


def _begin_immediate(connection: Connection) -> None:
    # A transaction that starts as a read and writes later can fail with "database is locked";
    # one that starts as a write waits its turn.
    if connection.get_execution_options().get("begin_immediate"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
