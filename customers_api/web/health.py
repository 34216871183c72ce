"""Health probes: is the process alive, and does it reach its database."""

from collections.abc import Mapping
from threading import Thread
from typing import Any, ClassVar

from flask import Flask
from marshmallow import fields

from customers_api.core import database
from customers_api.core.errors import Unavailable
from customers_api.extensions import application
from customers_api.version import VERSION
from customers_api.web.access import bearer
from customers_api.web.contract import Contract
from customers_api.web.schemas import AnswerSchema, Shape

# What asks for our health gives up soon as well; a database that takes longer is not there.
PATIENCE_SECONDS = 2.0

contract = Contract(
    "health", prefix="/health", about="Health probes.", authenticate=bearer, statuses={}
)


class Health(AnswerSchema):
    """The server works and reaches its database."""

    status = fields.String(metadata={"enum": ["ok"]})
    database = fields.String(metadata={"enum": ["sqlite", "postgresql"]})
    revision = fields.String()
    version = fields.String()

    EXAMPLE: ClassVar[Shape] = {
        "status": "ok",
        "database": "sqlite",
        "revision": "0001",
        "version": VERSION,
    }


class Liveness(AnswerSchema):
    """The process answers."""

    status = fields.String(metadata={"enum": ["ok"]})

    EXAMPLE: ClassVar[Shape] = {"status": "ok"}


@contract.operation("GET", "/", role=None, answer=Health())
def health() -> Mapping[str, Any]:
    """Tell whether the database is reached, at which revision, and the server's version."""
    app = application()
    return {
        "status": "ok",
        "database": database.dialect(),
        "revision": _revision_in_time(app),
        "version": VERSION,
    }


@contract.operation("GET", "/live", role=None, answer=Liveness())
def live() -> Mapping[str, str]:
    """Tell that the process answers; asks nothing of the database."""
    return {"status": "ok"}


def _revision_in_time(app: Flask) -> str:
    """The database's revision; raises Unavailable when it cannot be had in time."""
    found: list[str] = []

    def ask() -> None:
        with app.app_context():
            try:
                found.append(database.revision())
            except Unavailable:
                return

    # The driver's own time limits do not cover a server that stops answering midway.
    asking = Thread(target=ask, name="health", daemon=True)
    asking.start()
    asking.join(PATIENCE_SECONDS)
    if not found:
        raise Unavailable
    return found[0]
