"""A processor for each worker to stay on, where there are as many; see docs/decisions/0023.

gunicorn.conf.py and granian.conf.py ask for it, so it is no part of customers_api.
"""

import os
from contextlib import suppress


class Seats:
    """Which worker stays on which processor; the first process gives them out."""

    def __init__(self, workers: int, *, wanted: bool) -> None:
        self._cpus = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        self._given: dict[int, int] = {}
        # Of fewer workers, several servers' would meet on the first processors.
        self._are_enough = wanted and len(self._cpus) == workers

    def give(self, worker: int) -> int | None:
        """The processor of this worker, which has it from now on: one that the fewest have."""
        if not self._are_enough:
            return None
        if worker not in self._given:
            taken = [*self._given.values()]
            self._given[worker] = min(self._cpus, key=taken.count)
        return self._given[worker]

    def take_back(self, worker: int) -> None:
        """Note that a worker is gone."""
        self._given.pop(worker, None)


def stay_on(cpu: int | None) -> None:
    """Keep this process and its threads to come on a processor, if it may still use that one."""
    if cpu is not None:
        with suppress(OSError):
            os.sched_setaffinity(0, {cpu})
