"""Connections on which no thread waits for a client: neither for its bytes nor for its reading."""

import errno
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile

from gunicorn.config import Config
from gunicorn.http.parser import RequestParser
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn

from customers_api.web.arrivals import Limits

# Kept of one answer in memory before it goes to a file.
MOST_IN_MEMORY = 256 * 1024
# Kept on disk of all answers of a process; where there is more, threads wait for their clients.
MOST_KEPT = 512 * 1024 * 1024
BLOCK = 64 * 1024
# What the main loop sends to one client before it looks after the others.
TURN = 4 * BLOCK


class Shelf:
    """How much is kept of the answers of a process, and who waits because that is too much."""

    def __init__(self, threads: int, limits: Limits) -> None:
        """At most half of the threads wait."""
        self.limits = limits
        self._kept = 0
        self._lock = threading.Lock()
        self._seats = threading.BoundedSemaphore(max(1, threads // 2))

    @property
    def is_full(self) -> bool:
        """Whether no more should be kept."""
        return self._kept >= MOST_KEPT

    def add(self, size: int) -> None:
        """Note that so many bytes more are kept, or fewer."""
        with self._lock:
            self._kept += size

    @contextmanager
    def seat(self) -> Iterator[None]:
        """The right to wait; raises ConnectionResetError when too many do."""
        if not self._seats.acquire(blocking=False):
            raise ConnectionResetError(errno.ECONNRESET, "too many clients read too slowly")
        try:
            yield
        finally:
            self._seats.release()


class Client(socket.socket):
    """A connection that keeps what its client does not take at once, for the main loop to send."""

    __slots__ = (
        "_held",
        "_holds",
        "_kept",
        "_sent",
        "_shelf",
        "_size",
        "_untried",
        "head",
        "pending",
    )

    def __init__(self, accepted: socket.socket, shelf: Shelf) -> None:
        """Take over a connection."""
        family, kind, protocol = accepted.family, accepted.type, accepted.proto
        super().__init__(family, kind, protocol, fileno=accepted.detach())
        super().setblocking(False)
        self._shelf = shelf
        self._kept: SpooledTemporaryFile[bytes] | None = None
        self._size = self._sent = self._untried = 0
        self._holds, self._held = False, b""
        # The head of the request that is being answered, for whoever has to refuse it.
        self.head = b""
        # How many bytes are still to be sent.
        self.pending = 0

    def setblocking(self, flag: bool, /) -> None:
        """Stay as it is: gunicorn asks for a change many times in a request, each a system call."""

    def settimeout(self, value: float | None, /) -> None:
        """Stay as it is."""

    def hold(self) -> None:
        """Send the next piece, the head of an answer, with what comes after it.

        Each system call lets another thread run, and to be let run again takes longer than to send.
        """
        self._holds = True

    def let_go(self) -> None:
        """Send what is held after all, as nothing comes after it."""
        self._holds = False
        if self._held:
            self.sendall(b"")

    def sendall(self, data: bytes | memoryview, flags: int = 0, /) -> None:  # type: ignore[override]
        """Send it, or what the client does not take now later."""
        if self._holds:
            self._holds, self._held = False, bytes(data)
            return
        if self._held:
            data, self._held = self._held + data, b""
        if not self.pending:
            try:
                sent = self.send(data, flags)
            except BlockingIOError:
                sent = 0
            if sent == len(data):
                return
            self._keep(memoryview(data)[sent:])
        else:
            self._keep(memoryview(data))
            self._untried += len(data)
            if self._untried >= BLOCK:
                self._untried = 0
                self.flush()

    def sendfile(self, file, offset=0, count=None):  # type: ignore[no-untyped-def]
        """Send it block by block: the one of Python's own refuses a connection like this."""
        file.seek(offset)
        left = float("inf") if count is None else count
        while left > 0 and (block := file.read(min(BLOCK, left))):
            self.sendall(block)
            left -= len(block)

    def flush(self) -> int:
        """Send of what is kept what the client takes now, and no more than its turn."""
        moved = 0
        while self._kept is not None and self.pending and moved < TURN:
            self._kept.seek(self._sent)
            try:
                sent = self.send(self._kept.read(BLOCK))
            except BlockingIOError:
                break
            self._sent += sent
            self.pending -= sent
            moved += sent
        if not self.pending:
            self._clear()
        return moved

    def close(self) -> None:
        """Close the connection, and forget what was kept for it."""
        self.pending = 0
        self._clear()
        super().close()

    def _keep(self, data: memoryview) -> None:
        if self._shelf.is_full:
            with self._shelf.seat():
                self._wait()
        if self._kept is None:
            self._kept = SpooledTemporaryFile(MOST_IN_MEMORY)  # noqa: SIM115  # _clear closes it
        self._kept.seek(self._size)
        self._kept.write(data)
        self._size += len(data)
        self.pending += len(data)
        self._shelf.add(len(data))

    def _wait(self) -> None:
        """Wait until the client has taken what is kept, or is too slow."""
        limits, now = self._shelf.limits, time.monotonic()
        deadline = now + limits.stall_seconds
        while self.pending:
            if not _is_ready(self, select.POLLOUT, deadline - now):
                raise ConnectionResetError(errno.ECONNRESET, "the client reads too slowly")
            moved, now = self.flush(), time.monotonic()
            deadline = limits.extended(deadline, moved, now)

    def _clear(self) -> None:
        if self._kept is not None:
            self._kept.close()
            self._shelf.add(-self._size)
        self._kept = None
        self._size = self._sent = 0


class Reader(SocketUnreader):
    """Reads a request that is there already."""

    def __init__(self, client: socket.socket) -> None:
        """Nothing is there yet."""
        super().__init__(client)
        self.head = b""
        self._body = memoryview(b"")

    def give(self, head: bytes, body: memoryview = memoryview(b"")) -> None:  # noqa: B008
        """Have this read next; of the body, there may be more than the parser must copy about."""
        self.head, self._body = head, body

    @property
    def is_ahead(self) -> bool:
        """Whether something is there that was not read."""
        return bool(self.head or self._body or self.buf.getvalue())

    def leftover(self) -> bytes:
        """What was not read, which begins the next request."""
        left = self.take_buffered()
        if self.head or self._body:
            left += self.head + self._body
            self.give(b"")
        return left

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Some of what is there; what is not there by now is not waited for."""
        if self.head:
            piece, self.head = self.head, b""
            return piece
        if self._body:
            piece = bytes(self._body[: max(size_hint or 0, self.mxchunk)])
            self._body = self._body[len(piece) :]
            return piece
        try:
            return self.sock.recv(self.mxchunk)
        except BlockingIOError:
            return b""


def connected(cfg: Config, client: Client, address: object, server: object) -> TConn:
    """gunicorn's connection to this client, ready to have its requests read."""
    connection = TConn(cfg, client, address, server)  # type: ignore[arg-type]
    connection.parser = RequestParser(cfg, client, address)  # type: ignore[arg-type]
    connection.parser.unreader = Reader(client)
    connection.initialized = connection.data_ready = True
    return connection


def _is_ready(client: socket.socket, event: int, seconds: float) -> bool:
    waiting = select.poll()
    waiting.register(client, event)
    return bool(waiting.poll(max(0.0, seconds * 1000)))
