"""What the contracts that show events take and show, and how a page of them is answered."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from marshmallow import fields

from customers_api.contracts.shared.directory_schemas import MOST_A_PAGE
from customers_api.core.events import queries
from customers_api.core.events.kinds import KINDS, NOUNS
from customers_api.core.paging import Slice
from customers_api.web.fields import Instant, one_of
from customers_api.web.operation import Answer
from customers_api.web.paging import Cursor, next_link
from customers_api.web.parameters import QueryNumber
from customers_api.web.schemas import AnswerSchema, QuerySchema, Shape

NEXT = {"Link": 'Where the earlier events are, as `rel="next"`; absent with the first of all.'}
ANYTHING = ["string", "number", "boolean", "array", "object", "null"]


class PageQuery(QuerySchema):
    """Which part of the events, the newest first."""

    limit = QueryNumber(1, MOST_A_PAGE, load_default=100)
    cursor = Cursor()


class Change(AnswerSchema):
    """A field and its values: `[redacted]` of a secret, `[removed]` of a removed customer.

    A text of more than 1000 characters is shown as how many they are, and their SHA-256.
    """

    field = fields.String()
    old = fields.Raw(metadata={"type": ANYTHING})
    new = fields.Raw(metadata={"type": ANYTHING})

    EXAMPLE: ClassVar[Shape] = {"field": "city", "old": "Paris", "new": "Berlin"}


class Event(AnswerSchema):
    """Something that happened: what, when, to what, by whom, in which request."""

    id = fields.Integer()
    at = Instant()
    kind = fields.String(validate=one_of(KINDS))
    actor_kind = fields.String()
    actor_name = fields.String()
    token_id = fields.Integer(allow_none=True)
    operator_id = fields.Integer(allow_none=True)
    request_id = fields.String(allow_none=True)
    subject_type = fields.String(validate=one_of(NOUNS))
    subject_id = fields.Integer(allow_none=True)
    customer_id = fields.String(allow_none=True)
    changes = fields.List(fields.Nested(Change))

    EXAMPLE: ClassVar[Shape] = {
        "id": 1024,
        "at": "2026-01-15T10:30:00Z",
        "kind": "customer.changed",
        "actor_kind": "operator",
        "actor_name": "nadia",
        "token_id": 12,
        "operator_id": 2,
        "request_id": "0f6b2c1d4e5a4b3c8d7e6f5a4b3c2d1e",
        "subject_type": "customer",
        "subject_id": 7,
        "customer_id": "CUST_A1B2C3D4",
        "changes": [Change.EXAMPLE],
    }


EVENT = Event()


def part_of(query: Mapping[str, Any]) -> Slice:
    """The part that the query asks for."""
    return Slice(query["limit"], after=query.get("cursor", 0))


def answer(query: Mapping[str, Any], found: Sequence[queries.Event]) -> Answer:
    """A page, of which one more was read than asked for where there is more."""
    kept = found[: query["limit"]]
    return Answer(kept, next_link(query, kept, kept[-1].id if len(found) > len(kept) else None))
