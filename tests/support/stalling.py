"""Writers that wait, without a mock: the database itself is made to hold them up."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg
from sqlalchemy import make_url


@contextmanager
def stalled_writers(url: str) -> Iterator[None]:
    """Meanwhile whoever writes to customers waits, and readers do not."""
    if url.startswith("sqlite"):
        file = str(make_url(url).database)
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield
        return
    plain = url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(plain) as connection:
        connection.execute("LOCK TABLE customers IN SHARE MODE")
        yield
