"""What goes over the wire to PostgreSQL, read along by a relay that knows nothing of the driver."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

PIECE = 1 << 16
TYPE_AND_LENGTH, LENGTH = 5, 4
QUERY, EXECUTE, ROW = b"Q", b"E", b"D"


@dataclass
class Traffic:
    """What was counted since the last `reset`."""

    statements: int = 0
    round_trips: int = 0
    rows: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0

    def reset(self) -> None:
        """Begin anew."""
        self.statements = self.round_trips = self.rows = 0
        self.bytes_sent = self.bytes_received = 0


class Messages:
    """Cuts one direction of a connection into messages; gives their types."""

    def __init__(self, *, begins_untyped: bool) -> None:
        """What a client says first has no type."""
        self._untyped = begins_untyped
        self._buffer = b""

    def types(self, piece: bytes) -> Iterator[bytes]:
        """The types of the messages that this piece completes."""
        self._buffer += piece
        while True:
            head = LENGTH if self._untyped else TYPE_AND_LENGTH
            if len(self._buffer) < head:
                return
            # The length counts itself, and not the type.
            whole = int.from_bytes(self._buffer[head - LENGTH : head]) + head - LENGTH
            if len(self._buffer) < whole:
                return
            kind, self._buffer = self._buffer[:1], self._buffer[whole:]
            yield b"" if self._untyped else kind
            self._untyped = False


class Connection:
    """One connection that is read along with."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._asked = Messages(begins_untyped=True)
        self._answered = Messages(begins_untyped=False)
        self._heard = True

    def ask(self, piece: bytes) -> None:
        """The client said this."""
        self._traffic.bytes_sent += len(piece)
        # Whoever speaks after having heard something has waited for it.
        self._traffic.round_trips += self._heard
        self._heard = False
        kinds = [*self._asked.types(piece)]
        self._traffic.statements += kinds.count(QUERY) + kinds.count(EXECUTE)

    def answer(self, piece: bytes) -> None:
        """The server said this."""
        self._heard = True
        self._traffic.bytes_received += len(piece)
        self._traffic.rows += [*self._answered.types(piece)].count(ROW)


@contextmanager
def relayed(url: str, traffic: Traffic) -> Iterator[str]:
    """The URL under which the same database is reached, with everything counted."""
    there = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))
    target = (there.hostname or "127.0.0.1", there.port or 5432)
    threading.Thread(target=_accept, args=(listener, target, traffic), daemon=True).start()
    user = there.netloc.rpartition("@")[0]
    port = listener.getsockname()[1]
    try:
        # What is encrypted could not be read.
        plain = "sslmode=disable&gssencmode=disable"
        yield f"{there.scheme}://{user}@127.0.0.1:{port}{there.path}?{plain}"
    finally:
        listener.close()


def _accept(listener: socket.socket, target: tuple[str, int], traffic: Traffic) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(target)
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = Connection(traffic)
            for pair in ((client, server, reader.ask), (server, client, reader.answer)):
                threading.Thread(target=_pass_on, args=pair, daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, read: Callable[[bytes], None]) -> None:
    with suppress(OSError):
        while piece := source.recv(PIECE):
            # Read first: an answer must not be counted before its question.
            read(piece)
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
