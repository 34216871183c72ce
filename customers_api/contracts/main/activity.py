"""What happened to a customer, as the main contract shows it."""

from collections.abc import Mapping
from typing import Any

from customers_api.contracts.shared.events import EVENT, NEXT, PageQuery, answer, part_of
from customers_api.core.actor import Role
from customers_api.core.customers import activity
from customers_api.core.customers.queries import CustomerNotFound, Who
from customers_api.web.contract import Contract
from customers_api.web.operation import Answer


def mount(contract: Contract) -> None:
    """Serve customers' events as a part of `contract`."""

    @contract.operation(
        "GET",
        "/<customer:customer_id>/activity",
        role=Role.READER,
        query=PageQuery(),
        answer=EVENT,
        many=True,
        headers=NEXT,
        errors=[CustomerNotFound],
    )
    def list_activity(customer_id: Who, query: Mapping[str, Any]) -> Answer:
        """List what happened to a customer, the newest first.

        Of a removed customer, that there were events and which fields they changed, but no values.
        """
        return answer(query, activity.of(customer_id, part_of(query)))
