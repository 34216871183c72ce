"""gunicorn as it is in production, logging all it can, to be written to byte by byte."""

import http.client
import json
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade

from customers_api.extensions import db
from tests.conftest import empty_database, make_app
from tests.support.api import service_token
from tests.support.gunicorn import GRANIAN, GUNICORN, SECRET, Gunicorn

Answer = tuple[int, Any]
# After which granian has answered all that it is going to, where it keeps a connection.
SILENCE_SECONDS = 0.5


class Served(Gunicorn):
    """The server, and an application on the same database to look behind it with."""

    log: Path

    def __init__(self, url: str, folder: Path, app: Flask) -> None:
        """It writes everything to one log."""
        self.app = app
        super().__init__(url, log=folder / "server.log", LOG_LEVEL="debug", WEB_CONCURRENCY="1")

    def sent(self, request: bytes) -> bytes:
        """Everything that is answered until the server closes, to these bytes and no more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as client:
            client.sendall(request)
            received = b""
            if self.server == GUNICORN:
                client.shutdown(socket.SHUT_WR)
            else:
                # It answers nobody who has said all there is to say.
                client.settimeout(SILENCE_SECONDS)
            with suppress(TimeoutError if self.server == GRANIAN else ()):
                while part := client.recv(65536):
                    received += part
        return received

    def call(
        self, method: str, path: str, body: Any = None, *, headers: Mapping[str, str]
    ) -> Answer:
        """The answer to one call, as JSON."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body)
        given = {"Content-Type": "application/json", **headers}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as client:
            client.request(method, path, content, given)
            answer = client.getresponse()
            read = answer.read()
            return answer.status, json.loads(read) if read else None

    def bearer(self, role: str) -> Mapping[str, str]:
        """The header of a new token of this role."""
        return {"Authorization": f"Bearer {service_token(self.app, role)}"}

    def logged(self) -> str:
        """Everything that was written so far."""
        return self.log.read_text(encoding="utf-8", errors="surrogateescape")


@contextmanager
def served(backend: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Served]:
    """A server on an empty registry."""
    with empty_database(backend, request, folder) as url:
        app = make_app(url, SECRET_KEY=SECRET)
        with app.app_context():
            upgrade()
        running = Served(url, folder, app)
        try:
            running.start()
            yield running
        finally:
            running.stop()
            with app.app_context():
                db.engine.dispose()


def statuses(received: bytes) -> list[int]:
    """The status of each answer on a connection."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", received)]
