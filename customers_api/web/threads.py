"""Threads that answer requests, callers in turn, at as little cost to a request as can be."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Generic, TypeVar

from customers_api.web.turns import Caller, Item, Turns

Result = TypeVar("Result")
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answered(Generic[Result]):
    """What became of a request, as far as gunicorn asks a Future for that."""

    value: Result | None
    error: BaseException | None = None

    def cancelled(self) -> bool:
        """Never: whatever has begun is ended."""
        return False

    def exception(self) -> BaseException | None:
        """What was raised instead of a result."""
        return self.error

    def result(self) -> Result | None:
        """The result; raises what was raised instead."""
        if self.error is not None:
            raise self.error
        return self.value


class Threads(Generic[Item, Result]):
    """So many threads that `answer` items, and hand on what became of each by `finish`.

    A thread that has ended one item begins the next without asking anybody.
    """

    def __init__(
        self,
        count: int,
        answer: Callable[[Item], Result],
        finish: Callable[[Item, Answered[Result]], None],
    ) -> None:
        self._answer = answer
        self._finish = finish
        self._turns: Turns[Item] = Turns(count)
        self._lock = threading.Lock()
        self._begun: SimpleQueue[Item | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def add(self, item: Item, caller: Caller) -> None:
        """Have an item answered when it is this caller's turn."""
        with self._lock:
            self._turns.add(item, caller)
            begun = self._turns.next()
        if begun is not None:
            self._begun.put(begun)

    def shutdown(self, wait: bool = True) -> None:
        """End the threads, each after what it is at, where gunicorn ends its pool."""
        for _ in self._threads:
            self._begun.put(None)
        for thread in self._threads if wait else ():
            thread.join()

    def _work(self) -> None:
        while (item := self._begun.get()) is not None:
            following: Item | None = item
            while following is not None:
                following = self._one(following)

    def _one(self, item: Item) -> Item | None:
        """Answer an item; returns the next one that this thread is to answer, if there is one."""
        try:
            answered = Answered(self._answer(item))
        except BaseException as error:  # told to whoever asks what became of it
            answered = Answered(None, error)
        with self._lock:
            self._turns.done(item)
            following = self._turns.next()
        try:
            self._finish(item, answered)
        except Exception:
            # It has the next item already, which nobody else would answer.
            log.exception("What became of a request could not be handed on")
        return following


class Mailbox(Generic[Item, Result]):
    """What threads hand on to the main loop, which is woken once for all that has come."""

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._kept: deque[tuple[Item, Answered[Result]]] = deque()
        self._is_awake = False

    def put(self, item: Item, answered: Answered[Result]) -> None:
        """Have the main loop look after what became of an item."""
        self._kept.append((item, answered))
        if not self._is_awake:
            self._is_awake = True
            self._wake()

    def take(self) -> list[tuple[Item, Answered[Result]]]:
        """All that has come since the last time."""
        # First, so that what comes from now on wakes again.
        self._is_awake = False
        taken = []
        while self._kept:
            taken.append(self._kept.popleft())
        return taken
