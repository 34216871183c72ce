"""Traces by OpenTelemetry, where its standard variables ask for them; else nothing of it is loaded.

The spans are made here and not by OpenTelemetry's instrumentations, which record addresses with
their ids and query, the client's address and more: what is not known here cannot be told.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event

from config import ConfigurationError
from customers_api.version import VERSION
from customers_api.web import metrics
from customers_api.web.present import Present, here

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span
    from werkzeug.datastructures import Headers

NAME = "customers-api"
INSTALL = "traces need more: pip install 'customers-api[tracing]', or unset the OTEL_ variables"
SERVER_ERROR = 500
# What OpenTelemetry calls a method that HTTP does not know; clients invent some.
UNKNOWN_NAMES, UNKNOWN_METHODS = {metrics.OTHER: "HTTP"}, {metrics.OTHER: "_OTHER"}


class Tracer:
    """Makes a span of each request, and within it one of each statement."""

    def __init__(self) -> None:
        """As OpenTelemetry's variables say; raises ConfigurationError."""
        try:
            from opentelemetry import trace
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

            provider = _provider()
        except ImportError as error:
            raise ConfigurationError(f"{INSTALL} ({error.name} is missing)") from error
        self._trace = trace
        self._tracer = provider.get_tracer(NAME, VERSION)
        self._from_caller = TraceContextTextMapPropagator().extract

    def begin(self, present: Present, headers: Headers) -> Span:
        """The span of a request, within the trace that its caller has begun, if there is one."""
        carrier = {name: headers[name] for name in ("traceparent", "tracestate") if name in headers}
        method = metrics.method_of(present.method)
        return self._tracer.start_span(
            f"{UNKNOWN_NAMES.get(method, method)} {present.route}".rstrip(),
            self._from_caller(carrier),
            kind=self._trace.SpanKind.SERVER,
            attributes={"http.request.header.x-request-id": present.request_id},
        )

    def end(self, present: Present, method: str) -> None:
        """Say how the request was answered."""
        span = present.span
        span.set_attribute("http.request.method", UNKNOWN_METHODS.get(method, method))
        span.set_attribute("http.response.status_code", present.status)
        if present.route:
            span.set_attribute("http.route", present.route)
        if present.actor is not None:
            span.set_attribute("customers_api.actor", present.actor.kind)
        if present.actor_name is not None:
            span.set_attribute("customers_api.actor_name", present.actor_name)
        if present.status >= SERVER_ERROR:
            span.set_attribute("error.type", str(present.status))
            span.set_status(self._trace.StatusCode.ERROR)
        span.end()

    def id(self, present: Present) -> str:
        """The id of the request's trace, for the log."""
        return self._trace.format_trace_id(present.span.get_span_context().trace_id)

    def watch(self, engine: Engine) -> None:
        """Make spans of what this engine is asked within a request."""
        event.listen(engine, "before_cursor_execute", self._ask)
        event.listen(engine, "after_cursor_execute", self._told)
        event.listen(engine, "handle_error", self._failed)

    def _ask(self, connection: Any, _cursor: Any, statement: str, *more: Any) -> None:
        context = more[1]
        if here.request is None or context is None:
            return
        # Parameters are not told; our statements have no values of clients in their text.
        operation = statement.split(None, 1)[0].upper()
        system = connection.dialect.name
        context.span = self._tracer.start_span(
            operation,
            self._trace.set_span_in_context(here.request.span),
            kind=self._trace.SpanKind.CLIENT,
            attributes={
                "db.system.name": system,
                "db.operation.name": operation,
                "db.query.text": statement,
            },
        )

    def _told(self, *told: Any) -> None:
        span = getattr(told[4], "span", None)
        if span is not None:
            span.end()

    def _failed(self, failure: Any) -> None:
        span = getattr(failure.execution_context, "span", None)
        if span is not None:
            span.set_attribute("error.type", type(failure.original_exception).__qualname__)
            span.set_status(self._trace.StatusCode.ERROR)
            span.end()


def _provider() -> TracerProvider:
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

    named = Resource({"service.name": NAME, "service.version": VERSION})
    given = OTELResourceDetector().detect()
    provider = TracerProvider(resource=Resource.create().merge(named).merge(given))
    if os.environ.get("OTEL_TRACES_EXPORTER", "").strip().lower() == "console":
        provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
        return provider
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider
