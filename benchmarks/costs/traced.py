"""What SQLite is asked: every connection that this process opens is traced."""

import sqlite3
import sys

OPENED = "sqlite3.connect/handle"


class Traced:
    """Counts the statements of all connections that were opened before the last `reset`."""

    def __init__(self) -> None:
        self.statements = 0
        self._last = ""
        self._opened: list[sqlite3.Connection] = []
        sys.addaudithook(self._note)

    def reset(self) -> None:
        """Begin anew."""
        while self._opened:
            self._opened.pop().set_trace_callback(self._run)
        self.statements = 0
        self._last = ""

    def _note(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == OPENED and isinstance(arguments[0], sqlite3.Connection):
            # Told of while it is being made, when it cannot be traced yet.
            self._opened.append(arguments[0])

    def _run(self, statement: str) -> None:
        # What a trigger does is told as its statement once more.
        if statement != self._last:
            self.statements += 1
        self._last = statement
