"""The routes of the basic contract."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from customers_api.contracts.basic.schemas import (
    BasicCustomer,
    BasicRemoved,
    BasicReplacement,
    NewBasicCustomer,
)
from customers_api.core.actor import Role
from customers_api.core.customers import listing, queries
from customers_api.core.customers import service as customers
from customers_api.core.customers.editions import Editions
from customers_api.core.customers.queries import CustomerNotFound
from customers_api.core.customers.review import EmailTaken
from customers_api.core.errors import Invalid
from customers_api.core.statements import AnyRow
from customers_api.web.access import bearer
from customers_api.web.contract import Contract
from customers_api.web.operation import Answer

basic = Contract(
    "basic",
    prefix="/customers",
    about="Customers in four fields, with ids that the client chooses.",
    authenticate=bearer,
    statuses={},
)
CUSTOMER, REPLACEMENT = BasicCustomer(), BasicReplacement()
LISTED = tuple(CUSTOMER.fields)
SHOWN = (*LISTED, queries.EDITION)


@basic.operation(
    "POST",
    "/",
    role=Role.EDITOR,
    body=NewBasicCustomer(),
    answer=CUSTOMER,
    status=201,
    headers={"Location": "The address of the customer."},
    etag=True,
    sole=True,
    errors=[EmailTaken],
)
def create(body: Mapping[str, Any]) -> Answer:
    """Create a customer with an id that nobody has."""
    customer = customers.create(body, SHOWN)
    return Answer(customer, {"Location": f"{basic.prefix}/{customer.id}"})


@basic.operation("GET", "/", role=Role.READER, answer=CUSTOMER, many=True)
def every() -> Iterator[Sequence[AnyRow]]:
    """List all customers by id, however many there are."""
    return listing.everybody(LISTED)


@basic.operation(
    "GET",
    "/<int:customer_id>",
    role=Role.READER,
    answer=CUSTOMER,
    etag=True,
    errors=[CustomerNotFound],
)
def get(customer_id: int) -> AnyRow:
    """Read a customer."""
    return queries.get(customer_id, SHOWN)


@basic.operation(
    "PUT",
    "/<int:customer_id>",
    role=Role.EDITOR,
    body=REPLACEMENT,
    answer=CUSTOMER,
    etag=True,
    sole=True,
    errors=[CustomerNotFound, EmailTaken],
)
def replace(customer_id: int, body: Mapping[str, Any], expected: Editions) -> AnyRow:
    """Replace a customer's name, email and phone; what else is known of the customer stays."""
    if body["id"] != customer_id:
        raise Invalid(REPLACEMENT.review(body, {"customer_id": customer_id}))
    changes = {name: value for name, value in body.items() if name != "id"}
    return customers.change(customer_id, changes, SHOWN, expected=expected)


@basic.operation(
    "DELETE",
    "/<int:customer_id>",
    role=Role.ADMIN,
    answer=BasicRemoved(),
    etag=True,
    errors=[CustomerNotFound],
)
def remove(customer_id: int, expected: Editions) -> Mapping[str, str]:
    """Remove a customer for good."""
    customers.remove(customer_id, expected=expected)
    return {"detail": "Customer deleted"}
