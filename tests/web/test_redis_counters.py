"""Limits that several machines share by Redis, and what happens while Redis is away."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from customers_api.web import redis_counters
from customers_api.web.redis_counters import PATIENCE_SECONDS, PAUSE_SECONDS, RedisCounters
from customers_api.web.shared_counters import Memory, SharedCounters
from tests.conftest import make_app
from tests.support import redis

MOST = 500
HOUR = 3600


class Machine:
    """A server of the application, as far as its limit goes; its clock is moved by hand."""

    def __init__(self, url: str, most: int = MOST, seconds: int = HOUR) -> None:
        self.away = 0.0
        self.server = redis_counters.Server(url, clock=lambda: time.monotonic() + self.away)
        meanwhile = SharedCounters(Memory(None, lanes=2), 0, (most, seconds), secret=b"")
        self.limit = RedisCounters(
            self.server, "token", (most, seconds), secret=b"", meanwhile=meanwhile
        )

    def hammer(self, times: int) -> int:
        """How many of so many requests are heard."""
        return sum(self.limit.hit("somebody")[0] >= 0 for _ in range(times))

    def longest(self, times: int) -> float:
        """The seconds that the slowest of so many requests took."""
        took = []
        for _ in range(times):
            began = time.monotonic()
            self.limit.hit("somebody")
            took.append(time.monotonic() - began)
        return max(took)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[redis.Server]:
    running = redis.Server(tmp_path)
    running.start()
    yield running
    running.kill()


def test_machines_let_through_exactly_the_limit_between_them(server: redis.Server) -> None:
    machines = [Machine(server.url) for _ in range(3)]
    with ThreadPoolExecutor(6) as pool:
        heard = sum(pool.map(lambda each: each.hammer(MOST // 2), machines * 2))
    assert heard == MOST


def test_it_is_told_what_is_left_and_when_there_is_more(server: redis.Server) -> None:
    machine = Machine(server.url, 3)
    told = [machine.limit.hit("somebody") for _ in range(4)]
    assert [left for left, _ in told] == [2, 1, 0, -1]
    assert all(0 < seconds < 2 * HOUR for _, seconds in told)
    assert machine.limit.hit("somebody else")[0] == 2


def test_a_window_slides(server: redis.Server) -> None:
    machine = Machine(server.url, 10, 1)
    time.sleep(1 - time.time() % 1)
    assert machine.hammer(20) == 10
    time.sleep(1.5 - time.time() % 1)
    # Half of the ten are less than a second ago, or a few less.
    assert 4 <= machine.hammer(20) <= 8
    time.sleep(2.2)
    assert machine.hammer(20) >= 10


def test_redis_is_told_no_address_and_forgets(server: redis.Server) -> None:
    limit = Machine(server.url).limit
    limit.hit("203.0.113.77")
    with server.client() as client:
        (key,) = client.keys()
        assert b"203.0" not in key
        assert 0 < client.ttl(key) <= 2 * HOUR


def test_while_redis_hangs_one_request_waits_a_moment_and_the_limit_holds(
    server: redis.Server, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine(server.url, 20)
    assert machine.hammer(5) == 5
    server.pause()
    began = time.monotonic()
    assert machine.hammer(100) == 20
    assert PATIENCE_SECONDS <= time.monotonic() - began < 10 * PATIENCE_SECONDS
    assert machine.longest(100) < PATIENCE_SECONDS
    warnings = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert len(warnings) == 1
    server.resume()
    machine.away += PAUSE_SECONDS + 1
    # What was counted in Redis still is; what was counted meanwhile is not in it.
    assert machine.limit.hit("somebody")[0] in (13, 14)


def test_a_redis_that_is_killed_shuts_nobody_out(server: redis.Server) -> None:
    machine = Machine(server.url, 20)
    assert machine.hammer(5) == 5
    server.kill()
    assert machine.hammer(100) == 20
    server.start()
    assert machine.hammer(1) == 0
    machine.away += PAUSE_SECONDS + 1
    assert machine.hammer(100) == 20


def test_only_one_request_asks_whether_redis_is_back(server: redis.Server) -> None:
    machine = Machine(server.url, 10**6)
    machine.hammer(1)
    server.pause()
    machine.hammer(1)
    for _ in range(3):
        machine.away += PAUSE_SECONDS + 1
        with ThreadPoolExecutor(8) as pool:
            took = sorted(pool.map(lambda _: machine.longest(1), range(8)))
        assert took[-1] >= PATIENCE_SECONDS > took[-2]
    server.resume()


def test_that_redis_is_away_is_logged_once_a_minute_without_its_password(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine(f"unix://:hunter2@{tmp_path}/none.sock")
    for _ in range(12):
        machine.hammer(3)
        machine.away += 10
    assert len(caplog.records) == 2
    assert "Redis is away" in caplog.text
    assert "hunter2" not in caplog.text


def test_applications_share_their_limits(server: redis.Server, tmp_path: Path) -> None:
    settings = {"RATE_LIMIT_STORAGE": server.url, "RATE_LIMIT_PER_ADDRESS": "5/hour"}
    apps = [make_app(f"sqlite:///{tmp_path}/none.db", **settings) for _ in range(2)]
    answers = [app.test_client().get("/docs") for _ in range(3) for app in apps]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert answers[0].headers["RateLimit"].startswith('"address";r=4;t=')
