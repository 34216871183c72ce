"""Slow clients: eight, 50 and 500 connections that dawdle, and honest calls beside them.

    [WEB_SERVER=granian] python -m faults.slow [nginx] [scenario ...]

Each scenario has its own way to keep a server waiting. Meanwhile an honest client calls on a new
connection and on a kept one by turns: each call is answered, 99 of 100 within 100 ms.
"""

import http.client
import os
import select
import selectors
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from faults.databases import database_of, token
from faults.proxy import nginx
from tests.support.checkout import ROOT
from tests.support.gunicorn import ASKED, Gunicorn

COUNTS = (8, 50, 500)
# Each has 20 MB made for it, which is heavy work and not slowness, so there are no 500 of these.
READERS = (8, 50)
# So they are waited for: as long as this, or until calls are answered soon again.
SETTLED_SECONDS = 120.0
FIRST_SECONDS = 2.0
# The middle count is watched until the server has lost its patience with everybody.
SECONDS = {8: 8.0, 50: 45.0, 500: 12.0}
CUSTOMERS = 50_000
LIMIT_SECONDS = 0.1
PAUSE_SECONDS = 0.02
DRIP_SECONDS = 1.0
PATH = "/api/customers/1"
NGINX = "nginx"


@dataclass(frozen=True)
class Scenario:
    """What a slow client says first, and what it goes on saying, a byte each second."""

    first: str
    then: str = ""
    # Of the connection's memory for what the server sends; a client with one reads nothing.
    window: int = 0


SCENARIOS = {
    "silent": Scenario(""),
    "first line": Scenario("GET /", "a"),
    "headers": Scenario("GET / HTTP/1.1\r\nHost: x\r\n", "X-Slow: slow\r\n"),
    "body": Scenario(
        "POST /api/customers/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Authorization: Bearer {token}\r\nContent-Length: 1000000\r\n\r\n{{",
        " ",
    ),
    "chunks": Scenario(
        "POST /api/customers/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Authorization: Bearer {token}\r\nTransfer-Encoding: chunked\r\n\r\n",
        "1\r\n \r\n",
    ),
    "answers": Scenario(
        "GET /loyalty/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n",
        window=4096,
    ),
}


@dataclass
class Dawdlers:
    """Connections that keep a server waiting, until it has enough of them."""

    port: int
    count: int
    first: bytes
    scenario: Scenario
    began: float = 0.0
    endings: list[float] = field(default_factory=list)
    words: Counter[str] = field(default_factory=Counter)

    def work(self, stop: threading.Event) -> None:
        """Open them all, and drip."""
        with selectors.DefaultSelector() as selector:
            clients = [self._open(selector) for _ in range(self.count)]
            self.began, said = time.monotonic(), 0
            while not stop.is_set():
                due = self.began + said * DRIP_SECONDS
                for key, _ in selector.select(max(0.0, min(0.2, due - time.monotonic()))):
                    self._heard(selector, key.fileobj)  # type: ignore[arg-type]
                if time.monotonic() > due:
                    said += 1
                    self._drip(clients, said)
            for each in clients:
                each.close()

    def _open(self, selector: selectors.BaseSelector) -> socket.socket:
        client = socket.socket()
        if self.scenario.window:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.scenario.window)
        client.settimeout(30)
        with suppress(OSError):
            client.connect(("127.0.0.1", self.port))
            client.sendall(self.first)
            client.setblocking(False)
            if self.scenario.window:
                select.select([client], [], [], FIRST_SECONDS)
            else:
                selector.register(client, selectors.EVENT_READ)
        return client

    def _heard(self, selector: selectors.BaseSelector, client: socket.socket) -> None:
        try:
            words = client.recv(65536)
        except OSError:
            words = b""
        if words[:5] == b"HTTP/":
            self.words[words[9:12].decode()] += 1
        else:
            self.words["closed"] += not words
        selector.unregister(client)
        client.close()
        self.endings.append(time.monotonic() - self.began)

    def _drip(self, clients: Sequence[socket.socket], said: int) -> None:
        for client in clients if self.scenario.then else ():
            with suppress(OSError):
                client.send(self.scenario.then[(said - 1) % len(self.scenario.then)].encode())


