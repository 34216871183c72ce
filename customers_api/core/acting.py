"""Who acts at the moment, and in which request: what every event written meanwhile says.

Set once, around the work; a unit of work in which nobody has said so is the command line's. A
thread that is started meanwhile begins as the command line again.
"""

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


class acting:  # noqa: N801  reads as a function; as a generator it takes three times as long
    """A context in which this actor, or somebody unknown, answers for what is written."""

    __slots__ = ("_before", "_inside")

    def __init__(self, actor: Actor | None, request_id: str | None) -> None:
        self._inside = Acting(actor or ANONYMOUS, request_id)

    def __enter__(self) -> None:
        self._before = _acting.set(self._inside)

    def __exit__(self, *_: object) -> None:
        _acting.reset(self._before)


def acting_as(actor: Actor) -> acting:
    """A context in which this actor, who has just told who it is, answers for what is written."""
    return acting(actor, current().request_id)


def current() -> Acting:
    """Who acts now."""
    return _acting.get()
