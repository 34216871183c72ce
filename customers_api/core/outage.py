"""What keeps a PostgreSQL that is away from holding requests up, and notices when it is back.

A server that was stopped refuses connections at once. One that hangs, or that the network hides,
says nothing: then who waits for an answer asks, on a connection of its own and with little
patience, whether anybody is there.
"""

import os
import select
import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import psycopg
from psycopg.abc import PQGen

Result = TypeVar("Result")

# So long may a statement take before it is asked whether the server is there at all.
SILENCE_SECONDS = 0.8
PATIENCE_SECONDS = 0.5
# While it is known to be silent, who comes next asks as briefly as the network allows.
IMPATIENCE_SECONDS = 0.4
# Now and then it is really connected to: a standby elsewhere may have taken over.
RETRY_SECONDS = 5.0
# PostgreSQL's SSLRequest: a server answers it with one byte, before it knows who asks.
SSL_REQUEST = bytes.fromhex("0000000804d2162f")
ANSWERS = (b"S", b"N", b"E")
IDLE = psycopg.pq.TransactionStatus.IDLE


class Silent(psycopg.OperationalError):
    """The server does not answer; to try again at once would be to wait again."""


class Outage:
    """Whether the server was silent when this process last waited for it.

    A statement may take `longest` seconds; the server is to end it, but one process of it may hang.
    """

    def __init__(self, longest: float) -> None:
        self.longest = longest
        self.is_on = False
        self._address: tuple[str, int] | None = None
        self._retry_at = 0.0
        self._asking = threading.Lock()

    def connect(self, *arguments: Any, **parameters: Any) -> psycopg.Connection[Any]:
        """A connection; raises Silent at once where the server is known not to answer."""
        if not self.is_on:
            # The driver's own patience is two seconds at the least.
            if self._address:
                self.check(*self._address)
            return self._connect(*arguments, **parameters)
        # One finds out for all whether it is over. The others wait as long as that may take: it may
        # have begun to ask before it was over.
        if not self._asking.acquire(timeout=IMPATIENCE_SECONDS):
            raise Silent("the server did not answer a moment ago")
        try:
            if self.is_on:
                self._check_again()
            return self._connect(*arguments, **parameters)
        finally:
            self._asking.release()

    def check(self, host: str, port: int) -> None:
        """Raise Silent unless the server answers."""
        if _answers(host, port, PATIENCE_SECONDS):
            return
        self.is_on = True
        self._retry_at = time.monotonic() + RETRY_SECONDS
        raise Silent("the server does not answer")

    def _connect(self, *arguments: Any, **parameters: Any) -> psycopg.Connection[Any]:
        try:
            connection = Connection.connect(*arguments, **parameters)
        except psycopg.errors.ConnectionTimeout as error:
            self.is_on = True
            raise Silent(str(error)) from error
        self.is_on = False
        self._address = connection.info.host, connection.info.port
        connection.outage, connection.longest = self, self.longest
        return connection

    def _check_again(self) -> None:
        now = time.monotonic()
        if self._address is None or now >= self._retry_at:
            self._retry_at = now + RETRY_SECONDS
        elif not _answers(*self._address, IMPATIENCE_SECONDS):
            raise Silent("the server still does not answer")


class Connection(psycopg.Connection[Any]):
    """A connection whose waits end when the server has fallen silent."""

    outage: Outage | None = None
    longest: float | None = None

    def wait(
        self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        """What `gen` returns; raises Silent, and closes, when the server no longer answers.

        With a `timeout` psycopg's own error is raised once that is over.
        """
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        # Nearly all end before anybody would look; to watch them costs a tenth of the driver.
        with suppress(psycopg.errors._WaitTimeout):
            return super().wait(gen, interval, SILENCE_SECONDS)
        return super().wait(self._watched(gen), interval)

    def rollback(self) -> None:
        """Undo what is open; the pool asks for it after each use, when hardly ever anything is."""
        if self.pgconn.transaction_status != IDLE:
            super().rollback()

    def _watched(self, gen: PQGen[Result]) -> Generator[Any, Any, Result]:
        """What `gen` returns, which has taken SILENCE_SECONDS already."""
        asks_at = time.monotonic()
        began = asks_at - SILENCE_SECONDS
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() >= asks_at:
                    self._check(time.monotonic() - began)
                    asks_at = time.monotonic() + SILENCE_SECONDS
                wanted = gen.send(ready)
        except StopIteration as end:
            result: Result = end.value
            return result

    def _check(self, waited: float) -> None:
        if self.outage is None:
            return
        try:
            self.outage.check(self.info.host, self.info.port)
            if self.longest is not None and waited > self.longest:
                raise Silent("the server did not end a statement in time")
        except Silent:
            self.close()
            raise


@contextmanager
def unhurried(connection: Any) -> Iterator[None]:
    """Let the server take its time with what is sent, as while it waits for a lock.

    What is long is not received until then, which the network's own patience takes for its end.
    """
    with socket.socket(fileno=os.dup(connection.fileno())) as sent_by:
        if sent_by.family == socket.AF_UNIX:
            yield
            return
        usual = sent_by.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
        sent_by.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 0)
        try:
            yield
        finally:
            sent_by.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, usual)


def has_spoken(connection: Any) -> bool:
    """Whether the server has said something to a connection nobody uses: that it has ended."""
    if connection.closed:
        return True
    waiting = select.poll()
    waiting.register(connection.fileno(), select.POLLIN)
    return bool(waiting.poll(0))


def _answers(host: str, port: int, seconds: float) -> bool:
    with suppress(OSError), _connected(host, port, seconds) as asking:
        asking.sendall(SSL_REQUEST)
        return asking.recv(1) in ANSWERS
    return False


def _connected(host: str, port: int, seconds: float) -> socket.socket:
    if host and not host.startswith("/"):
        return socket.create_connection((host, port), timeout=seconds)
    local = socket.socket(socket.AF_UNIX)
    local.settimeout(seconds)
    local.connect(f"{host or '/var/run/postgresql'}/.s.PGSQL.{port}")
    return local
