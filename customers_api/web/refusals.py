"""What gunicorn itself refuses, as problem documents: the application never sees these requests."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from gunicorn import util
from gunicorn.http import errors

from customers_api.web.problems import (
    CATALOGUE,
    MEDIA_TYPE,
    RETRY_AFTER_SECONDS,
    BodyTooLarge,
    ProblemDocument,
    Unexpected,
)
from customers_api.web.secure_headers import ALWAYS, POLICY, UNSTORED, YEAR


class TooSlow(errors.ParseException):
    """The request did not arrive in the time that it may take."""


class NoHost(errors.ParseException):
    """The request does not tell, as HTTP/1.1 has it, which host it is for."""


class OtherVersion(errors.InvalidHTTPVersion):
    """The request is of another HTTP than the one that begins with 1."""


class TooLarge(errors.ParseException):
    """The body of the request takes more bytes than this server reads."""


class Busy(errors.ParseException):
    """More arrives, or waits to be answered, than this server keeps in memory."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a client is told when its request never reaches the application."""

    status: int
    code: str
    detail: str


BUSY = HTTPStatus.SERVICE_UNAVAILABLE
INTERNAL = Refusal(500, Unexpected.code, " ".join(str(Unexpected.__doc__).split()))
OVERSIZED = Refusal(413, BodyTooLarge.code, str(BodyTooLarge.__doc__))
FIRST_LINE = Refusal(400, "malformed-request", "The request's first line is not valid HTTP.")
HEADER = Refusal(400, "malformed-request", "A header of the request is not valid HTTP.")
# By the error or its nearest ancestor here; none of them repeats anything of the request.
REFUSALS: Mapping[type[BaseException], Refusal] = {
    BaseException: INTERNAL,
    errors.ParseException: Refusal(400, "malformed-request", "The request is not valid HTTP."),
    TooSlow: Refusal(408, "too-slow", "The request did not arrive in the time that it may take."),
    TooLarge: OVERSIZED,
    NoHost: Refusal(400, "malformed-request", "The request has no Host, or none that is valid."),
    Busy: Refusal(503, "busy", "Too much is on its way to this server; try again shortly."),
    ssl.SSLError: Refusal(400, "malformed-request", "The TLS connection failed."),
    errors.ConfigurationProblem: INTERNAL,
    # The stubs are a release behind and do not know these two.
    errors.InvalidResponseHeader: INTERNAL,  # type: ignore[attr-defined]
    errors.InvalidResponseHeaderName: INTERNAL,  # type: ignore[attr-defined]
    errors.InvalidRequestLine: FIRST_LINE,
    errors.InvalidRequestMethod: FIRST_LINE,
    errors.InvalidHTTPVersion: FIRST_LINE,
    OtherVersion: Refusal(505, "version-not-supported", "Only HTTP/1.1 is spoken here."),
    errors.LimitRequestLine: Refusal(
        414, "request-line-too-long", "The request's first line is too long."
    ),
    errors.InvalidHeader: HEADER,
    errors.InvalidHeaderName: HEADER,
    errors.ObsoleteFolding: HEADER,
    errors.LimitRequestHeaders: Refusal(
        431, "headers-too-large", "The request has too many headers, or too long ones."
    ),
    errors.ExpectationFailed: Refusal(
        417, "expectation-failed", "The only expectation met here is 100-continue."
    ),
    errors.UnsupportedTransferCoding: Refusal(
        501, "unsupported-transfer-coding", "The only transfer coding here is chunked."
    ),
    errors.ForbiddenProxyRequest: Refusal(
        403, "proxy-not-allowed", "This address may not speak the PROXY protocol."
    ),
}


def refusal_of(error: BaseException) -> Refusal:
    """What to tell the client whose request ended in this error."""
    kind = type(error)
    # A version that can be read is told as its numbers, and anything else as it came.
    if isinstance(error, errors.InvalidHTTPVersion) and isinstance(error.version, tuple):
        kind = OtherVersion
    return next(REFUSALS[each] for each in kind.__mro__ if each in REFUSALS)


def document(refusal: Refusal, request_id: str) -> ProblemDocument:
    """The refusal as a problem document."""
    return ProblemDocument(
        type=f"{CATALOGUE}#{refusal.code}",
        title=HTTPStatus(refusal.status).phrase,
        status=refusal.status,
        detail=refusal.detail,
        request_id=request_id,
    )


def render(refusal: Refusal, request_id: str, *, secure: bool) -> tuple[bytes, bytes]:
    """The refusal as the head and body of an HTTP response, the last one on its connection.

    `secure` is for a client that speaks TLS, as far as anybody knows.
    """
    problem = document(refusal, request_id)
    body = msgspec.json.encode(problem)
    head = (
        f"HTTP/1.1 {problem.status} {problem.title}",
        f"Date: {util.http_date()}",
        "Connection: close",
        f"Content-Type: {MEDIA_TYPE}",
        f"Content-Length: {len(body)}",
        f"X-Request-ID: {request_id}",
        *(f"{name}: {value}" for name, value in (*ALWAYS, POLICY, UNSTORED)),
        *([": ".join(YEAR)] if secure else ()),
        *([f"Retry-After: {RETRY_AFTER_SECONDS}"] if refusal.status == BUSY else ()),
    )
    return "\r\n".join((*head, "", "")).encode("ascii"), body
