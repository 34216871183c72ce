"""The migrations, up and down, on both kinds of database."""

import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import (
    CheckConstraint,
    Connection,
    NullPool,
    create_engine,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from customers_api.core.idempotency.model import KEPT
from customers_api.core.idempotency.queries import FORGOTTEN
from customers_api.extensions import db
from tests.conftest import empty_database, make_app
from tests.support.checkout import ROOT, environment

# The index of customers' text, which each database makes in its own way, has no model.
WITHOUT_MODEL = "customer_search"


@pytest.fixture
def bare_app(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Flask]:
    """The application, at work on a database without a single table."""
    with empty_database(backend, request, tmp_path) as url:
        app = make_app(url)
        with app.app_context():
            yield app
            db.session.remove()
            db.engine.dispose()


@contextmanager
def looking() -> Iterator[Connection]:
    """A connection of nobody's making, to look at what is there."""
    engine = create_engine(db.engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def tables() -> set[str]:
    """Every table and view."""
    with looking() as connection:
        inspector = inspect(connection)
        return {*inspector.get_table_names(), *inspector.get_view_names()}


def models() -> set[str]:
    return {table.name for table in db.metadata.sorted_tables}


def has_model(_thing: object, name: str | None, kind: str, *_: object) -> bool:
    return kind != "table" or not str(name).startswith(WITHOUT_MODEL)


def differences() -> list[object]:
    """In what the database and the models differ, as Alembic sees it."""
    options = {"compare_type": True, "include_object": has_model}
    with looking() as connection:
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, db.metadata))


def checks_in_models() -> set[tuple[str, str]]:
    return {
        (table.name, str(each.name))
        for table in db.metadata.sorted_tables
        for each in table.constraints
        if isinstance(each, CheckConstraint)
    }


def checks_in_database() -> set[tuple[str, str]]:
    with looking() as connection:
        inspector = inspect(connection)
        return {
            (table, str(each["name"]))
            for table in models()
            for each in inspector.get_check_constraints(table)
        }


def execute(statement: str) -> None:
    with looking() as connection:
        connection.execute(text(statement))


def test_the_migrations_are_numbered_in_one_line_and_named() -> None:
    scripts = [*ScriptDirectory("migrations").walk_revisions()][::-1]
    for number, script in enumerate(scripts, start=1):
        assert script.revision == f"{number:04}"
        assert script.down_revision == (f"{number - 1:04}" if number > 1 else None)
        assert re.fullmatch(rf"{number:04}_[a-z0-9_]+\.py", Path(script.path).name)


@pytest.mark.usefixtures("bare_app")
def test_from_nothing_the_migrations_make_what_the_models_say() -> None:
    upgrade()
    assert tables() >= models() | {"alembic_version"}
    assert differences() == []


@pytest.mark.usefixtures("bare_app")
def test_the_migrations_make_every_check_of_the_models() -> None:
    # Alembic does not compare these.
    upgrade()
    assert checks_in_database() == checks_in_models()


@pytest.mark.usefixtures("bare_app")
def test_downgraded_to_base_nothing_is_left() -> None:
    upgrade()
    downgrade(revision="base")
    assert tables() == {"alembic_version"}
    # Nor anything else that would stand against the next upgrade.
    upgrade()
    assert differences() == []


@pytest.mark.usefixtures("bare_app")
def test_an_upgrade_of_what_is_up_to_date_changes_nothing() -> None:
    upgrade()
    execute(
        "INSERT INTO groups (name, created_at, updated_at) "
        "VALUES ('A', CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)"
    )
    upgrade()
    with looking() as connection:
        assert connection.execute(text("SELECT name FROM groups")).scalars().all() == ["A"]


@pytest.mark.usefixtures("bare_app")
def test_a_failed_migration_leaves_nothing_behind() -> None:
    # The first migration makes groups, operators and customers before it meets this one.
    execute("CREATE TABLE tokens (id INTEGER)")
    with pytest.raises(DBAPIError):
        upgrade()
    assert tables() - {"alembic_version"} == {"tokens"}
    execute("DROP TABLE tokens")
    upgrade()
    assert differences() == []


@pytest.mark.usefixtures("bare_app")
def test_a_failed_downgrade_loses_nothing() -> None:
    upgrade()
    cascade = "CASCADE" if db.engine.dialect.name == "postgresql" else ""
    # The downgrade drops this one last.
    execute(f"DROP TABLE groups {cascade}")
    before = tables()
    with pytest.raises(DBAPIError):
        downgrade(revision="base")
    assert tables() == before


@pytest.mark.usefixtures("bare_app")
def test_what_is_forgotten_can_be_read_by_the_code_before() -> None:
    upgrade()
    row = {"caller": "service 1", "fingerprint": b"", "status": 201, "headers": {}}
    row |= {"created_at": datetime.now(UTC)}
    rows = [{**row, "key": "a", "body": FORGOTTEN}, {**row, "key": "b", "body": b"something"}]
    with looking() as connection:
        connection.execute(insert(KEPT), rows)
    downgrade(revision="0009")
    with looking() as connection:
        forgotten, other = connection.execute(select(KEPT.c.body).order_by(KEPT.c.key)).scalars()
    assert (zlib.decompress(forgotten), other) == (b"", b"something")


def test_servers_that_migrate_at_once_take_turns(bare_app: Flask) -> None:
    environ = environment(APP_ENV="testing", DATABASE_URL=bare_app.config["DATABASE_URL"])
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    started = [
        subprocess.Popen(command, cwd=ROOT, env=environ, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ends = [(process.communicate(timeout=60)[1], process.returncode) for process in started]
    assert [code for _, code in ends] == [0, 0], ends
    assert differences() == []
