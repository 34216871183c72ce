"""One registry for many attacks: what is refused leaves nothing behind, so it is made once."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask_migrate import upgrade

from customers_api.extensions import db
from tests.conftest import make_app
from tests.contracts.auth import sessions
from tests.contracts.me import customers
from tests.support.api import Api
from tests.support.conformance import Conformance
from tests.support.relay import relayed


@pytest.fixture(scope="session")
def one_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An application for what ends before any database is asked; its rows stay."""
    app = make_app(f"sqlite:///{tmp_path_factory.mktemp('attacks')}/one.db")
    with app.app_context():
        upgrade()
    with relayed(app):
        yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def operator(one_app: Flask, promises: Conformance) -> sessions.Session:
    """A signed-in operator, a reader."""
    sessions.make_operator(one_app, "nadia", "reader")
    return sessions.log_in(Api(one_app, promises, None))


@pytest.fixture(scope="session")
def customer(one_app: Flask, promises: Conformance) -> customers.Session:
    """A signed-in customer."""
    api = Api(one_app, promises, None)
    customers.make_customer(api)
    return customers.log_in(api)
