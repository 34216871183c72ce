"""GET /health and GET /health/live, and what calls answer while the database is away."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from flask import Flask
from sqlalchemy import text
from werkzeug.test import TestResponse

from customers_api.core import database
from customers_api.extensions import db
from customers_api.version import VERSION
from tests.conftest import empty_database, make_app
from tests.support.api import Api
from tests.support.conformance import Conformance

Started = Callable[..., Api]
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@pytest.fixture
def started(promises: Conformance) -> Iterator[Started]:
    """The API, without a token, of a server on another database or with other settings."""
    apps: list[Flask] = []

    def start(url: str, **environ: str) -> Api:
        apps.append(make_app(url, **environ))
        return Api(apps[-1], promises, None)

    yield start
    for app in apps:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def closed_port() -> str:
    """The address of a PostgreSQL that is not running."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return f"postgresql://nobody@127.0.0.1:{probe.getsockname()[1]}/none"


@pytest.fixture
def silent_port() -> Iterator[str]:
    """The address of something that lets everybody in and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"postgresql://nobody@127.0.0.1:{listening.getsockname()[1]}/none"


def assert_unavailable(answer: TestResponse) -> None:
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    problem = answer.get_json()
    assert (problem["status"], problem["type"]) == (503, "/docs/problems#unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert not any(word in problem["detail"] for word in ("SELECT", "127.0.0.1", "nobody", "sql"))


def test_health_tells_the_database_its_revision_and_our_version(
    anonymous: Api, backend: str
) -> None:
    answer = anonymous.get("/health")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ok",
        "database": backend,
        "revision": ScriptDirectory("migrations").get_current_head(),
        "version": VERSION,
    }


def test_health_can_be_asked_without_a_body(anonymous: Api) -> None:
    answer = anonymous("HEAD", "/health")
    assert (answer.status_code, answer.get_data()) == (200, b"")


def test_health_takes_no_notice_of_a_token_that_is_no_good(anonymous: Api) -> None:
    assert anonymous.with_token("nonsense").get("/health").status_code == 200


def test_health_is_503_where_there_is_no_schema(
    started: Started, backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with empty_database(backend, request, tmp_path) as url:
        assert_unavailable(started(url).get("/health"))


def test_health_is_503_when_nobody_listens(started: Started, closed_port: str) -> None:
    began = time.monotonic()
    assert_unavailable(started(closed_port).get("/health"))
    assert time.monotonic() - began < 2


def test_health_is_503_in_time_when_the_database_says_nothing(
    started: Started, silent_port: str
) -> None:
    began = time.monotonic()
    assert_unavailable(started(silent_port).get("/health"))
    assert time.monotonic() - began < 4


@on_postgresql
def test_health_is_503_in_time_while_the_database_hangs_and_recovers(
    anonymous: Api, database_url: str
) -> None:
    with psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        assert_unavailable(anonymous.get("/health"))
        assert time.monotonic() - began < 4
    assert anonymous.get("/health").status_code == 200


def test_health_is_503_when_the_file_cannot_be_opened(started: Started, tmp_path: Path) -> None:
    assert_unavailable(started(f"sqlite:///{tmp_path}/no/such/folder.db").get("/health"))


@on_sqlite
def test_calls_are_503_and_not_401_while_the_database_is_away(
    started: Started, closed_port: str, reader: Api, editor: Api
) -> None:
    api = started(closed_port)
    assert_unavailable(api.with_token(reader.token).get("/api/groups"))
    assert_unavailable(api.with_token(editor.token).post("/api/groups", {"name": "A"}))
    credentials = {"username": "nadia", "password": "correct horse battery staple"}
    assert_unavailable(api.post("/api/auth/login", credentials))


@on_sqlite
def test_calls_are_503_in_time_when_the_database_says_nothing(
    started: Started, silent_port: str, reader: Api
) -> None:
    began = time.monotonic()
    assert_unavailable(started(silent_port).with_token(reader.token).get("/api/groups"))
    assert time.monotonic() - began < 4


@on_postgresql
def test_a_call_whose_statement_takes_too_long_is_503(
    started: Started, database_url: str, reader: Api
) -> None:
    api = started(database_url, DATABASE_TIMEOUT_SECONDS="1").with_token(reader.token)
    with psycopg.connect(database_url) as other:
        other.execute("LOCK TABLE groups IN ACCESS EXCLUSIVE MODE")
        assert_unavailable(api.get("/api/groups"))
    assert api.get("/api/groups").status_code == 200


@on_postgresql
def test_a_call_that_gets_no_connection_within_two_seconds_is_503(
    started: Started, database_url: str, reader: Api
) -> None:
    api = started(database_url, DATABASE_POOL_SIZE="1").with_token(reader.token)
    with api.app.app_context(), db.engine.connect():
        began = time.monotonic()
        assert_unavailable(api.get("/api/groups"))
        assert time.monotonic() - began < 4
    assert api.get("/api/groups").status_code == 200


@on_postgresql
def test_a_connection_that_broke_costs_no_call(
    started: Started, database_url: str, reader: Api
) -> None:
    api = started(database_url, DATABASE_POOL_SIZE="1").with_token(reader.token)
    with api.app.app_context():
        ours = database.rows(text("SELECT pg_backend_pid()"))[0]
    with psycopg.connect(database_url) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [*ours])
    assert api.get("/api/groups").status_code == 200


def test_the_process_is_live_whatever_becomes_of_the_database(
    started: Started, closed_port: str, silent_port: str, tmp_path: Path
) -> None:
    file = tmp_path / "never.db"
    for url in (closed_port, silent_port, f"sqlite:///{file}"):
        began = time.monotonic()
        answer = started(url).get("/health/live")
        assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})
        assert time.monotonic() - began < 2
    # SQLite makes the file when it is first connected to.
    assert not file.exists()
