"""How long each thread has waited for the database, in how many statements.

What counts is asking: executing, and committing. A thread serves one request at a time, and whoever
serves it begins anew.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from sqlalchemy import Engine

# With what SQLAlchemy asks its driver, and how many statements that is.
CALLS = {"do_execute": 1, "do_execute_no_params": 1, "do_executemany": 1, "do_commit": 0}


class Spent(threading.local):
    """What this thread has spent since it last began."""

    seconds: float = 0.0
    statements: int = 0

    def begin(self) -> None:
        """Forget what was spent before."""
        self.seconds = 0.0
        self.statements = 0


here = Spent()


def watch(engine: Engine) -> None:
    """Count what is asked through this engine.

    Instead of by SQLAlchemy's events, which cost several times as much and do not time a commit.
    """
    for name, statements in CALLS.items():
        setattr(engine.dialect, name, _timed(getattr(engine.dialect, name), statements))


@contextmanager
def asking() -> Iterator[None]:
    """Count what is asked inside as one statement, where SQLAlchemy does not ask it."""
    began = perf_counter()
    try:
        yield
    finally:
        here.seconds += perf_counter() - began
        here.statements += 1


def _timed(call: Callable[..., Any], statements: int) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        began = perf_counter()
        try:
            return call(*arguments)
        finally:
            here.seconds += perf_counter() - began
            here.statements += statements

    return timed
