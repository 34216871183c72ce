"""The routes of the registry contract."""

from collections.abc import Mapping
from typing import Any

from customers_api.contracts.registry.schemas import (
    Done,
    RegistryChanges,
    RegistryCustomer,
    RegistryFound,
)
from customers_api.contracts.shared import directory
from customers_api.contracts.shared.schemas import NewCustomer
from customers_api.core.actor import Role
from customers_api.core.customers import queries
from customers_api.core.customers import service as customers
from customers_api.core.customers.editions import Editions
from customers_api.core.customers.queries import CustomerNotFound, Who
from customers_api.core.customers.review import EmailTaken
from customers_api.core.errors import Invalid
from customers_api.core.statements import AnyRow
from customers_api.web.access import bearer
from customers_api.web.contract import Contract
from customers_api.web.operation import Answer

registry = Contract(
    "registry",
    prefix="/api/v1/customers",
    about="Customers as the registry's clients know them, by customer_id.",
    authenticate=bearer,
    statuses={Invalid: 422, EmailTaken: 400},
)
CUSTOMER = RegistryCustomer()
SHOWN = (*CUSTOMER.fields, queries.EDITION)


@registry.operation(
    "POST",
    "/",
    role=Role.EDITOR,
    body=NewCustomer(),
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
    return Answer(customer, {"Location": f"{registry.prefix}/{customer.customer_id}"})


@registry.operation(
    "GET",
    "/<customer:customer_id>",
    role=Role.READER,
    answer=CUSTOMER,
    etag=True,
    errors=[CustomerNotFound],
)
def get(customer_id: Who) -> AnyRow:
    """Read a customer."""
    return queries.get(customer_id, SHOWN)


@registry.operation(
    "PUT",
    "/<customer:customer_id>",
    role=Role.EDITOR,
    body=RegistryChanges(),
    answer=CUSTOMER,
    etag=True,
    sole=True,
    errors=[CustomerNotFound, EmailTaken],
)
def change(customer_id: Who, body: Mapping[str, Any], expected: Editions) -> AnyRow:
    """Change some fields of a customer; what is not given stays as it is."""
    return customers.change(customer_id, body, SHOWN, expected=expected)


@registry.operation(
    "DELETE",
    "/<customer:customer_id>",
    role=Role.EDITOR,
    answer=Done(),
    etag=True,
    sole=True,
    errors=[CustomerNotFound],
)
def deactivate(customer_id: Who, expected: Editions) -> Mapping[str, str]:
    """Make a customer inactive; the record stays."""
    customers.deactivate(customer_id, expected=expected)
    return {"detail": "Customer deactivated"}


@registry.operation(
    "DELETE",
    "/<customer:customer_id>/hard",
    role=Role.ADMIN,
    answer=Done(),
    etag=True,
    errors=[CustomerNotFound],
)
def remove(customer_id: Who, expected: Editions) -> Mapping[str, str]:
    """Remove a customer for good."""
    customers.remove(customer_id, expected=expected)
    return {"detail": "Customer deleted"}


directory.mount(registry, CUSTOMER, RegistryFound())
