"""The routes of the tokens contract."""

from collections.abc import Mapping, Sequence
from typing import Any

from customers_api.contracts.tokens.schemas import CreatedToken, NewToken, Revoked, Token
from customers_api.core.actor import Role
from customers_api.core.tokens import model, queries
from customers_api.core.tokens import service as tokens
from customers_api.core.tokens.queries import TokenNotFound
from customers_api.web.access import bearer
from customers_api.web.contract import Contract

contract = Contract(
    "tokens",
    prefix="/api/tokens",
    about="Service tokens, for programs that call the API.",
    authenticate=bearer,
    statuses={},
)


@contract.operation("GET", "/", role=Role.ADMIN, answer=Token(), many=True)
def every() -> Sequence[model.Token]:
    """List all service tokens, by id."""
    return queries.services()


@contract.operation(
    "POST",
    "/",
    role=Role.ADMIN,
    body=NewToken(),
    answer=CreatedToken(),
    status=201,
    secrets={"token": lambda shown: tokens.service_jwt(queries.get(shown["id"]))},
)
def create(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Create a service token."""
    token = tokens.create(body)
    shown = {name: getattr(token, name) for name in Token().fields}
    return {**shown, "token": tokens.service_jwt(token)}


@contract.operation(
    "DELETE", "/<int:token_id>", role=Role.ADMIN, answer=Revoked(), errors=[TokenNotFound]
)
def revoke(token_id: int) -> Mapping[str, Any]:
    """Revoke a service token, or a session."""
    tokens.revoke(token_id)
    return {"detail": "Token revoked", "id": token_id}
