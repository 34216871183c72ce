"""Requests on their way in: how much of one there must be before anybody answers it, and by when.

Hardly anything is judged here. Where it is clear that more bytes would change nothing, because what
is there is wrong or too much, it counts as complete, and whoever reads it refuses it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gunicorn.http import errors

from customers_api.web.refusals import TooLarge
from customers_api.web.turns import token_in

END = b"\r\n\r\n"
# gunicorn refuses a longer first line, and a longer line with the size of a chunk.
LONGEST_LINE = 8190
# All header fields together, trailers too.
MOST_HEAD = 64 * 1024
# A chunk may be small, and its frame must not cost more than what it holds.
MOST_FRAMING = 2
MOST_DIGITS = 16
# What no body can hold, whatever its limit: nobody need wait for a byte of it.
LARGEST_CHUNK = 1 << 63
KNOWN_CODINGS = {b"chunked", b"identity"}

_FRAMING = re.compile(
    rb"\r\n(content-length|transfer-encoding|expect):[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.IGNORECASE
)
_LENGTH = b"\r\ncontent-length:"
_BARE_LINE_FEED = re.compile(rb"(?<!\r)\n")
_SPEAKS_1_1 = re.compile(rb"[^\r\n]* HTTP/1\.[1-9]\r\n")


def _nobody(_authorization: bytes) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Limits:
    """How long clients may take, and how much they may send."""

    # From the first byte of a request, or of a connection, to the last byte of its head.
    header_seconds: float = 10.0
    # Without a byte of a body, or of an answer; and, in the mean, how many a second there must be.
    stall_seconds: float = 30.0
    bytes_per_second: float = 10_000.0
    # A body is not waited for that is larger.
    body_bytes: int = 16 * 1024 * 1024
    # The same for a request without a token that we have signed.
    stranger_bytes: int = 16 * 1024
    # Whether an Authorization header has one.
    know: Callable[[bytes], bool] = _nobody

    def extended(self, deadline: float, moved: int, now: float) -> float:
        """The deadline of a body or an answer of which so many bytes have moved."""
        return min(deadline + moved / self.bytes_per_second, now + self.stall_seconds)


def is_whole(data: bytes) -> bool:
    """Whether this is a request to its last byte, of the plain kind that nearly all are."""
    end = data.find(END)
    # An empty line may come first, and then the request's own.
    if end <= 0:
        return False
    head = data[: end + 2].lower()
    if b"\r\ntransfer-encoding:" in head or b"\r\nexpect:" in head:
        return False
    field = head.find(_LENGTH)
    if field < 0:
        return len(data) == end + len(END)
    if head.find(_LENGTH, field + 1) >= 0:
        return False
    begin = field + len(_LENGTH)
    value = head[begin : head.find(b"\r\n", begin)].strip(b" \t")
    if not value.isdigit() or len(value) > MOST_DIGITS:
        return False
    return len(data) == end + len(END) + int(value)


class Arrival:
    """What has arrived of a request; `data` is complete once `add` says so."""

    __slots__ = (
        "_chunk",
        "_decoded",
        "_end",
        "_limits",
        "_most",
        "body",
        "caller",
        "data",
        "deadline",
        "go_ahead",
    )

    def __init__(self, limits: Limits, now: float, caller: bytes = b"") -> None:
        self._limits = limits
        # Who sends it: an address, until a token of ours tells better.
        self.caller = caller
        self.data = bytearray()
        self.deadline = now + limits.header_seconds
        # Where the body begins, 0 as long as that is not known.
        self.body = 0
        # Whether the client waits to be told to send the body.
        self.go_ahead = False
        # The most bytes of a body that are waited for.
        self._most = limits.body_bytes
        # Where the body ends, or where its next chunk begins and how much was in those before.
        self._end = 0
        self._chunk = 0
        self._decoded = 0

    def add(self, piece: bytes | memoryview, now: float) -> bool:
        """Whether that was all that is needed; raises ParseException when it is too much."""
        before = len(self.data)
        self.data += piece
        if self.body:
            self.deadline = self._limits.extended(self.deadline, len(piece), now)
        elif not self._has_head(before):
            self._check_head(before)
            return False
        else:
            self.deadline = now + self._limits.stall_seconds
            if self._is_settled():
                return True
        return self._has_chunks() if self._chunk else len(self.data) >= self._end

    def parts(self) -> tuple[bytes, memoryview]:
        """The head, and what has come after it."""
        split = self.body or len(self.data)
        return bytes(self.data[:split]), memoryview(self.data)[split:]

    def head(self) -> bytes:
        """The head, or nothing where it has not arrived whole."""
        return bytes(self.data[: self.body])

    def _has_head(self, before: int) -> bool:
        # An empty line is allowed to come first.
        first = 2 if self.data.startswith(b"\r\n") else 0
        end = self.data.find(END, max(first, before - 3))
        if end > MOST_HEAD:
            raise errors.LimitRequestHeaders("The head of the request is too long")
        self.body = end + len(END) if end >= 0 else 0
        return end >= 0

    def _check_head(self, before: int) -> None:
        """Refuse what cannot become a head by anything that comes later."""
        if len(self.data) > MOST_HEAD:
            raise errors.LimitRequestHeaders("The head of the request is too long")
        in_first_line = self.data.find(b"\r\n", 2, LONGEST_LINE + 4) < 0
        if in_first_line and len(self.data) > LONGEST_LINE + 4:
            raise errors.LimitRequestLine(len(self.data), LONGEST_LINE)
        if _BARE_LINE_FEED.search(self.data, before):
            kind = errors.InvalidRequestLine if in_first_line else errors.InvalidHeader
            raise kind("bare LF as line terminator")

    def _is_settled(self) -> bool:
        """Whether no body is to be waited for; where one is, notes how its end is known."""
        found = [(name.lower(), value) for name, value in _FRAMING.findall(self.data, 0, self.body)]
        expected = [value.lower() for name, value in found if name == b"expect"]
        framing = [each for each in found if each[0] != b"expect"]
        if len(framing) != 1 or len(expected) > 1 or expected not in ([], [b"100-continue"]):
            return True
        self._recognize()
        name, value = framing[0]
        if name == b"transfer-encoding":
            codings = [each.strip(b" \t").lower() for each in value.split(b",")]
            if not {*codings} <= KNOWN_CODINGS:
                # gunicorn takes compressed bodies and leaves them so, and the faster of its parsers
                # does not tell an unknown coding from other errors.
                raise errors.UnsupportedTransferCoding(value.decode("latin-1"))
            if codings[-1] != b"chunked":
                return True
            self._chunk = self.body
        else:
            if not value.isdigit() or len(value) > MOST_DIGITS:
                return True
            if int(value) > self._most:
                return True
            self._end = self.body + int(value)
        begun = len(self.data) > self.body or self._end == self.body
        self.go_ahead = bool(expected) and not begun and bool(_SPEAKS_1_1.match(self.data))
        return False

    def _recognize(self) -> None:
        """Find out who sends a body, as far as its head tells, and so how much of it is taken."""
        token = token_in(bytes(self.data[: self.body]))
        if token is not None and self._limits.know(token):
            self.caller = token
        else:
            self._most = min(self._most, self._limits.stranger_bytes)

    def _has_chunks(self) -> bool:
        """Whether the last chunk is there, or one that is wrong, or more than is taken."""
        most = self._most
        while (line := self.data.find(b"\r\n", self._chunk)) >= 0:
            size = _size(bytes(self.data[self._chunk : min(line, self._chunk + LONGEST_LINE)]))
            if size is None:
                return True
            if size > LARGEST_CHUNK:
                raise TooLarge("A chunk of the body is too large")
            if not size:
                return self._has_trailers(line)
            begin = line + 2
            if self._decoded + min(size, len(self.data) - begin) > most:
                return True
            if begin + size + 2 > len(self.data):
                break
            self._decoded += size
            self._chunk = begin + size + 2
        if len(self.data) - self.body > MOST_FRAMING * most + MOST_HEAD:
            raise TooLarge("The body has too many chunks")
        return line < 0 and len(self.data) - self._chunk > LONGEST_LINE

    def _has_trailers(self, line: int) -> bool:
        if self.data.find(END, line) >= 0:
            return True
        if len(self.data) - line > MOST_HEAD:
            raise errors.LimitRequestHeaders("The trailers of the request are too long")
        return False


def _size(line: bytes) -> int | None:
    digits = line.split(b";", 1)[0].rstrip(b" \t").lstrip(b"0") or line[:1]
    # int() also takes signs and underscores.
    if not digits.isalnum():
        return None
    try:
        return int(digits, 16)
    except ValueError:
        return None
