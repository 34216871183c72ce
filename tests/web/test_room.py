"""Who makes room when more is on its way to a worker than it keeps in memory."""

import json
import logging
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from selectors import DefaultSelector
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from customers_api.core.tokens.signing import keys_of
from customers_api.web import patience, server
from customers_api.web.arrivals import Limits
from customers_api.web.signatures import MOST_KNOWN, Signatures
from tests.support.tokens import SECRET, signed

SIGNATURES = Signatures(keys_of(SECRET, ()), "HS256")
LIMITS = Limits(body_bytes=16_000_000, stranger_bytes=16_000, know=SIGNATURES.know)
KILOBYTE = bytes(1000)
Send = Callable[[bytes], socket.socket]


class Handed:
    """Stands for the threads: keeps what would be answered."""

    def __init__(self) -> None:
        self.added: list[TConn] = []

    def add(self, conn: TConn, _caller: object) -> None:
        self.added.append(conn)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A worker whose main loop is turned by hand."""
    monkeypatch.setattr(patience.PatientWorker, "limits", LIMITS)
    monkeypatch.setattr(patience, "MOST_ARRIVING", 100_000)
    monkeypatch.setattr(patience, "MOST_WAITING", 3_000_000)
    log: Any = logging.getLogger(__name__)
    worker: Any = server.Worker(0, 0, [], None, 30, Config(), log)  # type: ignore[arg-type]
    worker.threads = Handed()
    with DefaultSelector() as worker.poller, worker.tmp._tmp:
        worker.pending_conns, worker.keepalived_conns = deque(), deque()
        worker.worker_connections = 1000
        yield worker
        parting = [each.connection for each in worker.farewells]
        for conn in (*worker.arrivals, *worker.threads.added, *parting):
            conn.close()


@pytest.fixture
def send(worker: Any) -> Iterator[Send]:
    """Sends the beginning of a request, and has the worker take it."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

        def send(data: bytes) -> socket.socket:
            client = stack.enter_context(socket.create_connection(listener.getsockname()))
            client.settimeout(5)
            worker.accept(listener)
            client.sendall(data)
            turn(worker)
            return client

        yield send


def turn(worker: Any) -> None:
    """Have the main loop take what has come."""
    while worker.poller.select(0.05):
        worker.wait_for_and_dispatch_events(timeout=0)


def head(token: str, length: int) -> bytes:
    given = f"Host: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {length}\r\n\r\n"
    return f"POST / HTTP/1.1\r\n{given}".encode()


def upload(token: str, sent: int, length: int = 1_000_000) -> bytes:
    return head(token, length) + bytes(sent)


def answered(client: socket.socket) -> tuple[int, dict[str, str], str]:
    """The status, the headers and the type of the problem."""
    received = b""
    while part := client.recv(65536):
        received += part
    told, _, body = received.partition(b"\r\n\r\n")
    line, *lines = told.decode().split("\r\n")
    headers = dict(each.split(": ", 1) for each in lines)
    return int(line.split()[1]), headers, json.loads(body)["type"].partition("#")[2]


def is_waited_for(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return not client.recv(1)
    except BlockingIOError:
        return True


@pytest.mark.parametrize("token", ["x", signed("another secret, of somebody else's server")])
def test_of_a_made_up_token_no_body_is_waited_for(worker: Any, send: Send, token: str) -> None:
    send(upload(token, 50_000))
    assert (len(worker.threads.added), len(worker.arrivals)) == (1, 0)


def test_a_token_that_is_over_is_as_good_as_none(worker: Any, send: Send) -> None:
    send(upload(signed(lasts=-1), 50_000))
    assert (len(worker.threads.added), len(worker.arrivals)) == (1, 0)


def test_of_a_signed_token_the_whole_body_is_waited_for(worker: Any, send: Send) -> None:
    client = send(upload(signed(), 50_000, length=60_000))
    assert (len(worker.threads.added), len(worker.arrivals)) == (0, 1)
    client.sendall(bytes(10_000))
    turn(worker)
    assert (len(worker.threads.added), len(worker.arrivals)) == (1, 0)


def test_strangers_with_made_up_tokens_break_off_nobodys_upload(worker: Any, send: Send) -> None:
    honest = send(upload(signed(), 10_000, length=20_000))
    for _ in range(20):
        send(upload("x", 15_000, length=16_000_000))
    assert is_waited_for(honest)
    honest.sendall(bytes(10_000))
    turn(worker)
    assert worker.threads.added[-1].sock.fileno() >= 0
    assert not worker.arrivals


def test_strangers_with_short_bodies_make_room_for_each_other(worker: Any, send: Send) -> None:
    honest = send(upload(signed(), 10_000, length=20_000))
    strangers = [send(upload("x", 10_000, length=12_000)) for _ in range(20)]
    assert is_waited_for(honest)
    assert sum(map(is_waited_for, strangers)) < 10


def test_whoever_has_most_on_its_way_makes_room_and_is_told_when_to_come_again(
    worker: Any, send: Send
) -> None:
    honest, greedy = signed(lasts=1000), signed(lasts=2000)
    first = send(upload(honest, 30_000))
    several = [send(upload(greedy, size)) for size in (15_000, 25_000, 10_000)]
    last = send(upload(honest, 15_000))
    several.append(send(upload(greedy, 15_000)))
    status, headers, kind = answered(several[1])
    assert (status, headers["Retry-After"], kind) == (503, "2", "busy")
    assert all(map(is_waited_for, (first, last, several[0], several[2], several[3])))


def test_what_arrives_stays_within_its_limit(worker: Any, send: Send) -> None:
    for number in range(30):
        send(upload(signed(lasts=1000 + number), 9_000))
        assert sum(len(each.data) for each in worker.arrivals.values()) <= 100_000
    assert len(worker.arrivals) == 10


def test_large_bodies_that_wait_for_a_thread_are_refused_when_they_are_too_many(
    worker: Any, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "MOST_ARRIVING", 10_000_000)
    clients = [send(upload(signed(), 1_200_000, length=1_200_000)) for _ in range(3)]
    assert (len(worker.threads.added), len(worker.large)) == (2, 2)
    status, headers, kind = answered(clients[2])
    assert (status, headers["Retry-After"], kind) == (503, "2", "busy")
    # Smaller ones are taken all the same.
    send(upload(signed(), 100_000, length=100_000))
    assert len(worker.threads.added) == 3


def test_whoever_opens_most_connections_has_the_oldest_of_them_closed(
    worker: Any, send: Send
) -> None:
    honest = send(upload(signed(), 10))
    silent = [send(b"") for _ in range(4)]
    worker.worker_connections = 5
    worker.murder_pending()
    assert silent[0].recv(1) == b""
    assert is_waited_for(honest)
    assert len(worker.arrivals) == 4


def test_the_verdict_on_a_token_is_kept_and_none_on_made_up_ones() -> None:
    known = Signatures(keys_of(SECRET, ()), "HS256")
    given = b"Bearer " + signed().encode()
    assert known.know(given)
    for number in range(3 * MOST_KNOWN):
        assert not known.know(b"Bearer a.b.%d" % number)
    began = time.perf_counter()
    for _ in range(1000):
        assert known.know(given)
    # Told from memory: a thousand signatures take thirty times as long.
    assert time.perf_counter() - began < 0.02
    assert known._until.keys() == {given}