def main(arguments: Sequence[str]) -> bool:
    """Measure all; prints a table and returns whether the honest never noticed."""
    server = NGINX if NGINX in arguments else ASKED
    wanted = [name for name in SCENARIOS if name in arguments] or [*SCENARIOS]
    fine = True
    with database_of("sqlite") as (url, _):
        _seed(url)
        bearer = token(url, "editor")
        of = f"{ASKED} behind nginx" if server == NGINX else ASKED
        print(f"| {of} | slow | calls | failed | median | p99 | slowest | ends of the slow |")
        print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
        for name in wanted:
            for count in READERS if SCENARIOS[name].window else COUNTS:
                with _serving(server, url) as port:
                    fine &= _measure(port, name, count, bearer)
    return fine


def _measure(port: int, name: str, count: int, bearer: str) -> bool:
    scenario, stop = SCENARIOS[name], threading.Event()
    first = scenario.first.format(token=bearer).encode()
    slow = Dawdlers(port, count, first, scenario)
    thread = threading.Thread(target=slow.work, args=(stop,))
    thread.start()
    while not slow.began:
        time.sleep(0.05)
    if scenario.window:
        _settle(port, bearer)
    times, failed = _honest(port, bearer, SECONDS[count])
    stop.set()
    thread.join()
    times = sorted(times) or [float("inf")]
    p99 = times[int(len(times) * 0.99)]
    figures = (f"{each * 1000:.0f} ms" for each in (statistics.median(times), p99, times[-1]))
    print(f"| {name} | {count} | {len(times)} | {failed} |", " | ".join(figures), end=" | ")
    print(_endings(slow), "|", flush=True)
    return not failed and p99 < LIMIT_SECONDS


def _endings(slow: Dawdlers) -> str:
    if not slow.endings:
        return "none"
    words = ", ".join(f"{many} x {word}" for word, many in slow.words.items())
    return f"{words} after {min(slow.endings):.0f} to {max(slow.endings):.0f} s"


def _honest(port: int, bearer: str, seconds: float) -> tuple[list[float], int]:
    """How long calls took, and how many failed."""
    times, failed, until = [], 0, time.monotonic() + seconds
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    while time.monotonic() < until:
        for connection in (http.client.HTTPConnection("127.0.0.1", port, timeout=5), kept):
            began = time.monotonic()
            try:
                connection.request("GET", PATH, headers={"Authorization": f"Bearer {bearer}"})
                answer = connection.getresponse()
                answer.read()
                failed += answer.status != http.HTTPStatus.OK
            except (OSError, http.client.HTTPException):
                failed += 1
                connection.close()
            times.append(time.monotonic() - began)
            if connection is not kept:
                connection.close()
        time.sleep(PAUSE_SECONDS)
    kept.close()
    return times, failed


def _settle(port: int, bearer: str) -> None:
    deadline = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < deadline:
        times, failed = _honest(port, bearer, 1.0)
        if not failed and max(times) < LIMIT_SECONDS:
            return


@contextmanager
def _serving(server: str, url: str) -> Iterator[int]:
    """The port of a server: our own, or the other, by itself or behind nginx."""
    running = Gunicorn(url, TRUSTED_PROXIES="127.0.0.1")
    running.start()
    try:
        if server == NGINX:
            with nginx(running.port) as port:
                yield port
        else:
            yield running.port
    finally:
        os.killpg(running.pid, 9)


def _seed(url: str) -> None:
    environ = Gunicorn(url).environ
    command = [
        sys.executable,
        "-m",
        "flask",
        "--app",
        "wsgi",
        "seed",
        "--customers",
        str(CUSTOMERS),
    ]
    subprocess.run(command, cwd=ROOT, env=environ, check=True, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
