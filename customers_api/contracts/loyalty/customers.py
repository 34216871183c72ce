"""The routes of the loyalty contract."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from customers_api.contracts.loyalty.schemas import (
    LoyaltyChanges,
    LoyaltyCustomer,
    LoyaltyRemoved,
    NewLoyaltyCustomer,
    Seeded,
)
from customers_api.core.actor import Role
from customers_api.core.customers import listing, queries, samples
from customers_api.core.customers import service as customers
from customers_api.core.customers.editions import Editions
from customers_api.core.customers.queries import CustomerNotFound
from customers_api.core.customers.review import EmailTaken
from customers_api.core.statements import AnyRow
from customers_api.web.access import bearer
from customers_api.web.contract import Contract
from customers_api.web.operation import Answer

loyalty = Contract(
    "loyalty",
    prefix="/loyalty",
    about="Customers of a loyalty programme, by UUID.",
    authenticate=bearer,
    statuses={},
)
CUSTOMER = LoyaltyCustomer()
LISTED = tuple(CUSTOMER.fields)
SHOWN = (*LISTED, queries.EDITION)


@loyalty.operation("GET", "/customers", role=Role.READER, answer=CUSTOMER, many=True)
def every() -> Iterator[Sequence[AnyRow]]:
    """List all customers, however many there are, in the order of their ids."""
    return listing.everybody(LISTED)


@loyalty.operation(
    "POST",
    "/customers",
    role=Role.EDITOR,
    body=NewLoyaltyCustomer(),
    answer=CUSTOMER,
    status=201,
    headers={"Location": "The address of the customer."},
    etag=True,
    sole=True,
    errors=[EmailTaken],
)
def create(body: Mapping[str, Any]) -> Answer:
    """Create a customer."""
    customer = customers.create(body, SHOWN)
    return Answer(customer, {"Location": f"{loyalty.prefix}/customers/{customer.uuid}"})


@loyalty.operation(
    "GET",
    "/customers/<uuid:customer_id>",
    role=Role.READER,
    answer=CUSTOMER,
    etag=True,
    errors=[CustomerNotFound],
)
def get(customer_id: UUID) -> AnyRow:
    """Read a customer."""
    return queries.get(customer_id, SHOWN)


@loyalty.operation(
    "PUT",
    "/customers/<uuid:customer_id>",
    role=Role.EDITOR,
    body=LoyaltyChanges(),
    answer=CUSTOMER,
    etag=True,
    sole=True,
    errors=[CustomerNotFound, EmailTaken],
)
def change(customer_id: UUID, body: Mapping[str, Any], expected: Editions) -> AnyRow:
    """Change some fields of a customer; what is not given stays as it is."""
    return customers.change(customer_id, body, SHOWN, expected=expected)


@loyalty.operation(
    "DELETE",
    "/customers/<uuid:customer_id>",
    role=Role.ADMIN,
    answer=LoyaltyRemoved(),
    etag=True,
    errors=[CustomerNotFound],
)
def remove(customer_id: UUID, expected: Editions) -> Mapping[str, str]:
    """Remove a customer for good."""
    customers.remove(customer_id, expected=expected)
    return {"detail": "Customer deleted"}


@loyalty.operation(
    "POST", "/seed", role=Role.ADMIN, answer=Seeded(), status=201, errors=[EmailTaken]
)
def seed() -> Mapping[str, Any]:
    """Create those of ten sample customers who are not there yet."""
    created = queries.by_uuid(samples.add(), LISTED)
    there = len(samples.SAMPLES) - len(created)
    plural = "" if len(created) == 1 else "s"
    detail = f"Created {len(created)} sample customer{plural}; {there} were there already"
    return {"detail": detail, "customers": created}
