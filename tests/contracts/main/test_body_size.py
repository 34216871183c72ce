"""The size of a body: over the limit it is 413, however it is sent, and it is never cut."""

import json
from collections.abc import Iterator
from io import BytesIO

import pytest
from flask import Flask
from werkzeug.test import EnvironBuilder, run_wsgi_app

from customers_api.extensions import db
from tests.conftest import make_app
from tests.contracts.main.calls import person
from tests.support.api import Api

LIMIT = 1000
ROUTES = [
    ("POST", "/api/customers/"),
    ("POST", "/api/customers/?size=list"),
    ("PATCH", "/api/customers/1"),
    ("POST", "/api/groups/"),
    ("PATCH", "/api/groups/1"),
    ("PUT", "/api/groups/1"),
]


@pytest.fixture
def small(editor: Api, database_url: str) -> Iterator[Api]:
    """An API on the same database that takes bodies of 1,000 bytes at most."""
    app = make_app(database_url, MAX_BODY_BYTES=str(LIMIT))
    yield Api(app, editor.promises, editor.token)
    with app.app_context():
        db.engine.dispose()


def of_size(size: int) -> bytes:
    return json.dumps(person()).encode().ljust(size)


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 201), (LIMIT + 1, 413), (10**6, 413)])
def test_a_body_over_the_limit_is_413(small: Api, size: int, status: int) -> None:
    body = of_size(size)
    answer = small("POST", "/api/customers/", data=body, content_type="application/json")
    assert answer.status_code == status
    assert small.get("/api/customers/1").status_code == (200 if status == 201 else 404)


@pytest.mark.parametrize("size", [LIMIT + 1, 10**6])
def test_every_route_that_takes_a_body_has_the_limit(small: Api, size: int) -> None:
    for method, path in ROUTES:
        answer = small(method, path, data=of_size(size), content_type="application/json")
        assert answer.status_code == 413


class Chunked:
    """A body of unknown length, as the server hands it over: it is read and nothing else."""

    def __init__(self, content: bytes) -> None:
        self._rest = BytesIO(content)

    def read(self, size: int = -1) -> bytes:
        return self._rest.read(min(size, 700) if size >= 0 else -1)


def chunked(app: Flask, token: str | None, content: bytes) -> int:
    headers = {"Authorization": f"Bearer {token}", "Transfer-Encoding": "chunked"}
    builder = EnvironBuilder(
        "/api/customers/", method="POST", headers=headers, content_type="application/json"
    )
    environ = builder.get_environ()
    environ.pop("CONTENT_LENGTH", None)
    environ |= {"wsgi.input": Chunked(content), "wsgi.input_terminated": True}
    _, status, _ = run_wsgi_app(app, environ, buffered=True)
    return int(status.split()[0])


@pytest.mark.parametrize(("size", "status"), [(0, 400), (200, 201), (LIMIT, 201)])
def test_a_chunked_body_is_read_whole(small: Api, size: int, status: int) -> None:
    assert chunked(small.app, small.token, of_size(size) if size else b"") == status


@pytest.mark.parametrize("size", [LIMIT + 1, LIMIT + 2, 10**6])
def test_a_chunked_body_over_the_limit_is_413_and_not_cut(small: Api, size: int) -> None:
    assert chunked(small.app, small.token, of_size(size)) == 413
    assert small.get("/api/customers/1").status_code == 404
