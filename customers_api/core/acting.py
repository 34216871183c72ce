"""Who acts at the moment, and in which request: what every event written meanwhile says.

Set once, around the work; a unit of work in which nobody has said so is the command line's. A
thread that is started meanwhile begins as the command line again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from customers_api.core.actor import ANONYMOUS, COMMAND_LINE, Actor


@dataclass(frozen=True, slots=True)
class Acting:
    """An actor, and the id of the request that this actor made, if it was one."""

    actor: Actor
    request_id: str | None = None


_UNTOLD = Acting(COMMAND_LINE)
_acting: ContextVar[Acting] = ContextVar("acting", default=_UNTOLD)


@contextmanager
def acting(actor: Actor | None, request_id: str | None) -> Iterator[None]:
    """Have this actor, or somebody who has not said who, answer for what is written inside."""
    before = _acting.set(Acting(actor or ANONYMOUS, request_id))
    try:
        yield
    finally:
        _acting.reset(before)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """Have this actor, who has just told who it is, answer for what is written inside."""
    with acting(actor, current().request_id):
        yield


def current() -> Acting:
    """Who acts now."""
    return _acting.get()
