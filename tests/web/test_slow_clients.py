"""Clients that dawdle hold up nobody, and are sent away."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import BinaryIO

import pytest

from tests.support.checkout import ROOT, free_port
from tests.support.tokens import authorization
from tests.web.tiny_app import BUSY_SECONDS, LARGE, LIMIT, LINE

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: %b\r\n" % authorization()
BUSY = b"GET /busy HTTP/1.1\r\nHost: x\r\nAuthorization: x\r\n\r\n"
LISTING = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
HEADER_SECONDS, STALL_SECONDS = 1, 2
MOST_CONNECTIONS = 12
SLOW = {
    "silent": b"",
    "first line": b"GET /",
    "header": GET[:-2] + b"X-A",
    "body": POST + b"Content-Length: 1000\r\n\r\n{",
    "chunk": POST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
    "pipelined": GET + b"GET /",
    "unread": LISTING,
}
Connect = Callable[[], socket.socket]


@pytest.fixture(scope="module", params=["python"])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    free = free_port()
    settings = {
        "APP_ENV": "testing",
        "DATABASE_URL": "sqlite:///unused.db",
        "PORT": free,
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": "2",
        "LOG_LEVEL": "error",
        "MAX_BODY_BYTES": str(LIMIT),
        "REQUEST_HEADER_SECONDS": str(HEADER_SECONDS),
        "CLIENT_STALL_SECONDS": str(STALL_SECONDS),
    }
    options = ["--http-parser", request.param, "--worker-connections", str(MOST_CONNECTIONS)]
    command = [sys.executable, "-m", "gunicorn", *options, "tests.web.tiny_app:app"]
    gunicorn = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings)
    try:
        deadline = time.monotonic() + 20
        while not listens(int(free)) and time.monotonic() < deadline:
            time.sleep(0.05)
        yield int(free)
    finally:
        gunicorn.terminate()
        gunicorn.wait(timeout=40)


@pytest.fixture
def connect(port: int) -> Iterator[Connect]:
    """Opens connections that are closed after the test."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def answer(client: socket.socket) -> tuple[int, bytes]:
    response = http.client.HTTPResponse(client)
    response.begin()
    return response.status, response.read()


def is_served(port: int) -> bool:
    """Whether an honest client is answered, and soon."""
    began = time.monotonic()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        client.request("GET", "/")
        served = client.getresponse().read() == b"hello"
    return served and time.monotonic() - began < HEADER_SECONDS


@pytest.mark.parametrize("beginning", SLOW.values(), ids=SLOW)
def test_slow_clients_hold_up_nobody(port: int, connect: Connect, beginning: bytes) -> None:
    for _ in range(8):
        connect().sendall(beginning)
    time.sleep(0.2)
    assert all(is_served(port) for _ in range(5))


@pytest.mark.parametrize("kind", ["first line", "header", "body", "chunk"])
def test_a_request_that_does_not_arrive_in_time_is_408(connect: Connect, kind: str) -> None:
    client = connect()
    client.sendall(SLOW[kind])
    status, body = answer(client)
    problem = json.loads(body)
    assert (status, problem["status"], problem["type"]) == (408, 408, "/docs/problems#too-slow")
    assert client.recv(1) == b""


def test_a_header_that_trickles_in_is_not_waited_for(connect: Connect) -> None:
    client = connect()
    began = time.monotonic()
    client.sendall(GET[:-2])
    client.settimeout(0.1)
    while time.monotonic() < began + 10:
        try:
            assert client.recv(4) == b"HTTP"
        except TimeoutError:
            client.sendall(b"A")
        else:
            break
    assert HEADER_SECONDS <= time.monotonic() - began < HEADER_SECONDS + 3


def test_a_connection_on_which_nothing_comes_is_closed_without_a_word(connect: Connect) -> None:
    assert connect().recv(1) == b""


def test_an_answer_that_nobody_reads_is_not_kept_for_long(connect: Connect) -> None:
    client = connect()
    client.sendall(LISTING)
    time.sleep(STALL_SECONDS + 2)
    with pytest.raises((http.client.HTTPException, ConnectionResetError)):
        answer(client)


