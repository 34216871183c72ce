"""An application's calls answered over HTTP, by a server of the same application and database.

So the checks that call an application in this process go through granian, where it is asked for.
"""

import http.client
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from flask import Flask

from tests.support.gunicorn import ASKED, GRANIAN, Gunicorn

# What HTTP adds between a server and whoever hears it.
OF_A_CONNECTION = ("transfer-encoding", "connection", "date", "server")


@contextmanager
def relayed(app: Flask) -> Iterator[None]:
    """Meanwhile calls of this migrated application are answered by granian, if asked for."""
    if ASKED != GRANIAN:
        yield
        return
    settings = {"APP_ENV": "testing", "SECRET_KEY": app.config["SECRET_KEY"]}
    server = Gunicorn(app.config["DATABASE_URL"], WEB_CONCURRENCY="1", **settings)
    server.start()
    here, app.wsgi_app = app.wsgi_app, Relay(server.port)  # type: ignore[method-assign]
    try:
        yield
    finally:
        app.wsgi_app = here  # type: ignore[method-assign]
        server.stop()


class Relay:
    """A WSGI application that sends what it gets to a port."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        """The answer of the server there."""
        body = environ["wsgi.input"].read()
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as sent:
            sent.putrequest(environ["REQUEST_METHOD"], _target(environ), True, True)
            for name, value in _headers(environ):
                sent.putheader(name, value.encode("latin-1"))
            if body and "CONTENT_LENGTH" not in environ:
                sent.putheader("Content-Length", str(len(body)))
            sent.endheaders(body or None)
            answer = sent.getresponse()
            content = answer.read()
        told = [each for each in answer.getheaders() if each[0].lower() not in OF_A_CONNECTION]
        start_response(f"{answer.status} {answer.reason}", told)
        return [content]


def _target(environ: dict[str, Any]) -> str:
    """What was asked for, as it was written; a test may have replaced the path."""
    raw = str(environ.get("REQUEST_URI", ""))
    path = environ["PATH_INFO"].encode("latin-1")
    if unquote_to_bytes(raw.partition("?")[0]) == path:
        return raw
    query = environ.get("QUERY_STRING", "")
    return quote(path) + (f"?{query}" if query else "")


def _headers(environ: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            yield name.replace("_", "-").title(), environ[name]
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            yield name[5:].replace("_", "-").title(), value
