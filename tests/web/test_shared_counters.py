"""A limit that processes share: how exact it is, and what killed and stopped ones do to it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from customers_api.web import shared_counters
from customers_api.web.shared_counters import LANE, Memory, SharedCounters, memory
from tests.support.checkout import ROOT
from tests.web.hammering import LANES, Worker, counters, hammer

PROCESSES = 4
MOST = 5_000


class Clock:
    """One that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000 * 60.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def workers(folder: Path, number: int, most: int = MOST) -> Iterator[list[Worker]]:
    started = [Worker(folder, most) for _ in range(number)]
    try:
        yield started
    finally:
        for each in started:
            each.end()


def heard_by(working: list[Worker], times: int) -> int:
    """How many requests are heard by all of them, at work at once."""
    for each in working:
        each.hammer(times)
    return sum(each.heard() for each in working)


def test_one_process_lets_through_exactly_the_limit() -> None:
    limit = counters(Memory(None, lanes=LANES), MOST)
    with ThreadPoolExecutor(8) as pool:
        heard = sum(pool.map(lambda _: hammer(limit, MOST // 4), range(8)))
    assert heard == MOST


def test_processes_exceed_a_limit_by_at_most_one_for_each_but_the_first(tmp_path: Path) -> None:
    with workers(tmp_path, PROCESSES) as working:
        heard = heard_by(working, MOST)
        assert MOST <= heard < MOST + PROCESSES
        assert heard_by(working, MOST) == 0


def test_forked_processes_share_memory_without_a_folder() -> None:
    numbers = [str(each) for each in (MOST, MOST, PROCESSES)]
    told = subprocess.run(
        [sys.executable, "-m", "tests.web.hammering", *numbers],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    heard = [int(line) for line in told.stdout.split()]
    assert len(heard) == PROCESSES
    assert MOST <= sum(heard) < MOST + PROCESSES


def test_what_a_killed_process_has_counted_goes_on_counting(tmp_path: Path) -> None:
    heard = 0
    for _ in range(3):
        with workers(tmp_path, 1) as working:
            heard += heard_by(working, MOST * 2 // 5)
            working[0].signal(signal.SIGKILL)
    assert heard == MOST
    assert hammer(counters(memory(str(tmp_path), lanes=LANES), MOST), 10) == 0


def test_processes_killed_in_the_middle_leave_a_count_that_is_whole(tmp_path: Path) -> None:
    most = 10**7
    watching = counters(memory(str(tmp_path), lanes=LANES), most)
    with workers(tmp_path, PROCESSES, most) as working:
        for each in working:
            each.hammer(most)
        while watching.hit("somebody")[0] > most - MOST:
            time.sleep(0.01)
    left = watching.hit("somebody")[0]
    assert 0 < left < most - MOST
    # The killed ones' lanes are taken anew, with what is in them.
    with workers(tmp_path, PROCESSES, most) as working:
        assert heard_by(working, 100) == PROCESSES * 100
    assert watching.hit("somebody")[0] == left - PROCESSES * 100 - 1


def test_a_stopped_process_holds_up_nobody_and_its_requests_count(tmp_path: Path) -> None:
    with workers(tmp_path, 3) as working:
        assert heard_by(working[:1], MOST // 4) == MOST // 4
        working[0].signal(signal.SIGSTOP)
        assert heard_by(working[1:], MOST) in (MOST * 3 // 4, MOST * 3 // 4 + 1)


def test_processes_stopped_while_they_count_hold_up_nobody(tmp_path: Path) -> None:
    with workers(tmp_path, 2, 10**7) as (stopped, worker):
        stopped.hammer(10**7)
        for _ in range(10):
            stopped.signal(signal.SIGSTOP)
            worker.hammer(100)
            assert worker.heard() == 100
            stopped.signal(signal.SIGCONT)
            time.sleep(0.01)


def test_a_window_slides(clock: Clock) -> None:
    limit = SharedCounters(Memory(None, lanes=2), 0, (100, 60), secret=b"", clock=clock)
    clock.now += 59
    assert hammer(limit, 200) == 100
    # A quarter into the next window three quarters of the hundred are less than a window ago.
    clock.now += 1 + 15
    assert hammer(limit, 200) == 25
    clock.now += 15
    assert hammer(limit, 200) == 25
    # Two windows later nothing is left of it.
    clock.now += 120
    assert hammer(limit, 200) == 100


@pytest.mark.parametrize("into", [0, 17, 59.5])
def test_a_refusal_tells_when_the_next_request_is_heard(clock: Clock, into: float) -> None:
    limit = SharedCounters(Memory(None, lanes=2), 0, (10, 60), secret=b"", clock=clock)
    clock.now += into
    for _ in range(12):
        hammer(limit, 11)
        left, wait = limit.hit("somebody")
        assert left == -1
        assert 1 <= wait < 120
        clock.now += wait - 1.001
        assert limit.hit("somebody")[0] == -1
        clock.now += 1.001
        assert limit.hit("somebody")[0] >= 0


def test_what_is_left_is_told_with_each_request(clock: Clock) -> None:
    limit = SharedCounters(Memory(None, lanes=2), 0, (3, 60), secret=b"", clock=clock)
    clock.now += 20
    told = [limit.hit("somebody") for _ in range(4)]
    assert [left for left, _ in told] == [2, 1, 0, -1]
    assert {seconds for _, seconds in told[:3]} == {40}


def test_callers_and_limits_are_counted_apart() -> None:
    shared = Memory(None, lanes=2)
    first, second = (SharedCounters(shared, t, (5, 3600), secret=b"") for t in (0, 1))
    heard = [
        sum(limit.hit(who)[0] >= 0 for _ in range(9)) for limit in (first, second) for who in (1, 2)
    ]
    assert heard == [5, 5, 5, 5]


def test_a_flood_of_other_callers_does_not_make_one_forgotten() -> None:
    limit = counters(Memory(None, lanes=2), 1_000)
    assert hammer(limit, 900) == 900
    for number in range(50_000):
        limit.hit(f"flood {number}")
    assert hammer(limit, 900) == 100


def test_memory_is_bounded(tmp_path: Path) -> None:
    limit = counters(Memory(tmp_path, lanes=2), 10)
    for number in range(30_000):
        limit.hit(number)
    (file,) = tmp_path.iterdir()
    assert file.stat().st_blocks * 512 <= 256 * 1024
    assert len(limit._known) <= shared_counters.MOST_KNOWN


def test_a_process_without_a_lane_counts_by_itself_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with workers(tmp_path, LANES) as working:
        assert heard_by(working, 1) == LANES
        assert hammer(counters(memory(str(tmp_path), lanes=LANES), 5), 9) == 5
        assert "counts requests by itself" in caplog.text


def test_a_lane_is_taken_once_by_a_process(tmp_path: Path) -> None:
    shared = memory(str(tmp_path), lanes=LANES)
    assert memory(str(tmp_path), lanes=LANES) is shared
    hammer(counters(shared, 10), 1)
    hammer(counters(shared, 10), 1)
    assert shared.words[0] == 1
    assert len(shared.words) > LANES * LANE
    assert os.fstat(shared._file).st_mode & 0o777 == 0o600


@pytest.fixture
def clock() -> Clock:
    """At the beginning of a window."""
    return Clock()
