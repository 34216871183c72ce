"""Requests that two servers in a row would read differently, and text that would forge a log."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.attacks.served import Served, served, statuses
from tests.support.gunicorn import ASKED, GRANIAN, only_gunicorn

POST = b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
# Were this read as a request of its own, it would be answered by 200.
SMUGGLED = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
EMPTY = b"0\r\n\r\n"
# What begins a request whose end can be found in two ways (RFC 9112, 6.1, 6.3, 11.2).
AMBIGUOUS = {
    "a length, and chunks": b"Content-Length: 5\r\n" + CHUNKED + b"\r\n" + EMPTY,
    "chunks, and a length": CHUNKED + b"Content-Length: 5\r\n\r\n" + EMPTY,
    "two lengths": b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n",
    "two lengths in one": b"Content-Length: 0, 40\r\n\r\n",
    "a length with a sign": b"Content-Length: +5\r\n\r\n" + EMPTY,
    "a negative length": b"Content-Length: -1\r\n\r\n",
    "a hexadecimal length": b"Content-Length: 0x5\r\n\r\n" + EMPTY,
    "a length with an underscore": b"Content-Length: 4_0\r\n\r\n",
    "a length in other digits": b"Content-Length: \xd9\xa5\r\n\r\n" + EMPTY,
    "no length": b"Content-Length:\r\n\r\n",
    "a space before the colon": b"Transfer-Encoding : chunked\r\n\r\n" + EMPTY,
    "a tab before the colon": b"Content-Length\t: 5\r\n\r\n" + EMPTY,
    "an unknown coding": b"Transfer-Encoding: xchunked\r\n\r\n" + EMPTY,
    "chunks, not last": b"Transfer-Encoding: chunked, identity\r\n\r\n" + EMPTY,
    "chunks, twice": b"Transfer-Encoding: chunked, chunked\r\n\r\n" + EMPTY,
    "chunks, then something": CHUNKED + b"Transfer-Encoding: x\r\n\r\n" + EMPTY,
    "a control character": b"Transfer-Encoding:\x0bchunked\r\n\r\n" + EMPTY,
    "NUL": b"Transfer-Encoding: chunked\0\r\n\r\n" + EMPTY,
    "quoted": b'Transfer-Encoding: "chunked"\r\n\r\n' + EMPTY,
    "a folded line": b"X: y\r\n Content-Length: 5\r\n\r\n" + EMPTY,
    "a folded value": b"Transfer-Encoding:\r\n chunked\r\n\r\n" + EMPTY,
    "a folded first line": b"\r\n".join([b" X: y", b"", EMPTY]),
    "a bare line feed": b"X: y\nTransfer-Encoding: chunked\r\n\r\n" + EMPTY,
    "an empty line by a line feed": b"\nTransfer-Encoding: chunked\r\n\r\n" + EMPTY,
    "a bare carriage return": b"X: y\rTransfer-Encoding: chunked\r\n\r\n" + EMPTY,
    "no colon": b"Transfer-Encoding\r\n\r\n" + EMPTY,
    "a name of none": b": chunked\r\n\r\n" + EMPTY,
    "two hosts": b"Host: y\r\n\r\n",
    "a chunk of hexadecimal with its mark": CHUNKED + b"\r\n0x2\r\n{}\r\n" + EMPTY,
    "a chunk with a sign": CHUNKED + b"\r\n+2\r\n{}\r\n" + EMPTY,
    "a chunk with an underscore": CHUNKED + b"\r\n0_2\r\n{}\r\n" + EMPTY,
    "a chunk after a space": CHUNKED + b"\r\n 2\r\n{}\r\n" + EMPTY,
    "chunks by line feeds": CHUNKED + b"\r\n2\n{}\n0\n\n",
    "an extension by a line feed": CHUNKED + b"\r\n2;a\n{}\r\n" + EMPTY,
    "a chunk that is longer": CHUNKED + b"\r\n2\r\n{}XX" + EMPTY,
    "a negative chunk": CHUNKED + b"\r\n-1\r\n" + EMPTY,
    "a huge chunk": CHUNKED + b"\r\nFFFFFFFFFFFFFFFFF\r\n" + EMPTY,
}
# Another way to say who is asked, or for what; none of them finds another place.
TARGETS = {
    b"GET http://evil.example/ HTTP/1.1\r\nHost: x\r\n": 302,
    b"GET http://evil.example/api/customers HTTP/1.1\r\nHost: x\r\n": 401,
    b"GET https://evil.example:1/api/me HTTP/1.1\r\nHost: x\r\n": 401,
    b"GET //evil.example/ HTTP/1.1\r\nHost: x\r\n": 404,
    b"GET //health HTTP/1.1\r\nHost: x\r\n": 404,
    b"GET ///metrics HTTP/1.1\r\nHost: x\r\n": 404,
    b"GET //api/customers HTTP/1.1\r\nHost: x\r\n": 404,
    b"GET http://evil.example//health HTTP/1.1\r\nHost: x\r\n": 404,
    b"GET //evil.example/.. HTTP/1.1\r\nHost: x\r\n": 404,
    b"GET / HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\n": 302,
    b'GET / HTTP/1.1\r\nHost: evil.example/"<script>\r\n': 400,
    b"GET /docs/../api/customers HTTP/1.1\r\nHost: x\r\n": 404,
    b"GET /docs/assets/../../api/me HTTP/1.1\r\nHost: x\r\n": 404,
    b"GET /docs/assets/%2e%2e/%2e%2e/%2e%2e/config.py HTTP/1.1\r\nHost: x\r\n": 404,
    b"GET /docs/assets/../../../config.py HTTP/1.1\r\nHost: x\r\n": 404,
    b"GET /health HTTP/1.1\r\nHost: x\r\nSCRIPT_NAME: /health\r\nPATH_INFO: /\r\n": 200,
    b"GET /api/me HTTP/1.1\r\nHost: x\r\nSCRIPT_NAME: /api/me\r\nPATH-INFO: /health\r\n": 401,
    b"GET /api/me HTTP/1.1\r\nHost: x\r\nX-Original-URL: /health\r\n": 401,
    b"GET /api/me HTTP/1.1\r\nHost: x\r\nX-Forwarded-User: a\r\nREMOTE_USER: a\r\n": 401,
    b"GET api/customers HTTP/1.1\r\nHost: x\r\n": 400,
    b"GET * HTTP/1.1\r\nHost: x\r\n": 400,
    b"CONNECT evil.example:443 HTTP/1.1\r\nHost: x\r\n": 404,
    b"GET /\xff\xfe HTTP/1.1\r\nHost: x\r\n": 400,
    b"GET /a b HTTP/1.1\r\nHost: x\r\n": 400,
    b"get / HTTP/1.1\r\nHost: x\r\n": 400,
}
MARK = "INJECTED"
# What granian takes where our own worker of gunicorn refuses it; a proxy before it is to.
TAKEN_BY_GRANIAN = {
    "chunks, twice",
    "a bare line feed",
    "an empty line by a line feed",
    "two hosts",
    'GET / HTTP/1.1\r\nHost: evil.example/"<script>\r\n',
    "GET * HTTP/1.1\r\nHost: x\r\n",
    "get / HTTP/1.1\r\nHost: x\r\n",
}
TAKES = only_gunicorn("it takes what is no request as HTTP has it")


def case(name: str, given: bytes) -> Any:
    """A request as a parameter of a test."""
    return pytest.param(given, id=name, marks=TAKES if name in TAKEN_BY_GRANIAN else ())


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    with served("sqlite", request, tmp_path_factory.mktemp("wire")) as running:
        yield running


@pytest.mark.parametrize("ambiguous", [case(*each) for each in AMBIGUOUS.items()])
def test_a_request_whose_end_is_not_certain_is_the_last_of_its_connection(
    server: Served, ambiguous: bytes
) -> None:
    received = server.sent(POST + ambiguous + SMUGGLED)
    assert statuses(received) in ([400], [413], [501])
    assert b'{"status":"ok"}' not in received
    assert ASKED == GRANIAN or b"application/problem+json" in received


@pytest.mark.parametrize(
    ("line", "status"),
    [(b"HTTP/0.9", 505), (b"HTTP/2.0", 505), (b"", 400), (b"HTTP/1.1 x", 400), (b"X", 400)],
)
def test_a_request_of_another_version_is_the_last_of_its_connection(
    server: Served, line: bytes, status: int
) -> None:
    received = server.sent(b"GET /health/live " + line + b"\r\nHost: x\r\n\r\n" + SMUGGLED)
    # granian has one answer to all it cannot read.
    assert statuses(received) == [400 if ASKED == GRANIAN else status]


@TAKES
def test_lines_end_as_the_standard_has_it(server: Served) -> None:
    assert statuses(server.sent(SMUGGLED.replace(b"\r\n", b"\n"))) == [400]


def test_two_requests_that_are_certain_are_two_answers(server: Served) -> None:
    body = b"Content-Length: 2\r\n\r\n{}"
    assert statuses(server.sent(POST + body + SMUGGLED)) == [400, 200]
    chunks = CHUNKED + b"Connection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    assert statuses(server.sent(POST + chunks)) == [400]


@pytest.mark.parametrize("request_", [case(each.decode("latin-1"), each) for each in TARGETS])
def test_no_way_of_naming_an_address_finds_another(server: Served, request_: bytes) -> None:
    received = server.sent(request_ + b"Connection: close\r\n\r\n")
    assert statuses(received) == [TARGETS[request_]]
    assert b"evil" not in received
    assert TARGETS[request_] != 302 or b"\r\nlocation: /docs\r\n" in received.lower()


def test_of_two_authorization_headers_neither_counts(server: Served) -> None:
    token = server.bearer("reader")["Authorization"].encode()
    for lines in ((token, b"Basic YTpi"), (b"Basic YTpi", token), (token, token)):
        given = b"".join(b"Authorization: " + line + b"\r\n" for line in lines)
        head = b"GET /api/auth/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        assert statuses(server.sent(head + given + b"\r\n")) == [401]


def test_no_request_changes_the_protocol(server: Served) -> None:
    for protocol in (b"h2c", b"websocket", b"TLS/1.0"):
        given = b"Upgrade: " + protocol + b"\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
        head = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings, close\r\n"
        assert statuses(server.sent(head + given + b"\r\n")) in ([302], [400])


# Line ends of every kind that something between the server and whoever reads its log may heed,
# and what a terminal would obey.
ENDS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
CONTROLS = ["\x00", "\x1b[2J", "\x08", "\x7f", "\x9b2J"]


def test_nothing_a_client_sends_begins_a_line_of_the_log(server: Served) -> None:
    reader = server.bearer("reader")
    for end in (*ENDS, *CONTROLS):
        text = f"a{end}{MARK} "
        raw, quoted = text.encode(), "".join(f"%{byte:02x}" for byte in text.encode())
        close = b"Connection: close\r\n\r\n"
        for request in (
            b"GET /" + raw + b" HTTP/1.1\r\nHost: x\r\n",
            b"GET /" + quoted.encode() + b" HTTP/1.1\r\nHost: x\r\n",
            b"GET /docs/assets/" + quoted.encode() + b" HTTP/1.1\r\nHost: x\r\n",
            b"GET /health?" + quoted.encode() + b" HTTP/1.1\r\nHost: x\r\n",
            b"GET /health HTTP/1.1\r\nHost: " + raw + b"\r\n",
            b"GET /nothing HTTP/1.1\r\nHost: x\r\nUser-Agent: " + raw + b"\r\n",
            b"GET /nothing HTTP/1.1\r\nHost: x\r\nReferer: " + text.encode("latin-1", "ignore"),
            b"GET /nothing HTTP/1.1\r\nHost: x\r\nX-Request-ID: " + raw + b"\r\n",
            b"GET /nothing HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: " + raw + b"\r\n",
            b"GET /nothing HTTP/1.1\r\nHost: x\r\nTraceparent: " + raw + b"\r\n",
            b"GET /nothing HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + raw + b"\r\n",
            b"GET /nothing HTTP/1.1\r\nHost: x\r\n" + raw + b": y\r\n",
            b"GET /nothing HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + raw + b"\r\n",
            b"GET /nothing HTTP/1.1\r\nHost: x\r\nExpect: " + raw + b"\r\n",
            raw + b" / HTTP/1.1\r\nHost: x\r\n",
            b"GET / " + raw + b"\r\nHost: x\r\n",
        ):
            server.sent(request + (b"" if request.endswith(b"\r\n") else b"\r\n") + close)
        server.call("POST", "/api/auth/login", {"username": text, "password": text}, headers={})
        server.call("POST", "/api/customers/search", {"query": text, text: text}, headers=reader)
    written = server.logged()
    forged = [line for line in written.splitlines() if line.lstrip().startswith(MARK)]
    assert forged == []
    assert not any(control in written for control in ("\x1b", "\x00", "\x08", "\x7f", "\x9b"))
