"""The routes of the groups contract."""

from collections.abc import Mapping, Sequence
from typing import Any

from customers_api.contracts.groups.schemas import (
    Group,
    GroupChanges,
    GroupFields,
    GroupRemoved,
    RemovalQuery,
)
from customers_api.core.actor import Role
from customers_api.core.customers import service as customers
from customers_api.core.groups import model, queries
from customers_api.core.groups import service as groups
from customers_api.core.groups.queries import GroupNotFound
from customers_api.core.groups.service import GroupInUse
from customers_api.web.access import bearer
from customers_api.web.contract import Contract
from customers_api.web.operation import Answer

contract = Contract(
    "groups",
    prefix="/api/groups",
    about="Groups of customers; a customer is in one or in none.",
    authenticate=bearer,
    statuses={},
)
GROUP = Group()


@contract.operation("GET", "/", role=Role.READER, answer=GROUP, many=True)
def every() -> Sequence[model.Group]:
    """List all groups, by id."""
    return queries.every()


@contract.operation(
    "POST",
    "/",
    role=Role.EDITOR,
    body=GroupFields(),
    answer=GROUP,
    status=201,
    headers={"Location": "The address of the group."},
)
def create(body: Mapping[str, Any]) -> Answer:
    """Create a group."""
    group = groups.create(body)
    return Answer(group, {"Location": f"{contract.prefix}/{group.id}"})


@contract.operation(
    "GET", "/<int:group_id>", role=Role.READER, answer=GROUP, errors=[GroupNotFound]
)
def get(group_id: int) -> model.Group:
    """Read a group."""
    return queries.get(group_id)


@contract.operation(
    "PATCH",
    "/<int:group_id>",
    role=Role.EDITOR,
    body=GroupChanges(),
    answer=GROUP,
    errors=[GroupNotFound],
)
def change(group_id: int, body: Mapping[str, Any]) -> model.Group:
    """Change some fields of a group."""
    return groups.change(group_id, body)


@contract.operation(
    "PUT",
    "/<int:group_id>",
    role=Role.EDITOR,
    body=GroupFields(),
    answer=GROUP,
    errors=[GroupNotFound],
)
def replace(group_id: int, body: Mapping[str, Any]) -> model.Group:
    """Write a group anew; a description that is not given is cleared."""
    return groups.change(group_id, {"description": None, **body})


@contract.operation(
    "DELETE",
    "/<int:group_id>",
    role=Role.ADMIN,
    query=RemovalQuery(),
    answer=GroupRemoved(),
    errors=[GroupNotFound, GroupInUse],
)
def remove(group_id: int, query: Mapping[str, Any]) -> Mapping[str, Any]:
    """Remove a group; its customers, if any, go to another group or to none."""
    if "reassign_to" in query:
        customers.leave_group(group_id, query["reassign_to"])
    groups.remove(group_id)
    return {"detail": "Group deleted", "id": group_id}
