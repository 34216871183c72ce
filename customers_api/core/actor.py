"""Who acts: an operator, a service token, a customer, or somebody at the command line."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Role(StrEnum):
    """What an actor may do; each role may do all that the ones before it may."""

    READER = "reader"
    EDITOR = "editor"
    ADMIN = "admin"

    def includes(self, needed: "Role") -> bool:
        """Whether this role may do what `needed` may."""
        return RANKS[self] >= RANKS[needed]


# What a call needs that is open to a customer, about that customer alone; no role includes it.
CUSTOMER: Literal["customer"] = "customer"
Needs = Role | Literal["customer"]
RANKS = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: the ids are set where there is one; a customer has no role."""

    kind: Literal["operator", "service", "customer", "command line", "anonymous"]
    name: str
    role: Role | None
    token_id: int | None = None
    operator_id: int | None = None
    customer_id: int | None = None
    session_id: int | None = None

    def may(self, needed: Needs) -> bool:
        """Whether this actor may do what needs a role; a customer never may."""
        return isinstance(needed, Role) and self.role is not None and self.role.includes(needed)


COMMAND_LINE = Actor(kind="command line", name="flask", role=Role.ADMIN)
# Whoever calls what everybody may call, and has not logged in yet.
ANONYMOUS = Actor(kind="anonymous", name="", role=Role.READER)
