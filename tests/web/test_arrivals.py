"""How much of a request must be there before it is given to a thread: all, and no byte more."""

from collections import deque
from collections.abc import Iterator
from itertools import pairwise

import pytest
from gunicorn.config import Config
from gunicorn.http import errors
from gunicorn.http.parser import RequestParser
from hypothesis import example, given, settings
from hypothesis import strategies as st

from customers_api.web.arrivals import MOST_HEAD, Arrival, Limits, is_whole
from customers_api.web.refusals import TooLarge

LIMITS = Limits(header_seconds=10, stall_seconds=30, bytes_per_second=100, body_bytes=1000)
HEAD = b"POST /a HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
bodies = st.binary(max_size=300)
PARSERS = ["python"]


def with_length(body: bytes) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


@st.composite
def in_chunks(draw: st.DrawFn) -> bytes:
    chunks = draw(st.lists(st.binary(min_size=1, max_size=20), max_size=5))
    ending = draw(st.sampled_from([b"0\r\n\r\n", b"000;a=b\r\n\r\n", b"0\r\nX-A: b\r\n\r\n"]))
    return CHUNKED + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in chunks) + ending


requests = st.one_of(
    st.sampled_from([b"GET / HTTP/1.1\r\n\r\n", b"\r\nGET / HTTP/1.0\r\nA: b\r\n\r\n"]),
    bodies.map(with_length),
    in_chunks(),
)
# What hardly ever is HTTP, made of pieces of it.
scraps = st.lists(
    st.one_of(
        st.sampled_from(
            b"\r\n|\n|\r|\r\n\r\n| |:|0|1|GET / HTTP/1.1\r\n|Content-Length: 3\r\n|X|\0|"
            b"Transfer-Encoding: chunked\r\n|Expect: x\r\n|content-LENGTH:0\r\n|Host: y\r\n|"
            b"Transfer-Encoding: gzip, chunked\r\n|Content-Length: 9999\r\n|5;a=b\r\n|"
            b"Expect: 100-continue\r\n".split(b"|")
        ),
        st.binary(max_size=4),
    ),
    max_size=12,
).map(b"".join)


shaped = st.tuples(st.just(HEAD), scraps, st.just(b"\r\n"), scraps).map(b"".join)


def arrived(data: bytes, cuts: list[int]) -> Iterator[bool]:
    """What is said after each piece of the data, cut at these places."""
    arrival = Arrival(LIMITS, now=0)
    places = sorted({0, len(data), *(cut % len(data) for cut in cuts)})
    for begin, end in pairwise(places):
        yield arrival.add(data[begin:end], now=0)
    assert b"".join(bytes(part) for part in arrival.parts()) == data


@given(requests, st.lists(st.integers(min_value=0), max_size=20))
def test_a_request_is_complete_with_its_last_byte_however_it_is_cut(
    request_: bytes, cuts: list[int]
) -> None:
    *before, last = arrived(request_, cuts)
    assert last
    assert not any(before)


@given(requests | scraps | shaped)
@example(b"\r\n\r\n")
def test_what_is_whole_at_a_glance_is_complete_when_looked_at_closely(data: bytes) -> None:
    if not data or not is_whole(data):
        return
    assert Arrival(Limits(), now=0).add(data, now=0)
    # Of one request, nothing less is whole.
    if data.count(b"\r\n\r\n") == 1:
        assert not any(is_whole(data[:cut]) for cut in range(len(data)))


@given(bodies)
def test_a_request_with_a_length_is_whole_at_a_glance(body: bytes) -> None:
    assert is_whole(with_length(body))
    assert not is_whole(with_length(body) + b"G")


@given(requests, bodies)
def test_what_follows_a_request_changes_nothing(request_: bytes, more: bytes) -> None:
    assert Arrival(LIMITS, now=0).add(request_ + more, now=0)


