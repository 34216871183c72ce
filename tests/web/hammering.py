"""Processes that count requests as workers do, for test_shared_counters.py."""

import os
import sys
from multiprocessing import get_context
from multiprocessing.connection import Connection

from customers_api.web.shared_counters import Memory, SharedCounters, memory

SECRET = b"the secret of all workers"
LANES = 8
# Each process would else load the application anew.
_context = get_context("forkserver")
_context.set_forkserver_preload([__name__])


def counters(shared: Memory, most: int) -> SharedCounters:
    """A limit of so many requests in an hour."""
    return SharedCounters(shared, 0, (most, 3600), secret=SECRET)


def hammer(limit: SharedCounters, times: int) -> int:
    """How many of so many requests were heard."""
    return sum(limit.hit("somebody")[0] >= 0 for _ in range(times))


class Worker:
    """A process of its own that hammers when it is told to."""

    def __init__(self, folder: object, most: int) -> None:
        """One that knows the folder where the requests are counted."""
        self._orders, theirs = _context.Pipe()
        self._process = _context.Process(target=_work, args=(str(folder), most, theirs))
        self._process.start()
        theirs.close()

    def hammer(self, times: int) -> None:
        """Have it make so many requests."""
        self._orders.send(times)

    def heard(self) -> int:
        """How many of them were heard, when it is through."""
        return int(self._orders.recv())

    def signal(self, wanted: int) -> None:
        """Kill it, stop it or let it go on."""
        os.kill(self._process.pid or 0, wanted)

    def end(self) -> None:
        """End it, whatever it is at."""
        self._process.kill()
        self._process.join()
        self._orders.close()


def _work(folder: str, most: int, orders: Connection) -> None:
    limit = counters(memory(folder, lanes=LANES), most)
    while True:
        orders.send(hammer(limit, orders.recv()))


def main(most: int, times: int, forks: int) -> None:
    """Have forks of this process make requests; each prints how many were heard."""
    limit = counters(memory("", lanes=LANES), most)
    for _ in range(forks):
        if os.fork() == 0:
            os.write(1, b"%d\n" % hammer(limit, times))
            os._exit(0)
    for _ in range(forks):
        os.wait()


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
