"""The jobs asked of the WSGI application itself: no server, no socket."""

import io
import itertools
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from benchmarks.compare.jobs import A_LIST, Job, customer, filled

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
GOOD = (HTTPStatus.OK, HTTPStatus.CREATED)
# Prime, so that it comes by all customers before it comes by one again.
STRIDE = 7919


class Caller:
    """Calls an application on `size` people as whoever has the token."""

    def __init__(self, app: App, token: str, size: int, terms: Mapping[str, Sequence[str]]) -> None:
        self._app = app
        self._token = token
        self._size = size
        self._terms = terms
        self._turn = itertools.count(1)

    def prepared(self, job: Job) -> dict[str, Any]:
        """A request for this job as WSGI has it, unlike the one before."""
        import json

        turn, groups = next(self._turn), max(1, self._size // 100)
        values: dict[str, object] = {
            "id": 1 + turn * STRIDE % self._size,
            "group": 1 + turn % groups,
            "n": turn,
        }
        if job.terms:
            terms = self._terms[job.terms]
            values["term"] = terms[turn % len(terms)]
        if "<customer>" in job.ours.body:
            values["customer"] = json.dumps(_new(turn, groups))
        if "<customers>" in job.ours.body:
            values["customers"] = ",".join(json.dumps(_new(turn, groups)) for _ in range(A_LIST))
        call = filled(job.ours, values)
        path, _, query = call.path.partition("?")
        return self._environ(call.method, path, query, call.body.encode())

    def call(self, environ: dict[str, Any]) -> int:
        """Have it answered; returns how many bytes the answer has, raises unless it is good."""
        said: list[str] = []
        body = self._app(environ, lambda status, headers, error=None: said.append(status))
        try:
            answer = b"".join(body)
        finally:
            if hasattr(body, "close"):
                body.close()
        if int(said[0][:3]) not in GOOD:
            raise RuntimeError(f"{environ['PATH_INFO']}: {said[0]} {answer[:300]!r}")
        return len(answer)

    def _environ(self, method: str, path: str, query: str, body: bytes) -> dict[str, Any]:
        environ = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "HTTP_AUTHORIZATION": f"Bearer {self._token}",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        if body:
            environ |= {"CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(body))}
        return environ


def _new(turn: int, groups: int) -> dict[str, Any]:
    return customer(f"{time.time_ns():x}", 1 + turn % groups)
