"""Processes that make customers while this one stores them: both take a core's whole time."""

import gc
import multiprocessing
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType

from customers_api.core.customers.generation.rows import Batch, Made, make

PROCESSES = 2
# So many batches are made ahead, and no more: memory stays bounded when storing is slower.
AHEAD = 8


class Workers:
    """A few processes, started when they are first needed."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Workers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: object, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def made(self, batches: Iterable[Batch]) -> Iterator[Made]:
        """What each batch becomes, in this order."""
        if self._pool is None:
            # Not forked: a copy of this process would share its connections to the database.
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(PROCESSES, context, _prepare)
        waiting: deque[Future[Made]] = deque()
        for batch in batches:
            waiting.append(self._pool.submit(make, batch))
            if len(waiting) == AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _prepare() -> None:
    # Ctrl-C is for the process that stores, which then ends these.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Records make no cycles; looking for them costs a fifth of the time.
    gc.disable()
