"""Two real databases, an application on each, and clients that check what they get."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import time_machine
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text
from time_machine import Traveller

from config import Testing
from customers_api import create_app
from customers_api.extensions import db
from customers_api.web import access
from tests.support import postgres
from tests.support.api import Api, service_token
from tests.support.conformance import Conformance
from tests.support.relay import relayed

BACKENDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server, without a database; skips where none can be had."""
    try:
        with postgres.server() as address:
            yield address
    except postgres.NoServer as reason:
        pytest.skip(f"NO POSTGRESQL, half of the storage is untested: {reason}")


@pytest.fixture(scope="session", params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> str:
    """Each kind of database in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def database_url(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """An empty database of this kind."""
    with empty_database(backend, request, tmp_path_factory.mktemp("database")) as url:
        yield url


class empty_database:  # noqa: N801  reads as a function
    """A context with the URL of an empty database; PostgreSQL's is dropped at the end."""

    def __init__(self, backend: str, request: pytest.FixtureRequest, folder: Path) -> None:
        self.server = request.getfixturevalue("postgres_server") if backend != "sqlite" else ""
        self.name = f"test_{uuid4().hex}"
        self.url = f"{self.server}{self.name}" if self.server else f"sqlite:///{folder}/test.db"

    def __enter__(self) -> str:
        self._run("CREATE DATABASE {}")
        return self.url

    def __exit__(self, *_: object) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)")

    def _run(self, command: str) -> None:
        if self.server:
            with psycopg.connect(self.server + "postgres", autocommit=True) as connection:
                connection.execute(command.format(self.name).encode())


def make_app(url: str, **environ: str) -> Flask:
    """An application of the test suite on this database."""
    return create_app(Testing({"DATABASE_URL": url, **environ}))


@pytest.fixture(scope="session")
def migrated_app(database_url: str) -> Iterator[Flask]:
    """The application of this kind of database, migrated; rows of earlier tests may be in it."""
    app = make_app(database_url)
    with app.app_context():
        upgrade()
    with relayed(app):
        yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(migrated_app: Flask) -> Iterator[Flask]:
    """The application on an empty registry, once on each kind of database."""
    # A test that moves the clocks would else decide when the next ones' tokens are checked.
    checked = migrated_app.config["REVOCATION_CHECK_SECONDS"]
    migrated_app.extensions[access.EXTENSION] = access.Tokens(checked)
    yield migrated_app
    with migrated_app.app_context():
        empty()


# Emptying a table costs PostgreSQL new files for it and each of its indexes, whatever is in it; so
# only those are emptied in which there is, or was, a row, or whose ids have been counted.
TOUCHED = text(
    """
    SELECT relname FROM pg_class WHERE relname = ANY(:tables) AND pg_relation_size(oid) > 0
    UNION
    SELECT owner.relname FROM pg_sequence
    JOIN pg_depend ON objid = seqrelid AND deptype IN ('a', 'i')
    JOIN pg_class owner ON owner.oid = refobjid
    WHERE owner.relname = ANY(:tables) AND pg_sequence_last_value(seqrelid) IS NOT NULL
    """
)


def empty() -> None:
    """Remove all rows and begin all ids anew."""
    tables = [table.name for table in reversed(db.metadata.sorted_tables)]
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            # The text that is searched is no model's, and no trigger sees a TRUNCATE.
            searched = {"tables": [*tables, "customer_search_waiting", "customer_search"]}
            touched = connection.execute(TOUCHED, searched).scalars().all()
            # First, as whoever moves texts to their index locks what waits before that.
            in_order = sorted(touched, key=lambda name: name != "customer_search_waiting")
            if in_order:
                connection.execute(text(f"TRUNCATE {', '.join(in_order)} RESTART IDENTITY CASCADE"))
            return
        # Emptying the customers leaves changes of their counts, so those are emptied last.
        for table in (*tables, "customer_changes", "sqlite_sequence"):
            connection.execute(text(f"DELETE FROM {table}"))


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The OpenAPI document."""
    app = make_app(f"sqlite:///{tmp_path_factory.mktemp('reference')}/none.db")
    document = app.test_client().get("/openapi.json").get_json()
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="session")
def promises(reference: dict[str, Any]) -> Conformance:
    """What the OpenAPI document says of every answer."""
    return Conformance(reference)


@pytest.fixture
def clock() -> Iterator[Traveller]:
    """A clock that stands until it is moved."""
    with time_machine.travel(datetime(2026, 11, 21, 12, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
def anonymous(app: Flask, promises: Conformance) -> Api:
    """Calls without a token."""
    return Api(app, promises, None)


@pytest.fixture
def admin(anonymous: Api) -> Api:
    """Calls as an admin."""
    return anonymous.with_token(service_token(anonymous.app, "admin", "admin"))


@pytest.fixture
def editor(anonymous: Api) -> Api:
    """Calls as an editor."""
    return anonymous.with_token(service_token(anonymous.app, "editor", "editor"))


@pytest.fixture
def reader(anonymous: Api) -> Api:
    """Calls as a reader."""
    return anonymous.with_token(service_token(anonymous.app, "reader", "reader"))


JOHN = {"first_name": "John", "last_name": "Doe", "email": "john.doe@example.com"}


@pytest.fixture
def john(editor: Api) -> dict[str, Any]:
    """A customer called John Doe, as the API shows him."""
    return dict(editor.post("/api/customers/", JOHN).get_json())
