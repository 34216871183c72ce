"""What the head of a request tells by itself, where the request is refused before anybody reads it.

Nothing else of it is looked at: what is refused may be anything.
"""

import re
from dataclasses import dataclass

from customers_api.web.problems import REQUEST_ID

END = b"\r\n\r\n"
_FIRST_LINE = re.compile(rb"(?:\r\n)?([A-Z]{1,32}) [^\r\n]*\r\n")
_FIELD = re.compile(rb"\r\n(x-request-id|x-forwarded-proto):[ \t]*([^\r\n]*?)[ \t]*(?=\r\n)", re.I)


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a request; `method` is empty where that is not."""

    method: str = ""
    # The one that the client has chosen, if it may.
    request_id: str | None = None
    forwarded_proto: str = ""


def read(data: bytes) -> Head:
    """What the head at the beginning of the data tells; nothing where it is not whole."""
    # An empty line is allowed to come first.
    end = data.find(END, 2)
    line = _FIRST_LINE.match(data)
    if end < 0:
        return Head()
    found = [(name.lower(), value) for name, value in _FIELD.findall(data, 0, end + 2)]
    given = [value.decode("latin-1") for name, value in found if name == b"x-request-id"]
    proto = [value.decode("latin-1") for name, value in found if name == b"x-forwarded-proto"]
    return Head(
        line[1].decode("ascii") if line else "",
        given[0] if len(given) == 1 and REQUEST_ID.fullmatch(given[0]) else None,
        ",".join(proto),
    )
