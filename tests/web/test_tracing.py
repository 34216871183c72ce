"""Traces: nothing of them unless asked for, and nothing of customers in them."""

import http.client
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from customers_api.extensions import db
from tests.conftest import JOHN, empty_database, make_app
from tests.support.api import service_token
from tests.support.checkout import ROOT, environment
from tests.support.collector import Collector, collector
from tests.support.gunicorn import SECRET, Gunicorn
from tests.support.log import of_requests, parsed

MARK = "m4rk3d"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
ROUTE = "GET /api/customers/<int:customer_id>"


def run(script: str, **environ: str) -> subprocess.CompletedProcess[str]:
    settings = environment(APP_ENV="testing", DATABASE_URL="sqlite:///unused.db", **environ)
    command = [sys.executable, "-c", script]
    return subprocess.run(
        command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_SERVICE_NAME": "x"},
        {"OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_SDK_DISABLED": "true", "OTEL_TRACES_EXPORTER": "otlp"},
    ],
)
def test_nothing_is_loaded_for_traces_that_nobody_wants(environ: Mapping[str, str]) -> None:
    done = run(
        "import sys, wsgi; wsgi.app.test_client().get('/health/live');"
        "print([name for name in sys.modules if name.startswith('opentelemetry')])",
        **environ,
    )
    assert done.stdout == "[]\n", done.stderr


def test_a_server_that_lacks_the_extra_says_what_to_install() -> None:
    script = "import sys; sys.modules['opentelemetry.sdk'] = None; import wsgi"
    done = run(script, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    assert done.returncode == 1
    assert done.stderr.startswith("customers-api: ")
    assert "customers-api[tracing]" in done.stderr
    assert done.stderr.count("\n") == 1


class Traced(Gunicorn):
    """gunicorn that sends its traces to a collector."""

    token = ""
    collector: Collector

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> int:
        """The status of an answer."""
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as asked:
            content = None if body is None else json.dumps(body)
            asked.request(method, path, content, given | headers)
            return asked.getresponse().status


@pytest.fixture
def traced(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Traced]:
    with empty_database(backend, request, tmp_path) as url, collector() as listening:
        app = make_app(url, SECRET_KEY=SECRET)
        with app.app_context():
            upgrade()
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": listening.address,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        server = Traced(url, log=tmp_path / "log", WEB_CONCURRENCY="2", **settings)
        server.environ["LOG_LEVEL"] = "info"
        server.token, server.collector = service_token(app, "admin"), listening
        with app.app_context():
            db.engine.dispose()
        try:
            server.start()
            yield server
        finally:
            server.stop()


def attributes(span: Span) -> dict[str, Any]:
    """A span's attributes, by name."""
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value")
        for each in span.attributes
    }


def test_a_request_is_a_span_and_each_statement_one_below_it(traced: Traced) -> None:
    assert traced.call("POST", "/api/customers/", JOHN | {"first_name": MARK}) == 201
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-ID": "find-me"}
    assert traced.call("GET", "/api/customers/1", **headers) == 200
    (span,) = traced.collector.wait_for(ROUTE)
    assert span.kind == Span.SPAN_KIND_SERVER
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, PARENT)
    told = attributes(span)
    assert told["http.request.method"] == "GET"
    assert told["http.route"] == "/api/customers/<int:customer_id>"
    assert told["http.response.status_code"] == 200
    assert "find-me" in told.values()
    assert (told["customers_api.actor"], told["customers_api.actor_name"]) == ("service", "tests")
    below = [each for each in traced.collector.spans if each.parent_span_id == span.span_id]
    assert below
    assert {each.kind for each in below} == {Span.SPAN_KIND_CLIENT}
    assert all(attributes(each)["db.query.text"] for each in below)
    log = parsed(traced.log.read_text() if traced.log else "")
    (line,) = [each for each in of_requests(log) if each["request_id"] == "find-me"]
    assert line["trace_id"] == TRACE
    assert traced.collector.services == {"customers-api"}


def test_every_worker_sends_its_spans(traced: Traced) -> None:
    assert traced.call("POST", "/api/customers/", JOHN) == 201
    for _ in range(40):
        assert traced.call("GET", "/api/customers/1") == 200
    assert len(traced.collector.wait_for(ROUTE, 40)) == 40


def test_nothing_of_customers_is_in_a_span(traced: Traced) -> None:
    person = JOHN | {"first_name": MARK, "last_name": MARK, "email": f"{MARK}@example.com"}
    sent = [
        traced.call("POST", "/api/customers/", person),
        traced.call("POST", "/api/customers/", person),
        traced.call("POST", "/api/customers/search", {"query": MARK, "tags": MARK}),
        traced.call("GET", f"/api/customers/email/{MARK}@example.com"),
        traced.call("GET", f"/{MARK}?{MARK}={MARK}", **{"User-Agent": MARK}),
        traced.call("POST", "/api/customers/", {MARK: MARK}),
        traced.call("GET", "/api/customers/1", baggage=f"{MARK}=1"),
        traced.call(MARK.upper(), "/api/groups"),
        traced.call(MARK.upper(), f"/{MARK}"),
    ]
    assert sent == [201, 400, 200, 200, 404, 400, 200, 405, 404]
    traced.collector.wait_for(ROUTE)
    assert len(traced.collector.wait_for("POST /api/customers", 3)) == 3
    (unknown, nowhere) = traced.collector.wait_for("HTTP", 2)
    assert {attributes(each)["http.request.method"] for each in (unknown, nowhere)} == {"_OTHER"}
    assert not any(MARK.encode() in each.lower() for each in traced.collector.received)


def test_what_fails_is_marked(traced: Traced) -> None:
    url = traced.environ["DATABASE_URL"]
    app = make_app(url)
    with app.app_context():
        with db.engine.connect() as connection:
            connection.exec_driver_sql("DROP TABLE kept_answers")
        db.engine.dispose()
    status = traced.call("POST", "/api/customers/", JOHN, **{"Idempotency-Key": "x"})
    assert status >= 500
    (span,) = traced.collector.wait_for("POST /api/customers")
    assert span.status.code == Status.STATUS_CODE_ERROR
    below = [each for each in traced.collector.spans if each.parent_span_id == span.span_id]
    assert Status.STATUS_CODE_ERROR in {each.status.code for each in below}
