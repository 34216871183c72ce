"""The routes of the operators contract."""

from collections.abc import Mapping, Sequence
from typing import Any

from customers_api.contracts.operators.schemas import NewOperator, Operator, OperatorChanges
from customers_api.core.actor import Role
from customers_api.core.operators import model, queries
from customers_api.core.operators import service as operators
from customers_api.core.operators.queries import OperatorNotFound
from customers_api.web.access import bearer
from customers_api.web.contract import Contract
from customers_api.web.operation import Answer

contract = Contract(
    "operators",
    prefix="/api/operators",
    about="The people who run the registry.",
    authenticate=bearer,
    statuses={},
)
OPERATOR = Operator()


@contract.operation("GET", "/", role=Role.ADMIN, answer=OPERATOR, many=True)
def every() -> Sequence[model.Operator]:
    """List all operators, by id."""
    return queries.every()


@contract.operation(
    "POST",
    "/",
    role=Role.ADMIN,
    body=NewOperator(),
    answer=OPERATOR,
    status=201,
    headers={"Location": "The address of the operator."},
)
def create(body: Mapping[str, Any]) -> Answer:
    """Create an operator."""
    operator = operators.create(body)
    return Answer(operator, {"Location": f"{contract.prefix}/{operator.id}"})


@contract.operation(
    "GET", "/<int:operator_id>", role=Role.ADMIN, answer=OPERATOR, errors=[OperatorNotFound]
)
def get(operator_id: int) -> model.Operator:
    """Read an operator."""
    return queries.get(operator_id)


@contract.operation(
    "PATCH",
    "/<int:operator_id>",
    role=Role.ADMIN,
    body=OperatorChanges(),
    answer=OPERATOR,
    errors=[OperatorNotFound],
)
def change(operator_id: int, body: Mapping[str, Any]) -> model.Operator:
    """Change an operator's role or password, or disable or enable the operator."""
    return operators.change(operator_id, body)
