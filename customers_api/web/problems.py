"""Every error as a problem document (RFC 9457), whoever raised it."""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from flask import Response, g
from werkzeug.exceptions import HTTPException

from customers_api.core.errors import (
    Conflict,
    Denied,
    Error,
    Invalid,
    NotFound,
    Path,
    Problem,
    Stale,
    TooManyAttempts,
    Unauthenticated,
    Unavailable,
)
from customers_api.core.idempotency.queries import AnswerForgotten, KeyReused
from customers_api.core.idempotency.service import StillRunning

MEDIA_TYPE = "application/problem+json"
CATALOGUE = "/docs/problems"
# How many problems the sentence names; all of them are in `errors`.
MOST_NAMED = 3
RETRY_AFTER_SECONDS = "2"
# A request id that a client or a proxy may choose; any other is replaced.
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

log = logging.getLogger(__name__)
Statuses = Mapping[type[Error], int]


class BodyMalformed(Error):
    """The body is not valid JSON."""

    code = "body-malformed"


class NotJson(Error):
    """The body must be JSON, sent with Content-Type: application/json"""

    code = "not-json"


class NotUtf8(Error):
    """The body must be JSON in UTF-8, the only charset here; Content-Type need not name it."""

    code = "not-utf-8"


class BodyEncoded(Error):
    """The body must be sent as it is, not compressed, without Content-Encoding."""

    code = "body-encoded"


class BodyTooLarge(Error):
    """The body is larger than this server takes."""

    code = "body-too-large"


class NoSuchAddress(Error):
    """There is nothing at this address; /docs lists all that there are."""

    code = "no-such-address"


class MethodNotAllowed(Error):
    """This address does not have this method; the Allow header names those it has."""

    code = "method-not-allowed"


class NotAcceptable(Error):
    """This address answers with application/json, which the Accept header leaves out."""

    code = "not-acceptable"


class BadRequest(Error):
    """The request cannot be understood."""

    code = "bad-request"


class TooManyRequests(Error):
    """Too many requests came; the next is heard after the seconds that Retry-After tells."""

    code = "too-many-requests"

    def __init__(self, seconds: int = 1, most: int = 1) -> None:
        self.seconds, self.most = seconds, most
        super().__init__()


class Unexpected(Error):
    """Something went wrong on the server; its operators find the reason under this request_id."""

    code = "unexpected"


class Refused(Invalid):
    """The request is not valid."""

    def __init__(self, parameters: Sequence[Problem], pointers: Sequence[Problem]) -> None:
        self.parameters = tuple(parameters)
        super().__init__(pointers)


STATUSES: Statuses = {
    Invalid: 400,
    BodyMalformed: 400,
    BadRequest: 400,
    Unauthenticated: 401,
    Denied: 403,
    NotFound: 404,
    NoSuchAddress: 404,
    MethodNotAllowed: 405,
    NotAcceptable: 406,
    Conflict: 409,
    AnswerForgotten: 410,
    Stale: 412,
    BodyTooLarge: 413,
    NotJson: 415,
    NotUtf8: 415,
    BodyEncoded: 415,
    KeyReused: 422,
    TooManyAttempts: 429,
    TooManyRequests: 429,
    Unexpected: 500,
    Unavailable: 503,
}
FROM_HTTP: Mapping[int, type[Error]] = {
    404: NoSuchAddress,
    405: MethodNotAllowed,
    413: BodyTooLarge,
    415: NotJson,
}


EXAMPLE_ID = "0f6b2c1d4e5a4b3c8d7e6f5a4b3c2d1e"
EXAMPLE_PROBLEMS = (Problem(("email",), "Not a valid email address"),)