@settings(max_examples=300, deadline=None)
@given(scraps | shaped, st.sampled_from(PARSERS))
@example(b"\r\n\r\n", "python")
@example(b"\r\nGET / HTTP/1.1\r\n\r\n", "python")
@example(b"\r\n" * 5, "python")
@example(CHUNKED + b"ZZ\r\n", "python")
@example(CHUNKED + b"-5\r\n", "python")
@example(CHUNKED + b"f" * 16 + b"\r\n", "python")
@example(CHUNKED + b"f" * 17 + b"\r\n", "python")
@example(CHUNKED + b"0" * 18 + b"5\r\n", "python")
def test_what_counts_as_complete_is_read_without_waiting_for_more(data: bytes, parser: str) -> None:
    cfg = Config()
    cfg.set("http_parser", parser)
    try:
        complete = Arrival(LIMITS, now=0).add(data, now=0) if data else False
    except errors.ParseException:
        return
    if not (complete or is_whole(data)):
        return
    try:
        request_ = next(RequestParser(cfg, iter([data]), ("127.0.0.1", 1)))
        if "9999" not in dict(request_.headers).get("CONTENT-LENGTH", ""):
            request_.body.read()
    except errors.NoMoreData as error:
        # The same name for a chunk that is too long to be one.
        raise AssertionError("it asked for more") from error
    except errors.ParseException:
        return


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 1001\r\n\r\n",
        HEAD + b"Content-Length: 1" + b"0" * 5000 + b"\r\n\r\n",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        HEAD + b"Content-Length: 5\r\nExpect: wonders\r\n\r\n",
        CHUNKED + b"5;" + b"a" * 9000,
        CHUNKED + b"+5\r\n",
        CHUNKED + b"3e9\r\n" + b"a" * 1001,
    ],
    ids=lambda data: repr(data[-30:]),
)
def test_what_is_wrong_or_too_large_already_is_not_waited_for(data: bytes) -> None:
    assert Arrival(LIMITS, now=0).add(data, now=0)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"GET / HTTP/1.1\nHost: x\n\n", errors.InvalidRequestLine),
        (HEAD + b"A\n", errors.InvalidHeader),
        (b"GET /" + b"a" * 9000, errors.LimitRequestLine),
        (HEAD + b"A: b\r\n" * MOST_HEAD, errors.LimitRequestHeaders),
        (HEAD + b"A: b\r\n" * MOST_HEAD + b"\r\n", errors.LimitRequestHeaders),
        (CHUNKED + b"0\r\n" + b"A: b\r\n" * MOST_HEAD, errors.LimitRequestHeaders),
        (CHUNKED + b"f" * 18 + b"\r\n", TooLarge),
        (CHUNKED + (b"1;" + b"a" * 100 + b"\r\na\r\n") * 900, TooLarge),
    ],
    ids=["line feed", "later", "line", "head", "complete head", "trailers", "chunk", "chunks"],
)
def test_what_cannot_become_a_request_is_refused_at_once(
    data: bytes, error: type[Exception]
) -> None:
    arrival = Arrival(LIMITS, now=0)
    with pytest.raises(error):
        deque((arrival.add(data[at : at + 999], now=0) for at in range(0, len(data), 999)), 0)


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 400\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n190\r\n"]
)
def test_of_a_request_without_a_token_less_is_waited_for(framing: bytes) -> None:
    limits = Limits(body_bytes=1000, stranger_bytes=300, know=b"Bearer a".__eq__)
    known = HEAD + b"authorization: Bearer a\r\n"
    made_up = HEAD + b"authorization: Bearer b\r\n"
    assert Arrival(limits, now=0).add(HEAD + framing + b"a" * 301, now=0)
    assert Arrival(limits, now=0).add(made_up + framing + b"a" * 301, now=0)
    assert not Arrival(limits, now=0).add(known + framing + b"a" * 301, now=0)


def test_a_head_must_arrive_in_its_time_whatever_comes_of_it() -> None:
    arrival = Arrival(LIMITS, now=100)
    assert not arrival.add(HEAD, now=109)
    assert arrival.deadline == 110


def test_a_body_may_take_as_long_as_its_bytes_come_fast_enough() -> None:
    arrival = Arrival(LIMITS, now=0)
    arrival.add(HEAD + b"Content-Length: 900\r\n\r\n", now=5)
    assert arrival.deadline == 35
    arrival.add(b"a" * 100, now=10)
    assert arrival.deadline == 36
    # However fast it was, no more than one stall is forgiven.
    arrival.add(b"a" * 700, now=11)
    assert arrival.deadline == 41


@pytest.mark.parametrize(
    ("version", "sent", "told"), [(b"1.1", b"", True), (b"1.1", b"a", False), (b"1.0", b"", False)]
)
def test_who_waits_to_be_told_to_send_the_body_is_told(
    version: bytes, sent: bytes, told: bool
) -> None:
    arrival = Arrival(LIMITS, now=0)
    head = b"POST / HTTP/%b\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n" % version
    assert not arrival.add(head + sent, now=0)
    assert arrival.go_ahead is told
