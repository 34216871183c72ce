"""Each request as it is seen from outside: counted, logged and traced, and nothing told of people.

What stands here runs in every request: it takes some 20 microseconds, half of them for counting.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from time import perf_counter
from typing import Any

from flask import Flask, Response

from config import Config
from customers_api.core.spent import here as spent
from customers_api.web import at_hand, logs, metrics
from customers_api.web.present import Present, here
from customers_api.web.tracing import Tracer

# Who asks for these asks all the time.
PROBES = frozenset({"/health", "/health/live", "/metrics"})
# Of what the application never saw, which the client has caused, unless the server has failed.
LEVELS: Mapping[int, str] = {500: "error", 503: "warning"}
log = logging.getLogger(__name__)


class Observer:
    """Sees every request of an application begin and end."""

    def __init__(self, config: Config, tracer: Tracer | None) -> None:
        self._lines = Lines(config, tracer) if config.ACCESS_LOG else None
        self._tracer = tracer

    def watch(self, app: Flask) -> None:
        """See the requests of this application: each when it has its id, and its whole answer."""
        app.before_request(self._begin)
        app.after_request(self._answered)

    def _begin(self) -> None:
        asked = at_hand.request()
        rule = asked.url_rule
        present = Present(
            at_hand.kept().request_id, perf_counter(), asked.method, rule.rule if rule else ""
        )
        if here.request is None:
            # Else the last one was never ended, as its answer could not be made, and still counts.
            metrics.begin()
        here.request = present
        spent.begin()
        if self._tracer is not None:
            present.span = self._tracer.begin(present, asked.headers)

    def _answered(self, response: Response) -> Response:
        present = here.request
        if present is None:
            return response
        present.status = response.status_code
        body = response.response
        if isinstance(body, list):
            present.size = 0 if present.method == "HEAD" else sum(map(len, body))
            self._end(present)
            return response
        if response.direct_passthrough:
            present.size = response.content_length or 0
        else:
            response.response = Sent(body, present)  # type: ignore[arg-type]
        response.call_on_close(lambda: self._end(present))
        return response

    def _end(self, present: Present) -> None:
        seconds = perf_counter() - present.began
        method = metrics.method_of(present.method)
        kind = metrics.of(present.route, method, present.status)
        kind.end(seconds, spent.seconds, spent.statements)
        if self._lines is not None:
            self._lines.answered(present, method, seconds)
        if self._tracer is not None:
            self._tracer.end(present, method)
        here.request = None


class Lines:
    """The lines of the log that tell of requests, those refused before the application included."""

    def __init__(self, config: Config, tracer: Tracer | None = None) -> None:
        self._log = logs.Requests(config)
        self._tracer = tracer

    def answered(self, present: Present, method: str, seconds: float) -> None:
        """Tell of a request that the application has answered."""
        told = _told(present, method, seconds)
        if self._tracer is not None:
            told["trace_id"] = self._tracer.id(present)
        level = "error" if present.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "info"
        self._log.tell("debug" if present.route in PROBES else level, told)

    def refused(self, present: Present, code: str) -> None:
        """Tell of a request that the application never saw, and of why."""
        method = metrics.method_of(present.method) if present.method else None
        told = _told(present, method, perf_counter() - present.began)
        self._log.tell(LEVELS.get(present.status, "info"), told | {"problem": code})


def _told(present: Present, method: str | None, seconds: float) -> dict[str, Any]:
    return {
        "process": os.getpid(),
        "request_id": present.request_id,
        "method": method,
        "route": present.route or None,
        "status": present.status,
        "duration_ms": round(seconds * 1000, 3),
        "database_ms": round(spent.seconds * 1000, 3),
        "statements": spent.statements,
        "bytes": present.size,
        "actor": present.actor.kind if present.actor else None,
        "actor_name": present.actor_name,
    }


class Sent:
    """A streamed answer that counts its bytes on their way."""

    def __init__(self, parts: Iterator[bytes], present: Present) -> None:
        self._parts = parts
        self._next = iter(parts).__next__
        self._present = present

    def __iter__(self) -> "Sent":
        return self

    def __next__(self) -> bytes:
        """The next part; raises StopIteration, or what making it raised."""
        try:
            part = self._next()
        except StopIteration:
            raise
        except Exception:
            log.exception("The answer broke off")
            raise
        self._present.size += len(part)
        return part

    def close(self) -> None:
        """End what makes the parts."""
        if hasattr(self._parts, "close"):
            self._parts.close()
