"""New customers' texts enter PostgreSQL's text index later, many at a time; see decision 19.

Until then they are in `customer_search_waiting`, which every search reads whole, so none is missed.
While customers are being created, by this process or another, only what is more than MOST_WAITING
is moved; once nobody creates any, all of it.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, Pool, TextClause, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from customers_api.core import database
from customers_api.extensions import db

log = logging.getLogger(__name__)
# A search reads so many texts in some two milliseconds.
MOST_WAITING = 10_000
BATCH = 2_000
# New texts of this process before anybody looks whether they are many.
WORTH_A_LOOK = 1_000
# So long nobody must have created a customer.
QUIET_SECONDS = 2.0
# After each batch there is a rest of so many times what it took, so that who creates customers has
# the processors: less where so much waits that searches feel it, little while nobody creates any.
REST, LESS_REST, LITTLE_REST = 15, 5, 1
# Some hundred thousand texts, which a search reads in some twenty milliseconds.
MANY_BYTES = 16 * 1024 * 1024
NOBODY = -1
THREAD = "mover of texts"
# Any number, as long as it is always the same: one process moves texts at a time.
MOVING_LOCK = 7_307_199_021
MOVE = text(
    """
    WITH moved AS (
        DELETE FROM customer_search_waiting WHERE customer_id IN (
            SELECT customer_id FROM customer_search_waiting
            ORDER BY customer_id LIMIT :batch FOR UPDATE SKIP LOCKED
        ) RETURNING customer_id, key, created_at
    )
    INSERT INTO customer_search (customer_id, key, created_at)
    SELECT customer_id, key, created_at FROM moved
    """
)
COUNT = text("SELECT count(*) FROM (SELECT FROM customer_search_waiting LIMIT :most) AS waiting")
NEWEST = text("SELECT max(customer_id) FROM customer_search_waiting")
SIZE = text("SELECT pg_relation_size('customer_search_waiting')")


class Mover:
    """Moves texts in the background of a process, when there is a reason to."""

    def __init__(self) -> None:
        self._noted = 0
        self._next_look = 0
        self._starting = threading.Lock()
        self._is_wanted = False
        self._thread: threading.Thread | None = None

    def note_new(self, count: int) -> None:
        """Have texts moved after this unit of work, if many customers are new."""
        self._noted += count
        if self._noted >= self._next_look and database.dialect() == "postgresql":
            self._next_look = self._noted + WORTH_A_LOOK
            engine = db.engine
            database.afterwards(lambda: self.start(engine))

    def look_once(self) -> None:
        """Have what waits moved, if that was never asked for: it may be of an earlier server."""
        if not self._next_look and database.dialect() == "postgresql":
            self._next_look = self._noted + WORTH_A_LOOK
            self.start(db.engine)

    def start(self, engine: Engine) -> None:
        """Have texts moved; if that is being done already, once more after it."""
        with self._starting:
            self._is_wanted = True
            if self._thread is None or not self._thread.is_alive():
                arguments = engine, engine.pool
                self._thread = threading.Thread(
                    target=self._work, args=arguments, name=THREAD, daemon=True
                )
                self._thread.start()

    def _work(self, engine: Engine, pool: Pool) -> None:
        try:
            while self._goes_on():
                move_until_quiet(engine, pool)
        except SQLAlchemyError:
            # They wait on, and are found as before.
            log.warning("Texts could not be moved to their index", exc_info=True)
            with self._starting:
                self._thread = None

    def _goes_on(self) -> bool:
        with self._starting:
            wanted, self._is_wanted = self._is_wanted, False
            if not wanted:
                self._thread = None
            return wanted


def move_until_quiet(engine: Engine, pool: Pool) -> None:
    """Move texts until nobody creates any, and give back their room; or until `pool` is closed."""
    newest, is_quiet = move_all(engine, pool, NOBODY)
    while not is_quiet:
        time.sleep(QUIET_SECONDS)
        if engine.pool is not pool:
            return
        newest, is_quiet = move_all(engine, pool, newest)
    tidy(engine, pool)


def move_all(engine: Engine, pool: Pool, newest: int | None) -> tuple[int | None, bool]:
    """Move what is too much, and as long as it is quiet, the rest.

    It is quiet while no customer is newer than at the look before: at first, than `newest`.
    Returns the newest one whose text waits, None for nobody, and whether it is quiet still.
    """
    while True:
        with _connected(engine, pool) as connection:
            before, newest = newest, _asked(connection, NEWEST)
            is_quiet = newest == before
            is_much = (_asked(connection, SIZE) or 0) > MANY_BYTES
            seconds = move(connection, leave=0 if is_quiet else MOST_WAITING)
        if not seconds:
            return newest, is_quiet and seconds is not None
        rest = LITTLE_REST if is_quiet else LESS_REST if is_much else REST
        # With no connection, which others may wait for.
        time.sleep(rest * seconds)


def move(connection: Connection, *, leave: int) -> float | None:
    """Move the oldest of more than `leave` texts.

    Returns the seconds that took, 0 for nothing, None where another process is at it.
    """
    began = time.perf_counter()
    connection.execution_options(**database.WRITES["postgresql"])
    with connection.begin():
        if not connection.scalar(select(func.pg_try_advisory_xact_lock(MOVING_LOCK))):
            return None
        if connection.scalar(COUNT, {"most": leave + 1}) <= leave:
            return 0.0
        connection.execute(MOVE, {"batch": BATCH})
    return time.perf_counter() - began


def _asked(connection: Connection, statement: TextClause) -> int | None:
    with connection.begin():
        answer: int | None = connection.scalar(statement)
    return answer


def tidy(engine: Engine, pool: Pool) -> None:
    """Give back the room of what was moved, which searches would read as well."""
    with _connected(engine, pool) as connection:
        connection.execute(text("VACUUM customer_search_waiting"))


@contextmanager
def _connected(engine: Engine, pool: Pool) -> Iterator[Connection]:
    """A connection, closed at the end if `pool` is: nobody closes what comes back to it then."""
    with engine.connect() as connection:
        try:
            yield connection
        finally:
            if engine.pool is not pool:
                connection.invalidate()


mover = Mover()
