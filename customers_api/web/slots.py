"""Small numbers that tell the processes of one server apart, in a folder that they share.

A process id would do, but each process keeps files under its number, and ids are never used again:
in a year of workers that come and go the files would grow without end. A number is free again when
its process ends, however it ends, as it is held by a lock on a file; whoever takes it next goes on
counting in the same files.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

COUNTS = ("counter_*.db", "gauge_*.db", "histogram_*.db")


class Slots:
    """The numbers in `folder`; the first process of a server begins all counts anew."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._mine: tuple[int, int] | None = None
        # Before whatever else is done in a fork: hooks run in the order of their registration.
        os.register_at_fork(after_in_child=self._forget)

    def mine(self) -> int:
        """This process's number."""
        return self._mine[0] if self._mine else self._take()

    def files(self) -> list[Path]:
        """The files of all numbers, without what only the living can say of themselves."""
        with self._alone():
            living = self._living()
        return [
            path
            for pattern in COUNTS
            for path in self._folder.glob(pattern)
            if not path.name.startswith("gauge_live") or _number(path) in living
        ]

    def _take(self) -> int:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            if not self._living():
                self._remove(*COUNTS)
            for number in count():
                held = self._held(number)
                if held is not None:
                    self._remove(f"gauge_live*_{number}.db")
                    self._mine = number, held
                    return number
        raise AssertionError  # count() does not end

    def _held(self, number: int) -> int | None:
        """The file, now locked, of a number; None where another process has it."""
        file = os.open(self._folder / f"{number}.slot", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return None
        return file

    def _living(self) -> set[int]:
        living = {self._mine[0]} if self._mine else set()
        for path in self._folder.glob("*.slot"):
            if int(path.stem) in living:
                continue
            held = self._held(int(path.stem))
            if held is None:
                living.add(int(path.stem))
            else:
                os.close(held)
        return living

    def _remove(self, *patterns: str) -> None:
        for pattern in patterns:
            for path in self._folder.glob(pattern):
                path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Meanwhile no other process takes a number, or looks who has one."""
        file = os.open(self._folder / "slots", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _forget(self) -> None:
        # A lock that a fork shares would be held until both are gone.
        if self._mine:
            os.close(self._mine[1])
            self._mine = None


def _number(path: Path) -> int:
    return int(path.stem.rpartition("_")[2])
