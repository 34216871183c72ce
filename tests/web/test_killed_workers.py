"""Workers killed in the middle of a request: with a key, a retry ends in what was meant, once."""

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask_migrate import upgrade

from customers_api.extensions import db
from tests.conftest import JOHN, empty_database, make_app
from tests.support.gunicorn import SECRET
from tests.support.stalling import stalled_writers
from tests.web.test_concurrency import Server

CLIENTS, EACH = 4, 12
PATIENCE_SECONDS = 60


class Reply(NamedTuple):
    """What a client reads of an answer."""

    status: int
    replayed: str | None
    body: Any


class Client:
    """One that sends each request with a key, and again until it has an answer."""

    def __init__(self, server: Server, role: str = "editor") -> None:
        self._server = server
        self._token = server.token(role)

    def send(self, method: str, path: str, body: Any, key: str) -> Reply:
        """The answer to one try; raises OSError or HTTPException when there is none."""
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }
        port = self._server.port
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request(method, path, json.dumps(body), headers)
            answer = connection.getresponse()
            content = json.loads(answer.read())
            return Reply(answer.status, answer.getheader("Idempotent-Replayed"), content)

    def send_until_answered(self, method: str, path: str, body: Any, key: str) -> Reply:
        """The answer, had at the first try or at a later one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                reply = self.send(method, path, body, key)
                if reply.status not in (409, 503):
                    return reply
            time.sleep(0.05)
        raise AssertionError(f"no answer to {key} in {PATIENCE_SECONDS} seconds")

    def read(self, path: str) -> Any:
        """What is there."""
        status, body = self._server.call("GET", path, self._token)
        assert status == 200, body
        return body


@pytest.fixture
def served(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    with empty_database(backend, request, tmp_path) as url:
        app = make_app(url, SECRET_KEY=SECRET)
        with app.app_context():
            upgrade()
        server = Server(url, tmp_path, app)
        try:
            server.start()
            yield server
        finally:
            server.stop()
            with app.app_context():
                db.engine.dispose()


def kill_workers(server: Server) -> None:
    """End every worker as a crash would; gunicorn starts new ones."""
    for process in server.workers:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def client_sees(client: Client) -> list[Any]:
    """All customers, as soon as there are workers again to ask."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError, http.client.HTTPException):
            return list(client.read("/api/customers/"))
        time.sleep(0.05)
    raise AssertionError("no worker came back")


def test_a_request_killed_before_its_commit_leaves_nothing_and_is_done_once_by_a_retry(
    served: Server,
) -> None:
    client = Client(served)
    call = ("POST", "/api/customers/", JOHN, "the key")
    with ThreadPoolExecutor(2) as pool, stalled_writers(served.app.config["DATABASE_URL"]):
        tries: list[Future[Reply]] = [pool.submit(client.send, *call) for _ in range(2)]
        # One of the two waits for the database, which the other is told.
        while not any(each.done() for each in tries):
            time.sleep(0.01)
        kill_workers(served)
        told = [each.result() for each in tries if each.exception() is None]
        assert [reply.status for reply in told] == [409]
        assert client_sees(client) == []
    reply = client.send_until_answered(*call)
    assert (reply.status, reply.replayed) == (201, None)
    assert client_sees(client) == [reply.body]
    again = client.send(*call)
    assert (again.status, again.replayed, again.body) == (201, "true", reply.body)


def test_an_answer_that_nobody_read_is_given_again(served: Server) -> None:
    client = Client(served)
    body, path = json.dumps(JOHN), "/api/customers/"
    headers = {"Authorization": f"Bearer {client._token}", "Content-Type": "application/json"}
    with closing(http.client.HTTPConnection("127.0.0.1", int(served.port))) as connection:
        connection.request("POST", path, body, headers | {"Idempotency-Key": "the key"})
    reply = client.send_until_answered("POST", path, JOHN, "the key")
    assert reply.status == 201
    assert client_sees(client) == [reply.body]


def test_while_one_worker_is_at_it_the_other_answers_409(served: Server) -> None:
    client = Client(served)
    call = ("POST", "/api/customers/", JOHN, "the key")
    with ThreadPoolExecutor(8) as pool:
        with stalled_writers(served.app.config["DATABASE_URL"]):
            tries = [pool.submit(client.send, *call) for _ in range(8)]
            while sum(each.done() for each in tries) < 7:
                time.sleep(0.01)
            early = [each.result() for each in tries if each.done()]
        every = [each.result() for each in tries]
    assert [reply.status for reply in early] == [409] * 7
    assert sorted(reply.status for reply in every) == [201] + [409] * 7


def test_whatever_is_killed_every_request_is_done_exactly_once(served: Server) -> None:
    admin = Client(served, "admin")
    customer = admin.send_until_answered("POST", "/api/customers/", JOHN, "John").body
    path = f"/api/customers/{customer['id']}"
    over = threading.Event()

    def work(number: int) -> list[Reply]:
        client = Client(served, "admin")
        replies = []
        for n in range(EACH):
            changes, token = {"notes": f"{number}.{n}"}, {"name": f"{number}.{n}", "role": "reader"}
            replies.append(client.send_until_answered("PATCH", path, changes, f"change {n}"))
            replies.append(client.send_until_answered("POST", "/api/tokens", token, f"token {n}"))
        return replies

    def kill() -> int:
        for times in range(1, 1000):
            kill_workers(served)
            if over.wait(0.4):
                return times
        return 1000

    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        killing = pool.submit(kill)
        working = [pool.submit(work, number) for number in range(CLIENTS)]
        replies = [reply for each in working for reply in each.result()]
        over.set()
    assert {reply.status for reply in replies} == {200, 201}
    assert killing.result() > 0
    # Each change raises the version by one, and nothing stands against two tokens of one name.
    versions = sorted(reply.body["version"] for reply in replies if "version" in reply.body)
    assert versions == [*range(2, 2 + CLIENTS * EACH)]
    (last,) = client_sees(admin)
    assert last["version"] == 1 + CLIENTS * EACH
    names = [each["name"] for each in admin.read("/api/tokens") if "." in each["name"]]
    assert sorted(names) == sorted(f"{c}.{n}" for c in range(CLIENTS) for n in range(EACH))
