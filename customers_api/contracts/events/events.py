"""The routes of the events contract."""

from collections.abc import Mapping
from typing import Any

from customers_api.contracts.events.schemas import EventsQuery
from customers_api.contracts.shared.events import EVENT, NEXT, answer, part_of
from customers_api.core.actor import Role
from customers_api.core.events import queries
from customers_api.web.access import bearer
from customers_api.web.contract import Contract
from customers_api.web.operation import Answer

contract = Contract(
    "events",
    prefix="/api/events",
    about="What was changed, by whom, in which request; for admins.",
    authenticate=bearer,
    statuses={},
)


@contract.operation(
    "GET", "/", role=Role.ADMIN, query=EventsQuery(), answer=EVENT, many=True, headers=NEXT
)
def every(query: Mapping[str, Any]) -> Answer:
    """List the events, the newest first."""
    filters = {name: value for name, value in query.items() if name not in ("limit", "cursor")}
    return answer(query, queries.page(filters, part_of(query)))
