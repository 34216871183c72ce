"""Databases to break things on, and tokens for them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from flask_migrate import upgrade

from config import Testing
from customers_api import create_app
from customers_api.core import database
from customers_api.core.tokens import service as tokens
from customers_api.extensions import db
from tests.support import postgres
from tests.support.gunicorn import SECRET


@contextmanager
def database_of(kind: str) -> Iterator[tuple[str, postgres.Server | None]]:
    """The URL of an empty, migrated database that is as durable as a real one; its server too."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory(prefix="customers-api-faults-") as folder:
            url = f"sqlite:///{folder}/customers.db"
            _migrate(url)
            yield url, None
        return
    with postgres.own_server() as server:
        url = server.address + "postgres"
        _migrate(url)
        yield url, server


def token(url: str, role: str) -> str:
    """A service token of this role."""
    app = create_app(Testing({"DATABASE_URL": url, "SECRET_KEY": SECRET}))
    with app.app_context():
        text = database.in_unit_of_work(
            lambda: tokens.service_jwt(tokens.create({"name": "faults", "role": role}))
        )
        db.engine.dispose()
    return text


def _migrate(url: str) -> None:
    app = create_app(Testing({"DATABASE_URL": url, "SECRET_KEY": SECRET}))
    with app.app_context():
        upgrade()
        db.engine.dispose()
