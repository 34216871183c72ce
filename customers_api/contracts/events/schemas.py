"""What the events contract takes."""

from marshmallow import fields

from customers_api.contracts.shared.events import PageQuery
from customers_api.core.events.kinds import KINDS, NOUNS
from customers_api.web.fields import Line, Moment, one_of
from customers_api.web.parameters import QueryNumber


class EventsQuery(PageQuery):
    """Which events, every filter that is given must match; and which part of them."""

    kind = fields.String(validate=one_of(KINDS))
    subject_type = fields.String(validate=one_of(NOUNS))
    subject_id = QueryNumber(1)
    actor = Line()
    request_id = Line()
    since = Moment()
    until = Moment()
