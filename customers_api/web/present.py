"""The request that this thread is answering, and what is to be told of it."""

import threading
from dataclasses import dataclass
from typing import Any

from customers_api.core.actor import Actor

# Of customers it is told that it was one, and no more.
NAMED = frozenset({"operator", "service"})


@dataclass(slots=True, eq=False)
class Present:
    """A request that came at `began` (of perf_counter), with its span where there are traces."""

    request_id: str
    began: float
    method: str = ""
    # The rule of the address, such as /api/customers/<int:id>; empty where there is none.
    route: str = ""
    status: int = 0
    size: int = 0
    actor: Actor | None = None
    span: Any = None

    @property
    def actor_name(self) -> str | None:
        """Who it was, where that may be told."""
        return self.actor.name if self.actor and self.actor.kind in NAMED else None


class Here(threading.local):
    """What this thread is at."""

    request: Present | None = None


here = Here()
