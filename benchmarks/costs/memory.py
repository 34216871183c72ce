"""What a worker of our server holds: at its start, and after it has worked."""

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.compare.contestants import Server
from benchmarks.compare.jobs import A_LIST, JOBS, customer_text, filled

THREADS = 4
# A list takes about as long as a hundred reads.
READS_A_LISTING, READS_A_LIST = 10, 100


def held(server: Server, reads: int) -> Iterator[tuple[str, float, float]]:
    """After what, and MiB: resident, and its share of what processes have in common."""
    listings, lists = reads // READS_A_LISTING, reads // READS_A_LIST
    worker = _worker(server.pid)
    yield "start", *_mib(worker)
    for title, times, ask in (
        (f"{reads:,} times one customer", reads, _read),
        (f"then {listings:,} groups of 100", listings, _listing),
        (f"then {lists:,} lists of {A_LIST:,} created", lists, _list),
    ):
        with ThreadPoolExecutor(THREADS) as threads:
            statuses = set(threads.map(_status(server, ask), range(1, times + 1)))
        if not statuses <= {200, 201}:
            raise RuntimeError(f"{title}: {statuses}")
        yield title, *_mib(worker)


Ask = Callable[[Server, int], int]


def _status(server: Server, ask: Ask) -> Callable[[int], int]:
    return lambda turn: ask(server, turn)


def _read(server: Server, turn: int) -> int:
    return server.ask(filled(JOBS["W1"].ours, {"id": 1 + turn % server.people.size})).status


def _listing(server: Server, turn: int) -> int:
    return server.ask(filled(JOBS["W2"].ours, {"group": 1 + turn % server.people.groups})).status


def _list(server: Server, turn: int) -> int:
    one = customer_text().replace("<group>", "1")
    several = ",".join(one.replace("<unique>", f"memory.{turn}.{n}") for n in range(A_LIST))
    return server.ask(filled(JOBS["W4"].ours, {"customers": several})).status


def _worker(pid: int) -> int:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return max(map(int, children), key=lambda child: _mib(child)[0])


def _mib(pid: int) -> tuple[float, float]:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = dict(re.findall(r"^(Rss|Pss):\s+(\d+) kB", rollup, re.MULTILINE))
    return int(sizes["Rss"]) / 1024, int(sizes["Pss"]) / 1024
