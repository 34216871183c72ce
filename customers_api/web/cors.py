"""Which other sites' pages may call (CORS): none, unless their origins are configured."""

from collections.abc import Sequence

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import MethodNotAllowed

EXTENSION = "customers-api-origins"
ANY = "*"
HOURS = 2
SENT = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "MCP-Protocol-Version",
    "X-Request-ID",
)
# What a page may read besides the few headers that it may always read.
SHOWN = (
    "Allow",
    "ETag",
    "Idempotent-Replayed",
    "Link",
    "Location",
    "RateLimit",
    "RateLimit-Limit",
    "RateLimit-Policy",
    "RateLimit-Remaining",
    "RateLimit-Reset",
    "Retry-After",
    "WWW-Authenticate",
    "X-Request-ID",
    "X-Total-Count",
)


def init_app(app: Flask, origins: Sequence[str]) -> None:
    """Let the pages of these origins call; of none, nothing is asked with each request."""
    app.extensions[EXTENSION] = frozenset(origins)
    if origins:
        app.before_request(_preflight)
        app.after_request(_mark)


def allows(origin: str) -> bool:
    """Whether the pages of this origin may call."""
    origins: frozenset[str] = current_app.extensions[EXTENSION]
    return origin in origins or ANY in origins


def _preflight() -> Response | None:
    """The answer to a browser that asks, without a token, what a page may send here."""
    refused = request.routing_exception
    asks = "Access-Control-Request-Method" in request.headers and request.method == "OPTIONS"
    if not asks or not isinstance(refused, MethodNotAllowed):
        return None
    if not allows(request.headers.get("Origin", "")):
        return None
    response = Response(status=204)
    del response.headers["Content-Type"]
    response.headers["Access-Control-Allow-Methods"] = ", ".join(
        sorted(refused.valid_methods or ())
    )
    response.headers["Access-Control-Allow-Headers"] = ", ".join(SENT)
    response.headers["Access-Control-Max-Age"] = str(HOURS * 3600)
    return response


def _mark(response: Response) -> Response:
    # Never with credentials: tokens come in a header that a page sets itself, and nothing else.
    origin = request.headers.get("Origin")
    if allows(ANY):
        response.headers["Access-Control-Allow-Origin"] = ANY
    else:
        response.headers.add("Vary", "Origin")
        if origin is None or not allows(origin):
            return response
        response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Expose-Headers"] = ", ".join(SHOWN)
    return response
