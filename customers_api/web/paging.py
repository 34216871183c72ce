"""Lists in parts: opaque cursors, and the link to the next part (RFC 8288)."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from flask import request
from marshmallow import ValidationError, fields

from customers_api.core.types import LARGEST_ID
from customers_api.web.schemas import Shape

MARK = b"after:"


class Cursor(fields.Field[int]):
    """Where to go on from; taken from the link of the page before."""

    openapi: ClassVar[Shape] = {"type": "string", "minLength": 1}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            mark, _, digits = base64.urlsafe_b64decode(value + "==").partition(b":")
            id = int(digits) if digits.isdigit() and len(digits) <= len(str(LARGEST_ID)) else -1
        except (ValueError, binascii.Error):
            mark, id = b"", -1
        if mark + b":" != MARK or not 0 <= id <= LARGEST_ID:
            raise ValidationError("Not a cursor that a page gave")
        return id


def next_link(query: Mapping[str, Any], rows: Sequence[Any], last_id: int | None) -> dict[str, str]:
    """The Link header to what follows `rows`, or none when `last_id` is None.

    By cursor, unless the request said `skip`.
    """
    if last_id is None:
        return {}
    if "skip" in query:
        onward = {"skip": str(query["skip"] + len(rows))}
    else:
        token = base64.urlsafe_b64encode(MARK + str(last_id).encode()).decode().rstrip("=")
        onward = {"cursor": token}
    parameters = {**request.args.to_dict(), **onward}
    # The path is decoded, and may hold what would end the link, or what no header can hold.
    path = quote(request.path, safe="/,:@")
    return {"Link": f'<{path}?{urlencode(parameters)}>; rel="next"'}
