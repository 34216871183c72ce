"""Each worker stays on a processor of its own, where there are as many workers as processors."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.support.gunicorn import Gunicorn, running
from worker_cpus import Seats

PATIENCE_SECONDS = 30
pytestmark = pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="there is one processor, or no say in which of them is used",
)


@contextmanager
def two_processors() -> Iterator[list[int]]:
    """Have whoever is started meanwhile use two processors."""
    usual = os.sched_getaffinity(0)
    two = sorted(usual)[:2]
    os.sched_setaffinity(0, two)
    try:
        yield two
    finally:
        os.sched_setaffinity(0, usual)


def served(folder: Path, **environ: str) -> AbstractContextManager[Gunicorn]:
    settings = {"WEB_CPU_AFFINITY": "yes", **environ}
    url = f"sqlite:///{folder}/customers.db"
    return running(Gunicorn(url, log=folder / "log", **settings))


def allowed(process: int) -> set[tuple[int, ...]]:
    """On which processors the threads of this process may be."""
    threads = [int(each) for each in os.listdir(f"/proc/{process}/task")]
    return {tuple(sorted(os.sched_getaffinity(thread))) for thread in threads}


def places(server: Gunicorn) -> list[set[tuple[int, ...]]]:
    return sorted((allowed(worker) for worker in server.workers), key=sorted)


def until_placed(server: Gunicorn, expected: list[set[tuple[int, ...]]]) -> None:
    """Wait until the workers, who may be about to be begun, are there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            if places(server) == expected and server.answers():
                return
        except OSError:
            # One of them has just ended.
            pass
        time.sleep(0.05)
    assert places(server) == expected


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_each_worker_has_a_processor_and_leaves_it_to_its_successor(
    tmp_path: Path, end: signal.Signals
) -> None:
    with two_processors() as (first, second), served(tmp_path, WEB_CONCURRENCY="2") as server:
        assert allowed(server.pid) == {(first, second)}
        until_placed(server, [{(first,)}, {(second,)}])
        for place in (0, 1):
            gone = server.workers[place]
            os.kill(gone, end)
            deadline = time.monotonic() + PATIENCE_SECONDS
            while gone in server.workers:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            until_placed(server, [{(first,)}, {(second,)}])


def test_after_a_reload_each_has_one_again(tmp_path: Path) -> None:
    with two_processors() as (first, second), served(tmp_path, WEB_CONCURRENCY="2") as server:
        before = {*server.workers}
        os.kill(server.pid, signal.SIGHUP)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while before & {*server.workers}:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        until_placed(server, [{(first,)}, {(second,)}])


@pytest.mark.parametrize(
    "environ",
    [{"WEB_CONCURRENCY": "1"}, {"WEB_CONCURRENCY": "2", "WEB_CPU_AFFINITY": "no"}],
    ids=["fewer", "unwanted"],
)
def test_otherwise_they_go_where_there_is_room(tmp_path: Path, environ: dict[str, str]) -> None:
    with two_processors() as two, served(tmp_path, **environ) as server:
        until_placed(server, [{tuple(two)}] * int(environ["WEB_CONCURRENCY"]))


def test_of_more_workers_than_were_asked_for_two_share_a_processor() -> None:
    with two_processors() as (first, second):
        seats = Seats(2, wanted=True)
        assert [seats.give(worker) for worker in (1, 2, 3)] == [first, second, first]
        seats.take_back(1)
        seats.take_back(3)
        assert [seats.give(worker) for worker in (2, 4)] == [second, first]