def test_an_answer_that_is_read_slowly_is_read_to_its_end(connect: Connect) -> None:
    client = connect()
    client.sendall(LISTING)
    time.sleep(STALL_SECONDS / 2)
    status, body = answer(client)
    assert status == 200
    assert body == b"".join(b"%*d" % (LINE, number) for number in range(LARGE // LINE))
    client.sendall(GET)
    assert answer(client) == (200, b"hello")


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_that_comes_in_pieces_is_read_to_its_end(connect: Connect, framing: str) -> None:
    client, pieces = connect(), [b"a" * size for size in (1, 10_000, 300_000, 5)]
    if framing == "chunked":
        client.sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n")
        pieces = [b"%x\r\n%b\r\n" % (len(each), each) for each in pieces] + [b"0\r\n\r\n"]
    else:
        client.sendall(POST + b"Content-Length: 310006\r\n\r\n")
    for piece in pieces:
        time.sleep(0.05)
        client.sendall(piece)
    assert answer(client) == (200, b"310006")


def test_requests_sent_at_once_are_answered_one_after_the_other(connect: Connect) -> None:
    client = connect()
    posted = POST + b"Content-Length: 3\r\n\r\nabc"
    client.sendall(posted + GET + posted[:-1])
    with client.makefile("rb") as answers:
        assert read_bodies(answers, 2) == [b"3", b"hello"]
        client.sendall(b"d" + GET)
        assert read_bodies(answers, 2) == [b"3", b"hello"]


def read_bodies(answers: BinaryIO, count: int) -> list[bytes]:
    """The bodies of so many answers; http.client reads beyond the first one's end."""
    bodies = []
    for _ in range(count):
        assert answers.readline() == b"HTTP/1.1 200 OK\r\n"
        headers = http.client.parse_headers(answers)
        bodies.append(answers.read(int(headers["Content-Length"])))
    return bodies


def test_a_body_is_asked_for_where_the_client_waits_for_that(connect: Connect) -> None:
    client = connect()
    client.sendall(POST + b"Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    go_ahead = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert client.recv(len(go_ahead)) == go_ahead
    client.sendall(b"abc")
    assert client.recv(12) == b"HTTP/1.1 200"


def test_a_body_that_is_too_large_is_not_asked_for(connect: Connect) -> None:
    client = connect()
    client.sendall(POST + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % (LIMIT + 2))
    assert client.recv(12) == b"HTTP/1.1 413"


def test_a_caller_who_asks_for_much_holds_up_no_other(port: int, connect: Connect) -> None:
    asked = [connect() for _ in range(6)]
    for client in asked:
        client.sendall(BUSY)
    time.sleep(BUSY_SECONDS / 2)
    began = time.monotonic()
    assert is_served(port)
    assert time.monotonic() - began < BUSY_SECONDS / 2
    # One after the other, as the other thread is left to others; and nobody is refused.
    assert [answer(client) for client in asked] == [(200, b"done")] * 6
    assert time.monotonic() - began > 5 * BUSY_SECONDS


@pytest.mark.parametrize("size", [b"f" * 15, b"f" * 17, b"0" * 20 + b"5", b"f" * 4000, b"zz"])
def test_chunks_of_whatever_size_hold_up_nobody(port: int, connect: Connect, size: bytes) -> None:
    for _ in range(8):
        connect().sendall(POST + b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\n")
    assert all(is_served(port) for _ in range(5))


def test_what_a_stranger_sends_is_not_waited_for(connect: Connect) -> None:
    client = connect()
    client.sendall(b"POST /forbidden HTTP/1.1\r\nHost: x\r\nContent-Length: 20000\r\n\r\n")
    assert answer(client)[0] == 403
    assert client.recv(1) == b""


@pytest.mark.parametrize("beginning", [b"", GET], ids=["new", "kept"])
def test_when_there_are_too_many_connections_the_oldest_idle_one_makes_room(
    port: int, connect: Connect, beginning: bytes
) -> None:
    idle = [connect() for _ in range(2 * MOST_CONNECTIONS)]
    for client in idle:
        client.sendall(beginning)
    for client in idle if beginning else ():
        assert client.recv(4) == b"HTTP"
    assert all(is_served(port) for _ in range(3))
    idle[-1].sendall(GET)
    assert idle[-1].recv(4) in (b"HTTP", b"/1.1")
