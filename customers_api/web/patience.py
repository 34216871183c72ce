"""What keeps slow clients from holding threads: the main loop waits for them, all at once.

A request is given to a thread when it is there to its last byte, and what a client does not take of
its answer at once is sent by the main loop as the client takes it. Who is too slow is sent away.
"""

import errno
import socket
import threading
import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from typing import Any

from gunicorn.http import errors
from gunicorn.workers.gthread import TConn, ThreadWorker

from customers_api.web.arrivals import Arrival, Limits, is_whole
from customers_api.web.balance import Balance
from customers_api.web.connections import Client, Reader, Shelf, connected
from customers_api.web.refusals import Busy, TooSlow
from customers_api.web.threads import Answered, Mailbox, Threads
from customers_api.web.turns import Kind, caller_of

Answer = Future[bool] | Answered[bool]
FIRST_BYTES = 16 * 1024
PROBES = (b"GET /health", b"GET /metrics")
GO_AHEAD = b"HTTP/1.1 100 Continue\r\n\r\n"
# Requests that have not arrived whole, all together; where it is more, whoever has most of it makes
# room.
MOST_ARRIVING = 64 * 1024 * 1024
# Bodies that have arrived and wait for a thread; where it is more, the next one is refused.
MOST_WAITING = 64 * 1024 * 1024
# Nobody else of the process works while a larger body is taken apart.
LARGE_BODY = 1024 * 1024
# That a kept connection is waited for once the worker is to end; gunicorn's own number.
FAREWELL_SECONDS = 2.0
# For a worker with fewer connections to take the next one; nobody waits longer for that.
HESITATION_SECONDS = 0.001
SWEEP_SECONDS = 0.5
NOTICE_SECONDS = 0.5
OUT_OF_FILES = (errno.EMFILE, errno.ENFILE)
NO_CONNECTION = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)


@dataclass(slots=True)
class Departure:
    """An answer that its client has not taken yet, and when it is too late for that."""

    answered: Answer
    deadline: float


