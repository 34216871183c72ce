"""Two gunicorn workers on one database: nothing is lost, and what one knows, both know soon."""

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade

from customers_api.extensions import db
from tests.conftest import empty_database, make_app
from tests.support.api import service_token
from tests.support.gunicorn import SECRET, Gunicorn

CLIENTS = 8
EACH = 20
JOHN = {"first_name": "John", "last_name": "Doe"}
TAKEN = "Customer with this email already exists"

Answer = tuple[int, Any]


class Server(Gunicorn):
    """gunicorn with two workers, and an application here to make tokens with."""

    log: Path

    def __init__(self, url: str, folder: Path, app: Flask) -> None:
        self.app = app
        # The log tells which worker answered.
        super().__init__(url, log=folder / "server.log", LOG_LEVEL="info")

    def stop(self) -> int:
        code = super().stop()
        assert code == 0
        return code

    def call(self, method: str, path: str, token: str = "", body: Any = None) -> Answer:
        """The answer to one call on a new connection, so that either worker may get it."""
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body)
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as client:
            client.request(method, path, content, headers)
            answer = client.getresponse()
            return answer.status, json.loads(answer.read())

    def token(self, role: str) -> str:
        return service_token(self.app, role)


@pytest.fixture(scope="module")
def server(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with empty_database(backend, request, folder) as url:
        app = make_app(url, SECRET_KEY=SECRET)
        with app.app_context():
            upgrade()
        running = Server(url, folder, app)
        try:
            running.start()
            yield running
        finally:
            running.stop()
            with app.app_context():
                db.engine.dispose()
    assert "Traceback" not in running.log.read_text()
    assert "locked" not in running.log.read_text()


def group_of(server: Server, name: str) -> tuple[str, int]:
    """An editor's token, and a new group to put customers into."""
    token = server.token("editor")
    status, group = server.call("POST", "/api/groups", token, {"name": name})
    assert status == 201
    return token, group["id"]


def members(server: Server, token: str, group: int) -> list[dict[str, Any]]:
    status, customers = server.call("GET", f"/api/customers/group/{group}", token)
    assert status == 200
    return list(customers)


def at_once(work: Any) -> list[Answer]:
    """What `work` answers to each of several clients who begin in the same moment."""
    together = threading.Barrier(CLIENTS, timeout=30)

    def begin(client: int) -> list[Answer]:
        together.wait()
        return list(work(client))

    with ThreadPoolExecutor(CLIENTS) as pool:
        return [answer for answers in pool.map(begin, range(CLIENTS)) for answer in answers]


def test_customers_created_by_many_at_once_are_all_there(server: Server) -> None:
    token, group = group_of(server, "created at once")

    def create(client: int) -> Iterator[Answer]:
        for number in range(EACH):
            email = f"john.{client}.{number}@example.com"
            body = JOHN | {"email": email, "group_id": group}
            yield server.call("POST", "/api/customers/", token, body)

    answers = at_once(create)
    assert Counter(status for status, _ in answers) == {201: CLIENTS * EACH}
    created = {customer["email"]: customer for _, customer in answers}
    assert created == {each["email"]: each for each in members(server, token, group)}
    # All are called John Doe, and yet no two of them are the same.
    for unique in ("id", "uuid", "customer_id", "username"):
        assert len({customer[unique] for customer in created.values()}) == CLIENTS * EACH
    workers = {each["process"] for each in server.requests()}
    assert len(workers) == 2, "one worker answered everything"


def test_of_many_who_race_for_an_email_one_gets_it(server: Server) -> None:
    token, group = group_of(server, "raced for")

    def create(client: int) -> Iterator[Answer]:
        for number in range(EACH // 4):
            name = f"raced.{number}"
            email = f"{name.upper() if client % 2 else name}@example.com"
            body = JOHN | {"email": email, "group_id": group}
            yield server.call("POST", "/api/customers/", token, body)

    answers = at_once(create)
    won, lost = EACH // 4, (CLIENTS - 1) * (EACH // 4)
    assert Counter(status for status, _ in answers) == {201: won, 400: lost}
    assert {body["detail"] for status, body in answers if status == 400} == {TAKEN}
    assert len(members(server, token, group)) == won


def test_changes_by_many_at_once_are_all_made(server: Server) -> None:
    token, group = group_of(server, "changed at once")
    body = JOHN | {"email": "changed@example.com", "group_id": group}
    _, customer = server.call("POST", "/api/customers/", token, body)

    def change(client: int) -> Iterator[Answer]:
        for number in range(EACH // 4):
            changes = {"city": f"{client}.{number}"}
            yield server.call("PATCH", f"/api/customers/{customer['id']}", token, changes)

    answers = at_once(change)
    assert {status for status, _ in answers} == {200}
    versions = sorted(changed["version"] for _, changed in answers)
    assert versions == [*range(2, 2 + CLIENTS * (EACH // 4))]


def test_a_token_revoked_through_one_worker_ends_in_all_within_a_second(server: Server) -> None:
    admin, token = server.token("admin"), server.token("reader")
    me = [server.call("GET", "/api/auth/me", token) for _ in range(20)]
    assert {status for status, _ in me} == {200}
    status, _ = server.call("DELETE", f"/api/tokens/{me[0][1]['token_id']}", admin)
    revoked_at = time.monotonic()
    assert status == 200
    time.sleep(max(0.0, revoked_at + 1 - time.monotonic()))
    assert {server.call("GET", "/api/auth/me", token)[0] for _ in range(40)} == {401}
    assert server.call("GET", "/api/auth/me", admin)[0] == 200


def test_a_restart_forgets_no_customer_and_no_revocation(server: Server) -> None:
    token, group = group_of(server, "before the restart")
    gone = server.token("editor")
    assert server.call("POST", "/api/auth/logout", gone)[0] == 200
    body = JOHN | {"email": "kept@example.com", "group_id": group}
    _, customer = server.call("POST", "/api/customers/", token, body)
    server.stop()
    server.start()
    assert {server.call("GET", "/api/auth/me", gone)[0] for _ in range(10)} == {401}
    assert members(server, token, group) == [customer]
