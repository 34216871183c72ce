"""What the server refuses by itself is seen from outside like any other answer."""

import http.client
import json
import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from gunicorn.http import errors
from hypothesis import example, given
from hypothesis import strategies as st

from config import load
from customers_api.web import heads
from customers_api.web.observation import Lines
from customers_api.web.present import Present
from customers_api.web.refusals import Busy, refusal_of, render
from tests.support.gunicorn import SECRET, Gunicorn
from tests.support.tokens import authorization
from tests.web.test_logs import MEMBERS

ID = "from-the-proxy_1.2"
TOLD = f"X-Request-ID: {ID}\r\nX-Forwarded-Proto: https\r\n".encode()
POST = b"POST /api/customers HTTP/1.1\r\nHost: x\r\n" + TOLD
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n"
OURS = b"Authorization: " + authorization(SECRET) + b"\r\n"
# By status: what is refused although its head is there to be read.
READABLE = {
    "400": POST + b"X Y: 1\r\n\r\n",
    "408": POST + b"Content-Length: 9\r\n\r\n{",
    "413": CHUNKED + b"\r\n" + b"f" * 17 + b"\r\n",
    "413 in many chunks": CHUNKED + OURS + b"\r\n" + (b"1;" + b"a" * 99 + b"\r\na\r\n") * 1000,
    "414": POST.replace(b"/api", b"/" + b"a" * 9000) + b"\r\n",
    "417": POST + b"Expect: wonders\r\n\r\n",
    "431": POST + b"X: y\r\n" * 65 + b"\r\n",
    "501": POST + b"Transfer-Encoding: gzip2\r\n\r\n",
}
UNREADABLE = {
    "400": b"<script> / HTTP/1.1\n" + TOLD,
    "408": POST,
    "414": b"GET /" + b"a" * 20_000,
    "431": POST + b"X: " + b"a" * 70_000,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gunicorn]:
    """A server without a database, behind a proxy on this machine."""
    folder = tmp_path_factory.mktemp("refusals")
    running = Gunicorn(
        f"sqlite:///{folder}/none.db",
        log=folder / "log",
        LOG_LEVEL="info",
        WEB_CONCURRENCY="1",
        TRUSTED_PROXIES="127.0.0.1",
        CORS_ORIGINS="*",
        MAX_BODY_BYTES="10000",
        REQUEST_HEADER_SECONDS="1",
        CLIENT_STALL_SECONDS="1",
    )
    running.start()
    yield running
    running.stop()


def refused(server: Gunicorn, request: bytes) -> tuple[http.client.HTTPResponse, dict[str, Any]]:
    """The answer, and the line of the log that tells of it."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(request)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        problem = json.loads(answer.read())
    assert problem["request_id"] == answer.headers["X-Request-ID"]
    lines = [each for each in server.requests() if each["request_id"] == problem["request_id"]]
    return answer, lines[-1]


@pytest.mark.parametrize("kind", READABLE)
def test_a_refusal_can_be_found_by_the_id_that_the_client_has_chosen(
    server: Gunicorn, kind: str
) -> None:
    answer, line = refused(server, READABLE[kind])
    assert str(answer.status) == kind[:3]
    assert answer.headers["X-Request-ID"] == ID
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert line.keys() == MEMBERS | {"problem"}
    assert (line["status"], line["method"], line["route"]) == (answer.status, "POST", None)
    assert line["level"] == "info"
    assert line["bytes"] == int(answer.headers["Content-Length"])


@pytest.mark.parametrize("kind", UNREADABLE)
def test_of_a_head_that_is_not_whole_nothing_is_told(server: Gunicorn, kind: str) -> None:
    answer, line = refused(server, UNREADABLE[kind])
    assert str(answer.status) == kind
    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])
    assert "Strict-Transport-Security" not in answer.headers
    assert (line["status"], line["method"], line["route"]) == (answer.status, None, None)


def test_a_refusal_may_be_read_by_no_other_sites_page(server: Gunicorn) -> None:
    answer, _ = refused(server, POST + b"Origin: https://a.example\r\nExpect: x\r\n\r\n")
    assert not any(name.startswith("Access-Control") for name in answer.headers)


@pytest.mark.parametrize(
    ("error", "level"),
    [
        (errors.UnsupportedTransferCoding("x"), "info"),
        (errors.ParseException(), "info"),
        (Busy(""), "warning"),
        (RuntimeError(), "error"),
    ],
    ids=repr,
)
def test_only_what_the_server_has_done_itself_is_an_error(
    capfd: pytest.CaptureFixture[str], error: Exception, level: str
) -> None:
    refusal = refusal_of(error)
    present = Present(ID, 0.0)
    present.status = refusal.status
    Lines(load({"APP_ENV": "testing", "LOG_FORMAT": "json"})).refused(present, refusal.code)
    line = json.loads(capfd.readouterr().err)
    assert (line["level"], line["problem"]) == (level, refusal.code)


def test_whoever_comes_when_too_much_is_on_its_way_is_told_when_to_come_again() -> None:
    busy, _ = render(refusal_of(Busy("")), ID, secure=False)
    slow, _ = render(refusal_of(errors.ParseException()), ID, secure=False)
    assert b"\r\nRetry-After: 2\r\n" in busy
    assert b"Retry-After" not in slow


@pytest.mark.parametrize(
    "lines",
    [
        b"X-Request-ID: a b\r\n",
        b"X-Request-ID: " + b"a" * 65 + b"\r\n",
        b"X-Request-ID: a\r\nX-Request-ID: a\r\n",
        b"X-Request-ID: a\n\r\n",
        b"X-Request-ID : a\r\n",
        b"X-Request-ID:\r\n a\r\n",
        b"X: y\r\n\r\nX-Request-ID: a\r\n",
        b"",
    ],
)
def test_an_id_is_kept_if_it_may_be_one_and_there_is_no_other(lines: bytes) -> None:
    assert heads.read(b"GET / HTTP/1.1\r\n" + lines + b"\r\n").request_id is None
    kept = heads.read(b"GET / HTTP/1.1\r\nx-REQUEST-id:\t a.b-c_1 \r\n\r\n")
    assert (kept.method, kept.request_id) == ("GET", "a.b-c_1")


@given(st.binary(max_size=200))
@example(b"\r\n\r\n")
@example(b"\r\n\r\nGET / HTTP/1.1\r\n\r\n")
def test_whatever_is_sent_a_head_tells_no_more_than_may_be_repeated(data: bytes) -> None:
    for head in (heads.read(data), heads.read(b"GET / HTTP/1.1\r\n" + data + b"\r\n\r\n")):
        assert re.fullmatch("[A-Z]{0,32}", head.method)
        assert head.request_id is None or re.fullmatch(r"[A-Za-z0-9._-]{1,64}", head.request_id)
