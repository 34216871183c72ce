"""The routes of the main contract."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from customers_api.contracts.main import activity
from customers_api.contracts.main.schemas import (
    CreationQuery,
    CustomerRemoved,
    Customers,
    CustomerWithAge,
    ListingQuery,
    NewCustomers,
)
from customers_api.contracts.shared import credentials, directory
from customers_api.contracts.shared.directory_schemas import Found
from customers_api.contracts.shared.schemas import Customer, CustomerChanges, NewCustomer
from customers_api.core.actor import Role
from customers_api.core.customers import listing, queries
from customers_api.core.customers import service as customers
from customers_api.core.customers.editions import Editions
from customers_api.core.customers.queries import CustomerNotFound
from customers_api.core.customers.review import EmailTaken
from customers_api.core.groups.queries import GroupNotFound
from customers_api.core.paging import Sort
from customers_api.core.statements import AnyRow
from customers_api.web.access import bearer
from customers_api.web.contract import Contract
from customers_api.web.operation import Answer, By

main = Contract(
    "customers",
    prefix="/api/customers",
    about="Customers: create, read, change, remove, list by group.",
    authenticate=bearer,
    statuses={},
)
CUSTOMER, CUSTOMER_WITH_AGE = Customer(), CustomerWithAge()
SHOWN = (*CUSTOMER.fields, queries.EDITION)


@main.operation(
    "POST",
    "/",
    role=Role.EDITOR,
    query=CreationQuery(),
    body=By("size", {"one": NewCustomer(), "list": NewCustomers()}),
    answer=By("size", {"one": CUSTOMER, "list": Customers()}),
    status=201,
    headers={"Location": "The address of the customer, where one was created."},
    etag=True,
    sole=True,
    errors=[EmailTaken],
)
def create(query: Mapping[str, Any], body: Mapping[str, Any]) -> Answer | Mapping[str, Any]:
    """Create one customer, or several, of whom all are created or none."""
    if query["size"] == "list":
        return {"customers": customers.create_many(body["customers"], SHOWN, at=("customers",))}
    customer = customers.create(body, SHOWN)
    return Answer(customer, {"Location": f"{main.prefix}/{customer.id}"})


@main.operation(
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


@main.operation(
    "PATCH",
    "/<int:customer_id>",
    role=Role.EDITOR,
    body=CustomerChanges(),
    answer=CUSTOMER,
    etag=True,
    sole=True,
    errors=[CustomerNotFound, EmailTaken],
)
def change(customer_id: int, body: Mapping[str, Any], expected: Editions) -> AnyRow:
    """Change some fields of a customer; a changed email or phone is no longer verified."""
    return customers.change(customer_id, body, SHOWN, expected=expected)


@main.operation(
    "DELETE",
    "/<int:customer_id>",
    role=Role.ADMIN,
    answer=CustomerRemoved(),
    etag=True,
    errors=[CustomerNotFound],
)
def remove(customer_id: int, expected: Editions) -> Mapping[str, Any]:
    """Remove a customer for good."""
    customers.remove(customer_id, expected=expected)
    return {"detail": "Customer deleted", "id": customer_id}


@main.operation(
    "GET",
    "/group/<int:group_id>/",
    role=Role.READER,
    query=ListingQuery(),
    answer=By("age", {False: CUSTOMER, True: CUSTOMER_WITH_AGE}),
    many=True,
    errors=[GroupNotFound],
)
def in_group(group_id: int, query: Mapping[str, Any]) -> Iterator[Sequence[AnyRow]]:
    """List all customers of a group, sorted; unknown values come last, equal ones by id."""
    sort = Sort(query["sort"], descending=query["order"] == "desc")
    shown = tuple((CUSTOMER_WITH_AGE if query["age"] else CUSTOMER).fields)
    return listing.in_group(group_id, sort, shown)


directory.mount(main, CUSTOMER, Found())
credentials.mount(main)
activity.mount(main)