class ProblemDocument(msgspec.Struct, omit_defaults=True):
    """The members of a problem document, in their order."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[dict[str, str]] = msgspec.field(default_factory=list)


def response(raised: Exception, statuses: Statuses) -> Response:
    """The answer to whatever was raised, with the statuses of the contract it was raised in."""
    if isinstance(raised, HTTPException) and raised.code and raised.code < HTTPStatus.BAD_REQUEST:
        return Response.force_type(raised.get_response())  # type: ignore[return-value]
    error = _as_error(raised)
    status = status_of(type(error), statuses)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("Answered with the problem %s", error.code, exc_info=raised)
    answer = Response(
        msgspec.json.encode(_document(error, status, g.request_id)),
        status=status,
        content_type=MEDIA_TYPE,
    )
    answer.headers.extend(_headers(raised, status))
    return answer


def status_of(kind: type[Error], statuses: Statuses) -> int:
    """The status of an error: its own, or that of the nearest class it descends from."""
    for each in kind.__mro__:
        if each in statuses:
            return statuses[each]
        if each in STATUSES:
            return STATUSES[each]
    raise LookupError(f"{kind.__name__} has no status")


def example(kind: type[Error], statuses: Statuses) -> dict[str, Any]:
    """A problem document of this error, for the reference."""
    status = status_of(kind, statuses)
    error = kind(EXAMPLE_PROBLEMS) if issubclass(kind, Invalid) else kind()
    document = _document(error, status, EXAMPLE_ID)
    return dict(msgspec.to_builtins(document))


class Entry(NamedTuple):
    """One kind of problem, as the catalogue shows it."""

    code: str
    status: int
    meaning: str


def catalogue() -> list[Entry]:
    """Every kind of problem that the application can answer with."""
    kinds = {kind.code: kind for kind in _descendants(Error) if kind.code != Error.code}
    return [
        Entry(code, status_of(kind, {}), " ".join((kind.__doc__ or "").split()))
        for code, kind in kinds.items()
    ]


def _descendants(kind: type[Error]) -> Iterator[type[Error]]:
    for child in kind.__subclasses__():
        yield from _descendants(child)
        yield child


def pointer(path: Path) -> str:
    """A path as a JSON Pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _as_error(raised: Exception) -> Error:
    if isinstance(raised, Error):
        return raised
    if isinstance(raised, HTTPException) and raised.code:
        if raised.code in FROM_HTTP:
            return FROM_HTTP[raised.code]()
        if raised.code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return BadRequest()
    return Unexpected()


def _document(error: Error, status: int, request_id: str) -> ProblemDocument:
    errors = [*_errors(error)]
    return ProblemDocument(
        type=f"{CATALOGUE}#{error.code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=_detail(error, errors),
        request_id=request_id,
        errors=errors,
    )


def _errors(error: Error) -> Iterable[dict[str, str]]:
    if isinstance(error, Refused):
        for problem in error.parameters:
            yield {"parameter": str(problem.path[0]), "message": problem.message}
    if isinstance(error, Invalid):
        for problem in error.problems:
            yield {"pointer": pointer(problem.path), "message": problem.message}


def _detail(error: Error, errors: Sequence[Mapping[str, str]]) -> str:
    """The error's own sentence; where that says no more than 'invalid', the first problems."""
    if type(error) not in (Invalid, Refused) or not errors:
        return error.detail
    named = [_named(each) for each in errors[:MOST_NAMED]]
    more = len(errors) - len(named)
    return "; ".join(named) + (f"; and {more} more" if more else "")


def _named(each: Mapping[str, str]) -> str:
    place = each.get("parameter") or each.get("pointer", "").removeprefix("/")
    return f"{place}: {each['message']}" if place else each["message"]


def _headers(raised: Exception, status: int) -> Iterable[tuple[str, str]]:
    if status == HTTPStatus.UNAUTHORIZED:
        yield "WWW-Authenticate", "Bearer"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        yield "Retry-After", RETRY_AFTER_SECONDS
    if isinstance(raised, StillRunning):
        yield "Retry-After", "1"
    if isinstance(raised, TooManyAttempts | TooManyRequests):
        yield "Retry-After", str(raised.seconds)
    if isinstance(raised, TooManyRequests):
        # What clients read that are older than RateLimit, once it matters to them.
        yield "RateLimit-Limit", str(raised.most)
        yield "RateLimit-Remaining", "0"
        yield "RateLimit-Reset", str(raised.seconds)
    if status == HTTPStatus.METHOD_NOT_ALLOWED and isinstance(raised, HTTPException):
        methods = getattr(raised, "valid_methods", None) or ()
        yield "Allow", ", ".join(sorted(methods))
