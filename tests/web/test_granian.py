"""granian, as script/server runs it, serves the same application by the same rules.

All that starts a server is run under it by WEB_SERVER=granian; see docs/operating.md. Here is what
every run of the tests looks at.
"""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, suppress
from pathlib import Path

import pytest

from tests.attacks.test_wire import AMBIGUOUS, POST, SMUGGLED, statuses
from tests.support.checkout import ROOT, START_SECONDS
from tests.support.gunicorn import GRANIAN, Gunicorn, running
from tests.support.log import parsed
from tests.support.metrics import samples, total

pytest.importorskip("granian")

ROUTE = "/api/groups"
# Until then a worker that fails could not begin.
BEGINNING_SECONDS = 5.5


class Granian(Gunicorn):
    """The other server, started as script/server does where WEB_SERVER says so."""

    server = GRANIAN
    log: Path

    def stop(self) -> int:
        """End it by signals to all of its processes, until it has ended; returns its exit code."""
        if self._process is None:
            return 0
        deadline = time.monotonic() + START_SECONDS
        while self._process.poll() is None:
            assert time.monotonic() < deadline
            os.killpg(self.pid, signal.SIGTERM)
            time.sleep(0.001)
        return self._process.returncode

    def wait(self) -> int:
        """Its exit code, when it has ended."""
        assert self._process is not None
        return self._process.wait(START_SECONDS)

    def answer(self, target: str) -> tuple[http.client.HTTPResponse, bytes]:
        """What a GET of this target, sent as it is, is answered with."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as client:
            client.request("GET", target)
            answer = client.getresponse()
            return answer, answer.read()

    def status(self, target: str) -> int:
        """The status of it."""
        return self.answer(target)[0].status

    def counted(self) -> float:
        """How many requests of the route were counted."""
        return total(
            samples(self.answer("/metrics")[1].decode()), "http_requests_total", route=ROUTE
        )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Granian]:
    folder = tmp_path_factory.mktemp("granian")
    shared = Granian(f"sqlite:///{folder}/customers.db", log=folder / "log", LOG_LEVEL="info")
    shared.start()
    yield shared
    assert shared.stop() == 0
    assert parsed(shared.log.read_text())


def another(folder: Path, **environ: str) -> AbstractContextManager[Granian]:
    """A server of its own, for a test that ends it."""
    url = f"sqlite:///{folder}/customers.db"
    return running(Granian(url, log=folder / "log", **environ))


def until(found: Callable[[], bool]) -> None:
    """Wait for what is to be so soon."""
    deadline = time.monotonic() + 30
    while not found():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("path", ["/health", "/health/live", "/metrics", "/docs", "/api/customers"])
def test_doubled_slashes_lead_to_nothing_under_granian_either(server: Granian, path: str) -> None:
    assert server.status(path) != http.HTTPStatus.NOT_FOUND
    for doubled in (f"/{path}", f"//{path}", f"{path}//", f"/{path}/"):
        assert server.status(doubled) == http.HTTPStatus.NOT_FOUND, doubled


def test_workers_come_back_however_often_they_are_killed_and_what_they_counted_stays(
    server: Granian,
) -> None:
    before = server.counted()
    for times in range(1, 4):
        assert server.status(ROUTE) == http.HTTPStatus.UNAUTHORIZED
        gone = {*server.workers}
        for process in gone:
            os.kill(process, signal.SIGKILL)
        until(lambda gone=gone: len({*server.workers} - gone) == 2)  # type: ignore[misc]
        assert server.counted() == before + times


def test_signals_of_gunicorn_end_nothing(server: Granian) -> None:
    workers = {*server.workers}
    server.signal(signal.SIGUSR1)
    server.signal(signal.SIGUSR2)
    server.signal(signal.SIGHUP)
    until(lambda: len(server.workers) == 2 and not workers & {*server.workers})
    assert server.answers()


def test_workers_end_with_a_first_process_that_was_killed(server: Granian) -> None:
    workers = server.workers
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not any(_runs(process) for process in workers))
    server.kill()
    assert server.answers()


def _runs(process: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    return False


def test_a_port_that_is_taken_is_told_in_one_line(server: Granian) -> None:
    settings = server.environ | {"LOG_LEVEL": "error"}
    second = subprocess.run(
        server._command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "PORT" in second.stderr


@pytest.mark.parametrize(
    "kind", ["a length, and chunks", "two lengths", "a space before the colon"]
)
def test_of_a_request_with_two_ends_nothing_is_read_on(server: Granian, kind: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(POST + AMBIGUOUS[kind] + SMUGGLED)
        received = b""
        while part := client.recv(65536):
            received += part
    assert statuses(received) == [400]


def test_every_answer_of_the_application_has_its_headers(server: Granian) -> None:
    for target in ("/", "/health", "/docs", "/nothing", "/api/me", "/api/customers/1?a=%0d%0ab"):
        answer, _ = server.answer(target)
        assert answer.headers["X-Content-Type-Options"] == "nosniff", target
        assert "default-src" in answer.headers["Content-Security-Policy"], target
        assert answer.headers["X-Request-ID"], target


def test_who_comes_while_it_ends_is_refused_and_who_was_there_is_answered(tmp_path: Path) -> None:
    with (
        another(tmp_path) as ending,
        socket.create_connection(("127.0.0.1", ending.port), timeout=20) as client,
    ):
        client.sendall(POST + b"Content-Length: 2\r\n\r\n{")
        ending.signal(signal.SIGTERM)
        until(lambda: _is_refused(ending.port))
        client.sendall(b"}")
        assert statuses(client.recv(65536)) == [400]
        assert ending.wait() == 0


def _is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    except OSError:
        return False
    return False


# Has a worker end by itself, with 1, when a file says its number.
FAILING = """
import os, pathlib, threading, time

def fail():
    told = pathlib.Path(os.environ["FAILING"])
    while not told.exists() or told.read_text() != str(os.getpid()):
        time.sleep(0.02)
    os._exit(1)

os.register_at_fork(after_in_child=lambda: threading.Thread(target=fail, daemon=True).start())
"""


def test_a_worker_that_fails_is_replaced_and_one_that_cannot_begin_ends_all(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(FAILING)
    told = tmp_path / "told"
    with another(tmp_path, PYTHONPATH=str(tmp_path), FAILING=str(told)) as served:
        before = {*served.workers}
        time.sleep(BEGINNING_SECONDS)
        told.write_text(str(min(before)))
        until(lambda: len({*served.workers} - before) == 1)
        assert served.answers()
        [successor] = {*served.workers} - before
        told.write_text(str(successor))
        assert served.wait() == 1


def test_all_addresses_are_those_of_both_kinds(tmp_path: Path) -> None:
    with (
        another(tmp_path, HOST="::") as served,
        socket.create_connection(("::1", served.port), timeout=10) as client,
    ):
        client.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert statuses(client.recv(65536)) == [200]