class PatientWorker(ThreadWorker):
    """A gthread worker whose threads never wait for a client."""

    # Set by gunicorn.conf.py, before the workers are forked.
    limits = Limits()
    balance = Balance()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shelf = Shelf(self.cfg.threads, self.limits)
        # Both in the order in which they began.
        self.arrivals: dict[TConn, Arrival] = {}
        self.departures: dict[TConn, Departure] = {}
        # cfg looks each of its settings up anew.
        self.keepalive = float(self.cfg.keepalive)
        # The bytes of the large bodies that wait for a thread or have one.
        self.large: dict[TConn, int] = {}
        self.waste = bytearray(256 * 1024)
        self._arriving = 0
        self._next_sweep = self._next_notice = 0.0
        # Threads keep connections, too, while the main loop looks through those that are kept.
        self._keeping = threading.Lock()

    def get_thread_pool(self) -> Any:
        """The threads that answer requests; gunicorn asks for them once."""
        wake = partial(self.method_queue.defer, self._finish_requests)
        self.answered: Mailbox[TConn, bool] = Mailbox(wake)
        self.threads = Threads(self.cfg.threads, self.handle, self._has_answered)
        return self.threads

    def notify(self) -> None:
        """Tell that the worker lives, often enough: gunicorn calls this in each turn of a loop."""
        now = time.monotonic()
        if now >= self._next_notice:
            self._next_notice = now + NOTICE_SECONDS
            super().notify()

    def enqueue_req(self, conn: TConn) -> None:
        """Have the request of a connection answered whose bytes nobody has looked at."""
        self.threads.add(conn, (Kind.PLAIN, _address(conn).encode()))

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, unless a worker that has fewer is about to."""
        if self.balance.is_ahead(self.nr_conns):
            time.sleep(HESITATION_SECONDS)
        try:
            accepted, address = listener.accept()
        except OSError as error:
            if error.errno in OUT_OF_FILES:
                self._make_room()
            elif error.errno not in NO_CONNECTION:
                raise
            return
        self.nr_conns += 1
        self.balance.tell(self.age, self.nr_conns)
        if self.cfg.is_ssl:
            self.enqueue_req(TConn(self.cfg, accepted, address, listener.getsockname()))
            return
        client = Client(accepted, self.shelf)
        conn = connected(self.cfg, client, address, listener.getsockname())
        self._receive(conn)

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Read the next request of a kept connection."""
        if not isinstance(client, Client):
            super().on_client_socket_readable(conn, client)
            return
        # It may have had to make room a moment ago.
        if client.fileno() >= 0:
            self.poller.unregister(client)
            self.keepalived_conns.remove(conn)
            self._receive(conn)

    def _has_answered(self, conn: TConn, answered: Answered[bool]) -> None:
        """Keep a connection that has nothing to be looked after, or leave it to the main loop.

        The main loop would have to be woken, and that takes longer than what it has to do.
        """
        rests = answered.value is True and self._is_at_rest(conn)
        if not (rests and self.alive and self._keep(conn)):
            self.answered.put(conn, answered)

    def _is_at_rest(self, conn: TConn) -> bool:
        """Whether a client has its whole answer, and has sent nothing beyond its request."""
        client = conn.sock
        if not isinstance(client, Client) or client.pending or conn in self.large:
            return False
        return not _reader(conn).is_ahead

    def _finish_requests(self) -> None:
        for conn, answered in self.answered.take():
            self.finish_request(conn, answered)

    def finish_request(self, conn: TConn, fs: Answer) -> None:
        """Let the client take the rest of its answer, if there is any, and go on from there."""
        self.large.pop(conn, None)
        client = conn.sock
        if isinstance(client, Client) and client.pending and client.fileno() >= 0:
            deadline = time.monotonic() + self.limits.stall_seconds
            self.departures[conn] = Departure(fs, deadline)
            self.poller.register(client, EVENT_WRITE, partial(self._send_rest, conn))
        else:
            self.finish_answer(conn, fs)

    def finish_answer(self, conn: TConn, answered: Answer) -> None:
        """Keep the connection, or say farewell to it."""
        if answered.cancelled() or answered.exception():
            self.drop(conn)
        elif not answered.result():
            self.say_farewell(conn)
        elif not isinstance(conn.sock, Client):
            super().finish_request(conn, answered)  # type: ignore[arg-type]  # asks no more of it
        elif begun := _reader(conn).leftover():
            self._begin(conn, begun)
        elif not self._keep(conn):
            self.drop(conn)

    def _keep(self, conn: TConn) -> bool:
        """Wait for the next request of a connection; False where it is closed."""
        _client(conn).head = b""
        read = partial(self.on_client_socket_readable, conn)
        with self._keeping:
            patience = self.keepalive if self.alive else min(self.keepalive, FAREWELL_SECONDS)
            conn.timeout = time.monotonic() + patience
            # First, as the main loop looks for it there as soon as it is registered.
            self.keepalived_conns.append(conn)
            try:
                self.poller.register(conn.sock, EVENT_READ, read)
            except (OSError, ValueError, KeyError):
                self.keepalived_conns.remove(conn)
                return False
        return True

    def answer_probe(self, conn: TConn) -> None:
        """Have the request of a monitor answered, who takes no turns."""
        raise NotImplementedError

    def say_farewell(self, conn: TConn) -> None:
        """Close a connection gently."""
        raise NotImplementedError

    def drop(self, conn: TConn) -> None:
        """Close a connection that nobody waits for."""
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """Send away whoever was too slow; gunicorn calls this once in a turn of its loop."""
        super().murder_pending()
        if self.alive:
            self.balance.tell(self.age, self.nr_conns)
        if self.nr_conns >= self.worker_connections:
            self._make_room()
        now = time.monotonic()
        if now < self._next_sweep:
            return
        self._next_sweep = now + SWEEP_SECONDS
        for conn in [conn for conn, each in self.arrivals.items() if each.deadline < now]:
            self._send_away(conn, TooSlow("too slow"))
        for conn in [conn for conn, each in self.departures.items() if each.deadline < now]:
            self._forget(conn)
            self.drop(conn)

    def _cap_keepalive(self, deadline: float) -> None:
        self.balance.forget(self.age)
        with self._keeping:
            super()._cap_keepalive(deadline)  # type: ignore[misc]  # stubs are a release behind
        for arrival in self.arrivals.values():
            if not arrival.data:
                arrival.deadline = min(arrival.deadline, deadline)

    def _receive(self, conn: TConn) -> None:
        """Read what has come of a new request."""
        try:
            data = conn.sock.recv(FIRST_BYTES)
        except BlockingIOError:
            self._await(conn, Arrival(self.limits, time.monotonic(), _address(conn).encode()))
        except OSError:
            self.drop(conn)
        else:
            if data:
                self._begin(conn, data)
            else:
                self.drop(conn)

    def _begin(self, conn: TConn, data: bytes) -> None:
        if is_whole(data):
            self._hand_on(conn, data)
            return
        now = time.monotonic()
        arrival = Arrival(self.limits, now, _address(conn).encode())
        if not self._add(conn, arrival, data, now):
            self._await(conn, arrival)

    def _await(self, conn: TConn, arrival: Arrival) -> None:
        self.arrivals[conn] = arrival
        self._arriving += len(arrival.data)
        self.poller.register(conn.sock, EVENT_READ, partial(self._receive_more, conn))

    def _receive_more(self, conn: TConn, client: socket.socket) -> None:
        """Read more of a request that has not arrived whole."""
        arrival, now = self.arrivals.get(conn), time.monotonic()
        # It may have had to make room a moment ago.
        if arrival is None:
            return
        try:
            received = client.recv_into(self.waste)
        except BlockingIOError:
            return
        except OSError:
            received = 0
        if not received:
            self._forget(conn)
            # Whoever reads a body can tell that it is too short.
            if arrival.body:
                self._hand_on(conn, *arrival.parts())
            else:
                self.drop(conn)
            return
        while self._arriving + received > MOST_ARRIVING and conn in self.arrivals:
            self._send_away(self._largest(), Busy("too much arrives"))
        if conn in self.arrivals:
            self._arriving += received
            self._add(conn, arrival, memoryview(self.waste)[:received], now)

    def _add(self, conn: TConn, arrival: Arrival, piece: bytes | memoryview, now: float) -> bool:
        """Whether that was the end of waiting, for a good reason or a bad one."""
        try:
            if not arrival.add(piece, now):
                if arrival.go_ahead:
                    arrival.go_ahead = False
                    conn.sock.sendall(GO_AHEAD)
                return False
        except errors.ParseException as error:
            self._forget(conn)
            self._refuse(conn, error, arrival.head())
        except OSError:
            self._forget(conn)
            self.drop(conn)
        else:
            self._forget(conn)
            self._hand_on(conn, *arrival.parts())
        return True

    def _hand_on(self, conn: TConn, head: bytes, body: memoryview = memoryview(b"")) -> None:  # noqa: B008
        """Have a request answered by a thread when it is its turn."""
        _reader(conn).give(head, body)
        _client(conn).head = head
        if head.startswith(PROBES):
            self.answer_probe(conn)
            return
        caller = caller_of(head, _address(conn))
        if len(body) <= LARGE_BODY:
            self.threads.add(conn, caller)
        elif sum(self.large.values()) + len(body) > MOST_WAITING:
            self._refuse(conn, Busy("too much waits"), head)
            return
        else:
            self.large[conn] = len(body)
            self.threads.add(conn, (Kind.LARGE, caller[1]))

    def _send_rest(self, conn: TConn, client: Client) -> None:
        """Send what the client takes of an answer that a thread has left."""
        departure = self.departures.get(conn)
        if departure is None:
            return
        try:
            moved = client.flush()
        except OSError:
            self._forget(conn)
            self.drop(conn)
            return
        now = time.monotonic()
        departure.deadline = self.limits.extended(departure.deadline, moved, now)
        if not client.pending:
            self._forget(conn)
            self.finish_answer(conn, departure.answered)

    def _largest(self) -> TConn:
        """The largest of the requests on their way in from whoever has most of that."""
        held: Counter[bytes] = Counter()
        for arrival in self.arrivals.values():
            held[arrival.caller] += len(arrival.data)
        ((caller, _),) = held.most_common(1)
        theirs = [conn for conn, each in self.arrivals.items() if each.caller == caller]
        return max(theirs, key=lambda conn: len(self.arrivals[conn].data))

    def _send_away(self, conn: TConn, why: Exception) -> None:
        """End the wait for a request; a client that has said nothing is not answered either."""
        arrival = self.arrivals[conn]
        self._forget(conn)
        if arrival.data:
            self._refuse(conn, why, arrival.head())
        else:
            self.drop(conn)

    def _refuse(self, conn: TConn, error: Exception, head: bytes) -> None:
        _client(conn).head = head
        self.handle_error(None, conn.sock, conn.client, error)
        self.say_farewell(conn)

    def _forget(self, conn: TConn) -> None:
        """Wait for this client no longer."""
        arrival = self.arrivals.pop(conn, None)
        if arrival is not None:
            self._arriving -= len(arrival.data)
        if arrival is not None or self.departures.pop(conn, None) is not None:
            self.poller.unregister(conn.sock)

    def _make_room(self) -> None:
        """Close a connection of the more frequent kind of those that do nothing.

        The oldest, and of those that begin a request the oldest of whoever has most of these.
        """
        if len(self.arrivals) >= len(self.keepalived_conns):
            callers = Counter(arrival.caller for arrival in self.arrivals.values())
            for caller, _ in callers.most_common(1):
                conn = next(conn for conn, each in self.arrivals.items() if each.caller == caller)
                self._forget(conn)
                self.drop(conn)
            return
        with self._keeping:
            conn = self.keepalived_conns.popleft()
            self.poller.unregister(conn.sock)
        self.drop(conn)


def _address(conn: TConn) -> str:
    # A unix socket's peer has none.
    return str(conn.client[0]) if isinstance(conn.client, tuple) else ""


def _client(conn: TConn) -> Client:
    if not isinstance(conn.sock, Client):
        raise TypeError("not one of our connections")
    return conn.sock


def _reader(conn: TConn) -> Reader:
    reader = conn.parser.unreader  # type: ignore[union-attr]
    if not isinstance(reader, Reader):
        raise TypeError("not one of our connections")
    return reader
