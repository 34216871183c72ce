"""How many connections each worker of a server has, so that none takes all of them.

Workers wait at the same listener, and whoever has just gone to sleep there is woken first: of a
burst of clients that stay, one worker had all, and half of the processors had nothing to do.
"""

import mmap

BYTES = 8


class Balance:
    """Numbers in memory that is shared with whoever is forked from here."""

    def __init__(self, places: int = 512) -> None:
        """`places` must be more than there are ever workers at once."""
        self._numbers = memoryview(mmap.mmap(-1, places * BYTES)).cast("q")

    def tell(self, worker: int, connections: int) -> None:
        """Note how many connections a worker has; `worker` counts all that there ever were."""
        # 0 is nobody's.
        self._numbers[worker % len(self._numbers)] = connections + 1

    def forget(self, worker: int) -> None:
        """Note that a worker takes no more connections."""
        self._numbers[worker % len(self._numbers)] = 0

    def is_ahead(self, connections: int) -> bool:
        """Whether another worker has fewer connections than this."""
        return any(0 < number <= connections for number in self._numbers)
