"""What gunicorn itself answers, and what a client reads that sends more than is wanted."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from selectors import DefaultSelector
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.workers.gthread import TConn

from customers_api.web import server
from tests.support.tokens import authorization

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1024 * 1024
HEAD = b"GET / HTTP/1.1\r\nHost: x\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
MARK = b"<script>alert(1)</script>"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free: int = probe.getsockname()[1]
    settings = {
        "APP_ENV": "testing",
        "DATABASE_URL": "sqlite:///unused.db",
        "HOST": "127.0.0.1",
        "PORT": str(free),
        "WEB_CONCURRENCY": "1",
        "WEB_THREADS": "4",
        "LOG_LEVEL": "error",
    }
    command = [sys.executable, "-m", "gunicorn", "tests.web.tiny_app:app"]
    gunicorn = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings)
    try:
        _wait_for(free, gunicorn)
        yield free
    finally:
        gunicorn.terminate()
        gunicorn.wait(timeout=30)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("gunicorn did not start")


def send(port: int, request: bytes) -> http.client.HTTPResponse:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(request)
        response = http.client.HTTPResponse(client)
        response.begin()
        response.body = response.read()  # type: ignore[attr-defined]
        return response


def upload(port: int, path: str, megabytes: int, *, chunked: bool) -> http.client.HTTPResponse:
    block = bytes(MEGABYTE)
    headers = {"Transfer-Encoding": "chunked"} if chunked else {}
    headers |= {} if chunked else {"Content-Length": str(megabytes * MEGABYTE)}
    # Of whoever brings no token of ours, less is waited for than this application reads.
    headers["Authorization"] = authorization().decode()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as client:
        # http.client sends everything before it looks for an answer.
        blocks = (block for _ in range(megabytes))
        client.request("POST", path, blocks, headers, encode_chunked=chunked)
        response = client.getresponse()
        response.read()
        return response


REFUSED = {
    "first-line": (MARK + b"\r\n\r\n", 400, "malformed-request"),
    "method": (b"G{T / HTTP/1.1\r\n\r\n", 400, "malformed-request"),
    "version": (b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", 505, "version-not-supported"),
    "no-version": (b"GET / HTTP/1.x\r\nHost: x\r\n\r\n", 400, "malformed-request"),
    "no-host": (b"GET / HTTP/1.1\r\n\r\n", 400, "malformed-request"),
    "no-host-in-1.2": (b"GET / HTTP/1.2\r\nX: y\r\n\r\n", 400, "malformed-request"),
    "host-in-the-target-only": (b"GET http://x/ HTTP/1.1\r\n\r\n", 400, "malformed-request"),
    "two-hosts": (HEAD + b"Host: x\r\n\r\n", 400, "malformed-request"),
    "header": (HEAD + b"X " + MARK + b": 1\r\n\r\n", 400, "malformed-request"),
    "two-lengths": (
        POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        400,
        "malformed-request",
    ),
    "long-line": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 414, "request-line-too-long"),
    "long-header": (HEAD + b"X: " + b"a" * 20_000 + b"\r\n\r\n", 431, "headers-too-large"),
    "many-headers": (HEAD + b"X: 1\r\n" * 200 + b"\r\n", 431, "headers-too-large"),
    "expectation": (POST + b"Expect: " + MARK + b"\r\n\r\n", 417, "expectation-failed"),
    "coding": (
        POST + b"Transfer-Encoding: " + MARK + b"\r\n\r\n",
        501,
        "unsupported-transfer-coding",
    ),
    "application": (b"GET /broken HTTP/1.1\r\nHost: x\r\n\r\n", 500, "unexpected"),
}


@pytest.mark.parametrize(("request_", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_what_gunicorn_answers_is_a_problem_document(
    port: int, request_: bytes, status: int, code: str
) -> None:
    response = send(port, request_)
    body: bytes = response.body  # type: ignore[attr-defined]
    problem = json.loads(body)
    assert (response.status, problem["status"]) == (status, status)
    assert set(problem) == {"type", "title", "status", "detail", "request_id"}
    assert problem["type"] == f"/docs/problems#{code}"
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Connection"] == "close"
    assert not any(word in body for word in (b"script", b"html", b"secret", b"Traceback"))


@pytest.mark.parametrize(
    "host",
    [
        "a b",
        "x/y",
        "user@x",
        "x:y",
        "x:1:2",
        "[::1",
        "::1",
        "[]",
        'x"',
        "<script>",
        "%zz",
        "x\\",
        "ü",
    ],
)
def test_a_host_that_cannot_be_one_is_refused(port: int, host: str) -> None:
    response = send(port, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    body: bytes = response.body  # type: ignore[attr-defined]
    assert (response.status, json.loads(body)["status"]) == (400, 400)


@pytest.mark.parametrize(
    "host",
    [
        "x",
        "x:80",
        "x:",
        "",
        "127.0.0.1:8000",
        "[::1]",
        "[::1]:8000",
        "[v1.a:b]",
        "a_b.example",
        "%C3%BC",
    ],
)
def test_every_host_that_can_be_one_is_answered(port: int, host: str) -> None:
    assert send(port, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()).status == 200


def test_a_request_of_http_1_0_needs_no_host(port: int) -> None:
    assert send(port, b"GET / HTTP/1.0\r\n\r\n").status == 200


@pytest.mark.parametrize("version", ["1.1", "1.2", "1.9"])
def test_a_later_version_is_answered_in_the_one_that_is_spoken(port: int, version: str) -> None:
    request = f"GET / HTTP/{version}\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
        client.sendall(request)
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
@pytest.mark.parametrize(("path", "status"), [("/", 413), ("/forbidden", 403)])
def test_a_refusal_of_100_megabytes_can_be_read(
    port: int, path: str, status: int, chunked: bool
) -> None:
    response = upload(port, path, 100, chunked=chunked)
    assert response.status == status
    assert response.headers["Connection"] == "close"


def test_a_chunked_body_within_the_limit_is_accepted(port: int) -> None:
    assert upload(port, "/", 1, chunked=True).status == 200


def test_a_malformed_chunk_is_the_clients_error(port: int) -> None:
    response = send(port, POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nabc\r\n")
    assert response.status == 400


def test_a_connection_survives_a_small_body_that_nobody_read(port: int) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as client:
        client.request("POST", "/forbidden", b"x" * 1000)
        assert client.getresponse().read()
        kept = client.sock
        client.request("GET", "/")
        assert client.getresponse().read() == b"hello"
        assert client.sock is kept


def test_clients_that_never_close_hold_up_nobody(port: int) -> None:
    request = HEAD + b"Connection: close\r\n\r\n"
    idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(8)]
    try:
        for client in idle:
            client.sendall(request)
            assert client.recv(1) == b"H"
        began = time.monotonic()
        assert send(port, request).status == 200
        assert time.monotonic() - began < 1
    finally:
        for client in idle:
            client.close()


@pytest.fixture
def parted() -> Iterator[tuple[server.Worker, socket.socket]]:
    """A worker that has one connection to say farewell to, and that connection's client."""
    worker: Any = server.Worker(0, 0, [], None, 30, Config(), None)
    ours, client = socket.socketpair()
    with DefaultSelector() as worker.poller, worker.tmp._tmp, client:
        worker.pending_conns, worker.nr_conns = deque(), 1
        worker.say_farewell(TConn(worker.cfg, ours, None, None))  # type: ignore[arg-type]
        yield worker, client
        ours.close()


def test_a_farewell_ends_when_its_time_is_over(
    parted: tuple[server.Worker, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _client = parted
    worker.murder_pending()
    assert worker.nr_conns == 1
    later = time.monotonic() + server.LINGER_SECONDS + 1
    monkeypatch.setattr(server.time, "monotonic", lambda: later)
    worker.murder_pending()
    assert (worker.nr_conns, len(worker.farewells)) == (0, 0)


def test_a_farewell_ends_when_enough_was_thrown_away(
    parted: tuple[server.Worker, socket.socket],
) -> None:
    worker, client = parted
    farewell = next(iter(worker.farewells))
    farewell.allowance = 10
    client.sendall(b"12345")
    worker.wait_for_and_dispatch_events(timeout=5)
    assert worker.nr_conns == 1
    client.sendall(b"67890")
    worker.wait_for_and_dispatch_events(timeout=5)
    assert worker.nr_conns == 0


def test_a_farewell_ends_when_the_client_has_closed(
    parted: tuple[server.Worker, socket.socket],
) -> None:
    worker, client = parted
    client.close()
    worker.wait_for_and_dispatch_events(timeout=5)
    assert worker.nr_conns == 0
