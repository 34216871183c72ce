"""Who acts: an operator, a service token, or somebody at the command line."""

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


RANKS = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: `token_id` and `operator_id` are set where there is one."""

    kind: Literal["operator", "service", "command line"]
    name: str
    role: Role
    token_id: int | None = None
    operator_id: int | None = None


COMMAND_LINE = Actor(kind="command line", name="flask", role=Role.ADMIN)
