"""The operations of the capability: each a function, and thereby a route and an MCP tool."""

from collections.abc import Mapping
from typing import Any, NoReturn

from customers_api.contracts.capability.listing import ShownCapability
from customers_api.contracts.capability.registry import Capability
from customers_api.contracts.capability.schemas import (
    CapabilityCreated,
    CapabilityCreation,
    CapabilityCredentials,
    CapabilityCustomer,
    CapabilityDeleted,
    CapabilityNamed,
    CapabilitySession,
    CapabilityUpdate,
    CapabilityUpdated,
)
from customers_api.core.actor import Role
from customers_api.core.customers import addresses, queries
from customers_api.core.customers import service as customers
from customers_api.core.customers.queries import CustomerNotFound
from customers_api.core.customers.review import EmailTaken
from customers_api.core.errors import NotFound
from customers_api.core.sign_in import service as sign_in
from customers_api.web import limits
from customers_api.web.access import bearer
from customers_api.web.contract import Contract

contract = Contract(
    "capability",
    prefix="/api/capabilities/customer-management",
    about="The registry as a capability of five operations, for agents; also as MCP tools.",
    authenticate=bearer,
    statuses={},
)
capability = Capability(
    "customer-management",
    title="Customer Management",
    description="A registry of customers: create, read, change and remove them, and check a "
    "customer's own password.",
    contract=contract,
)
SHOWN = ("customer_id", "full_name", "email", "phone", "created_at", *addresses.COLUMNS)


class OperationNotFound(NotFound):
    """This capability has no such operation; GET its address for those it has."""

    code = "operation-not-found"


@capability.operation(
    "Get Customer Details",
    role=Role.READER,
    body=CapabilityNamed(),
    answer=CapabilityCustomer(),
    errors=[CustomerNotFound],
    reads_only=True,
)
def get_customer(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read a customer by customerId."""
    row = queries.get(body["customer_id"], SHOWN)._asdict()
    return {**row, "address": addresses.merged(row)}


@capability.operation(
    "Create New Customer",
    role=Role.EDITOR,
    body=CapabilityCreation(),
    answer=CapabilityCreated(),
    errors=[EmailTaken],
)
def create_customer(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a customer of a name and an email that nobody else has; gives the customerId."""
    made = customers.create(body, ("customer_id",))
    return {"customer_id": made.customer_id, "success": True}


@capability.operation(
    "Update Customer Information",
    role=Role.EDITOR,
    body=CapabilityUpdate(),
    answer=CapabilityUpdated(),
    errors=[CustomerNotFound, EmailTaken],
)
def update_customer(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Change a customer's name, email, phone or address.

    What is not given stays as it is. An address replaces the whole address there was.
    """
    changes = {name: value for name, value in body.items() if name != "customer_id"}
    row = customers.change(body["customer_id"], changes, ("updated_at",))
    return {"success": True, "updated_at": row.updated_at}


@capability.operation(
    "Delete Customer",
    role=Role.ADMIN,
    body=CapabilityNamed(),
    answer=CapabilityDeleted(),
    errors=[CustomerNotFound],
)
def delete_customer(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Remove a customer's record for good. It cannot be brought back."""
    customers.remove(body["customer_id"])
    return {"success": True}


@capability.operation(
    "Authenticate Customer",
    role=Role.READER,
    body=CapabilityCredentials(),
    answer=CapabilitySession(),
    errors=[sign_in.WrongCredentials, sign_in.SecondFactorNeeded, sign_in.TooManyAttempts],
    # Signing in opens its own unit of work: no transaction waits for a password.
    atomic=False,
)
def authenticate_customer(body: Mapping[str, Any]) -> sign_in.Session:
    """Check a customer's own password; gives a token for that customer's own profile."""
    limits.count_sign_in("authenticate_customer")
    # Without an address: that of whoever calls this would soon be known to every customer.
    return sign_in.log_in(body["email"], body["password"])


@contract.operation("GET", "/", role=Role.READER, answer=ShownCapability())
def show() -> Capability:
    """Tell what the capability can do: its operations, with what each takes and gives."""
    return capability


@contract.route("/<operation_code>", methods=["POST"])
def unknown(operation_code: str) -> NoReturn:
    """Refuse an operation that there is not, once the caller may know."""
    bearer(Role.READER)
    raise OperationNotFound
