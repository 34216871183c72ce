"""Connections of SQLAlchemy's pools, lent without what it wraps each of them in.

That takes a twelfth of the time of a small read; see docs/decisions/0016. A loan is for one
statement that commits itself: there is no transaction to be undone when it ends. What is asked of
the pool is what its own subclasses are asked for, and its release is pinned. Who listens to
`checkout` hears of the connection and of its entry, and of no wrapper.
"""

import time
from typing import cast

from sqlalchemy import Pool
from sqlalchemy.pool import ManagesConnection
from sqlalchemy.pool.base import PoolProxiedConnection, _ConnectionRecord

Loan = _ConnectionRecord


def lend(pool: Pool) -> Loan:
    """A connection until `take_back`; raises TimeoutError, or what the driver does."""
    record = cast(_ConnectionRecord, pool._do_get())
    try:
        connection = record.get_connection()
        pool.dispatch.checkout(connection, record, None)
    except BaseException:
        pool._do_return_conn(record)
        raise
    return record


def take_back(connection: Loan, pool: Pool) -> None:
    """End a loan."""
    pool.dispatch.checkin(connection.dbapi_connection, connection)
    pool._do_return_conn(connection)


def forget(connection: ManagesConnection, error: BaseException, pool: Pool) -> None:
    """Have a connection that broke made anew, and all that are as old."""
    if not isinstance(connection, _ConnectionRecord):
        pool._invalidate(cast(PoolProxiedConnection, connection), error)
        return
    if pool._invalidate_time < connection.starttime:
        pool._invalidate_time = time.time()
    connection.invalidate(error)
