"""The log as somebody reads it who looks for one request."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask

from config import Testing
from customers_api.extensions import db
from customers_api.web import logs
from tests.conftest import make_app

Line = dict[str, Any]


def parsed(text: str) -> list[Line]:
    """Every line, each of which must be a JSON object."""
    return [dict(json.loads(line)) for line in text.splitlines()]


def lines(capfd: pytest.CaptureFixture[str]) -> list[Line]:
    """What was logged since the last time."""
    return parsed(capfd.readouterr().err)


def of_requests(log: Iterable[Line]) -> list[Line]:
    """The lines that tell of a request."""
    return [line for line in log if line["event"] == "request"]


@contextmanager
def logging_as(app: Flask, **environ: str) -> Iterator[Flask]:
    """Another application on the same database, which logs as it is told, as long as this lasts."""
    url = app.config["DATABASE_URL"]
    other = make_app(url, **environ)
    try:
        yield other
    finally:
        with other.app_context():
            db.engine.dispose()
        logs.configure(Testing({"DATABASE_URL": url}))
