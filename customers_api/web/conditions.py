"""Conditional requests (RFC 9110, 13): If-Match against lost updates, If-None-Match for caches.

An ETag is the edition of what is shown in quotes, so one that any contract gave is good in all.
"""

import re
from collections.abc import Mapping
from typing import Any

from flask import Response

from customers_api.web import at_hand
from customers_api.web.problems import BadRequest
from customers_api.web.schemas import Shape

READS = frozenset({"GET", "HEAD"})
CONDITIONAL_WRITES = frozenset({"PATCH", "PUT", "DELETE"})
# To be asked again before each use, and by nobody but the one who got it.
REVALIDATED = "private, no-cache"
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST = re.compile(rf"[ \t,]*{_TAG}(?:[ \t]*,(?:[ \t]*{_TAG})?)*[ \t]*")
# Some more is understood, as RFC 9110 asks, but this is what to write.
SHAPE: Shape = {
    "type": "string",
    "pattern": '^([*]|(W/)?"[!#-~]*"(, *(W/)?"[!#-~]*")*)$',
}
_TAGS = re.compile(r'(W/)?"([^"]*)"')

ETAG: Mapping[str, str] = {
    "ETag": 'The customer\'s state, such as `"CUST_A1B2C3D4-3"`, for If-Match and If-None-Match.'
}
# Without examples: the reference's page would send them with each call that is tried.
IF_MATCH: Shape = {
    "name": "If-Match",
    "in": "header",
    "description": (
        "The ETags of which the customer must still have one, else nothing is done and the answer "
        "is 412; weak ones never match. Without it the last writer wins, field by field."
    ),
    "schema": SHAPE,
}
IF_NONE_MATCH: Shape = {
    "name": "If-None-Match",
    "in": "header",
    "description": "The ETags of what is known already; the answer is 304 where nothing changed.",
    "schema": SHAPE,
}


class ConditionMalformed(BadRequest):
    """If-Match and If-None-Match take ETags in their quotes, separated by commas, or a lone *"""

    code = "condition-malformed"


def parameter(method: str) -> Shape | None:
    """The header that makes a request of this method conditional, as the reference shows it."""
    if method in CONDITIONAL_WRITES:
        return IF_MATCH
    return IF_NONE_MATCH if method in READS else None


def expected() -> frozenset[str] | None:
    """The editions that If-Match names, None where any will do; raises ConditionMalformed."""
    tags = _tags("HTTP_IF_MATCH")
    return None if tags is None else frozenset(text for weak, text in tags if not weak)


def unchanged(content: Any) -> Response | None:
    """The 304 to a request whose sender knows this content already; raises ConditionMalformed."""
    asked = at_hand.request().environ
    if "HTTP_IF_NONE_MATCH" not in asked or asked["REQUEST_METHOD"] not in READS:
        return None
    tags = _tags("HTTP_IF_NONE_MATCH")
    if tags is not None and content.edition not in {text for _, text in tags}:
        return None
    response = Response(status=304)
    del response.headers["Content-Type"]
    mark(response, content)
    return response


def mark(response: Response, content: Any) -> None:
    """Give an answer the ETag of its content, where that is one customer."""
    edition = getattr(content, "edition", None)
    if edition is None:
        return
    # It has neither of these yet; to look for them takes several times as long.
    headers = response.headers._list
    headers.append(("ETag", f'"{edition}"'))
    if at_hand.request().environ["REQUEST_METHOD"] in READS:
        headers.append(("Cache-Control", REVALIDATED))


def _tags(header: str) -> list[tuple[str, str]] | None:
    """The tags of a header, each with its mark of weakness; None for an asterisk, or no header."""
    text = at_hand.request().environ.get(header)
    if text is None or text.strip() == "*":
        return None
    if not _LIST.fullmatch(text):
        raise ConditionMalformed
    return _TAGS.findall(text)
