"""/metrics under a real server: whichever worker answers, it tells of all, the dead included."""

import http.client
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade

from customers_api.extensions import db
from tests.conftest import make_app
from tests.support.api import service_token
from tests.support.gunicorn import SECRET, Gunicorn, only_gunicorn
from tests.support.log import parsed
from tests.support.metrics import Samples, samples, total

ROUTE = "/api/groups"
SHARED = Path("/dev/shm")


class Served(Gunicorn):
    """gunicorn with a token to call it."""

    token = ""

    def get(self, path: str) -> bytes:
        """What is there, asked on a connection of its own, which may be any worker's."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as asked:
            asked.request("GET", path, headers={"Authorization": f"Bearer {self.token}"})
            return asked.getresponse().read()

    def scrape(self) -> Samples:
        """What /metrics says."""
        return samples(self.get("/metrics").decode())

    def counted(self) -> float:
        """How many of the requests of the tests were counted."""
        return total(self.scrape(), "http_requests_total", route=ROUTE)

    def ask(self, times: int) -> None:
        """Send so many requests, several at once."""
        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(lambda _: self.get(ROUTE), range(times)))

    def until_there_are(self, workers: int, *gone: int) -> None:
        """Wait until so many workers are there, others than those."""
        deadline = time.monotonic() + 30
        while len(set(self.workers) - set(gone)) != workers or set(self.workers) & set(gone):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # Each of them answers.
        for _ in range(10):
            assert self.answers()

    @property
    def folder(self) -> Path:
        """What its workers share."""
        held = {os.readlink(each) for each in Path(f"/proc/{self.pid}/fd").iterdir()}
        (folder,) = (path for path in SHARED.glob("customers-api-*") if str(path) in held)
        return folder


def children(process: int) -> list[int]:
    """The processes that this one has started."""
    return [int(n) for n in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/customers.db"


@pytest.fixture
def served(url: str, tmp_path: Path) -> Iterator[Served]:
    app = make_app(url, SECRET_KEY=SECRET)
    with app.app_context():
        upgrade()
    server = Served(url, log=tmp_path / "log", WEB_CONCURRENCY="3")
    server.environ["LOG_LEVEL"] = "info"
    server.token = service_token(app, "reader")
    with app.app_context():
        db.engine.dispose()
    try:
        server.start()
        server.until_there_are(3)
        yield server
    finally:
        server.stop()


def test_every_request_is_counted_once_whichever_worker_answers(served: Served) -> None:
    served.ask(60)
    assert {served.counted() for _ in range(12)} == {60}
    # More workers than one had a part in it.
    lines = parsed(served.log.read_text() if served.log else "")
    assert sum(line.get("route") == ROUTE for line in lines) == 60


def test_what_a_killed_worker_counted_stays(served: Served) -> None:
    served.ask(30)
    killed = served.workers
    os.kill(killed[0], signal.SIGKILL)
    served.until_there_are(3, killed[0])
    assert served.counted() == 30
    served.ask(30)
    assert {served.counted() for _ in range(12)} == {60}
    for process in served.workers:
        os.kill(process, signal.SIGKILL)
    time.sleep(0.5)
    served.until_there_are(3, *killed)
    assert served.counted() == 60
    assert total(served.scrape(), "http_requests_in_progress") == 1


def test_workers_that_come_and_go_leave_no_more_files(served: Served) -> None:
    served.ask(30)
    folder = served.folder
    before = {path.name for path in folder.iterdir()}
    for _ in range(3):
        gone = served.workers
        served.signal(signal.SIGHUP)
        served.until_there_are(3, *gone)
        served.ask(30)
    assert served.counted() == 120
    # While old workers end beside the new ones there are more, and no more than that.
    kinds = {name.rpartition("_")[0] for name in before if name.endswith(".db")}
    assert len([*folder.glob("*.db")]) <= len(kinds) * 7
    assert served.folder == folder


def test_a_server_that_ends_leaves_no_folder(served: Served) -> None:
    folder = served.folder
    assert folder.is_dir()
    served.stop()
    assert not folder.exists()


@only_gunicorn("no server takes the place of another on SIGUSR2")
def test_a_server_that_takes_the_place_of_another_counts_for_itself(served: Served) -> None:
    served.ask(10)
    folder, workers = served.folder, served.workers
    served.signal(signal.SIGUSR2)
    successor = next(_until(lambda: set(served.workers) - set(workers)))
    try:
        next(_until(lambda: len(children(successor)) == 3))
        served.signal(signal.SIGTERM)
        next(_until(lambda: not folder.exists()))
        next(_until(served.answers))
        assert served.counted() == 0
    finally:
        os.kill(successor, signal.SIGTERM)


def _until(found: Callable[[], Any]) -> Iterator[Any]:
    """The first of what is found, as soon as it is."""
    deadline = time.monotonic() + 40
    while not (what := found()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield what.pop() if isinstance(what, set) else what


@only_gunicorn("what it refuses below the application is not counted")
def test_what_gunicorn_refuses_is_counted_and_logged(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as client:
        client.sendall(b"GET /?email=john@example.com HTTP/9.9\r\n\r\n")
        answer = client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 505")
    refused = {"route": "", "method": "other", "status": "505"}
    assert total(served.scrape(), "http_requests_total", **refused) == 1
    written = served.log.read_text() if served.log else ""
    (line,) = [each for each in parsed(written) if "problem" in each]
    assert (line["event"], line["status"], line["level"]) == ("request", 505, "info")
    assert line["request_id"].encode() in answer
    assert "john" not in written


def test_whatever_the_server_says_is_json(served: Served) -> None:
    killed = served.workers[0]
    os.kill(killed, signal.SIGKILL)
    served.until_there_are(3, killed)
    served.signal(signal.SIGHUP)
    time.sleep(1)
    served.stop()
    lines = parsed(served.log.read_text() if served.log else "")
    told = ("SIGKILL", "Unexpected exit")
    assert any(each in line["event"] for line in lines for each in told)
    assert all(line["time"].endswith("Z") and line["level"] for line in lines)
