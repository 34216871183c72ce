"""Limits with two workers: shared, met by nobody honest, and held while workers die."""

import http.client
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import pytest
from flask_migrate import upgrade

from customers_api.extensions import db
from tests.conftest import make_app
from tests.support.api import service_token
from tests.support.gunicorn import ASKED, SECRET, Gunicorn

ME = "/api/auth/me"
WORKERS, MOST = 2, 300


class Served:
    """gunicorn with two workers and these limits, and a token to call it with."""

    def __init__(self, folder: Path, **limits: str) -> None:
        self.url = f"sqlite:///{folder}/limits.db"
        app = make_app(self.url, SECRET_KEY=SECRET)
        with app.app_context():
            upgrade()
            self.token = service_token(app, "reader")
            db.engine.dispose()
        settings = {f"RATE_LIMIT_{name}": limit for name, limit in limits.items()}
        self.gunicorn = Gunicorn(self.url, log=folder / "log", LOG_LEVEL="info", **settings)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.gunicorn.port, timeout=10)

    def get(self, kept: http.client.HTTPConnection, **headers: str) -> int:
        kept.request("GET", ME, headers={"Authorization": f"Bearer {self.token}"} | headers)
        answer = kept.getresponse()
        answer.read()
        return answer.status

    def hammer(self, times: int) -> Counter[int]:
        """The statuses of so many requests, on new connections, so that either may answer."""
        seen: Counter[int] = Counter()
        for _ in range(times):
            with (
                closing(self.connection()) as connection,
                suppress(OSError, http.client.HTTPException),
            ):
                seen[self.get(connection)] += 1
        return seen


@pytest.fixture
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    server = Served(tmp_path, **request.param)
    server.gunicorn.start()
    yield server
    assert server.gunicorn.stop() == 0


@pytest.mark.parametrize("served", [{"PER_TOKEN": f"{MOST}/hour"}], indirect=True)
def test_workers_share_a_limit(served: Served) -> None:
    with ThreadPoolExecutor(6) as pool:
        seen = sum(pool.map(served.hammer, [100] * 6), Counter())
    assert seen[200] + seen[429] == 600
    assert MOST <= seen[200] < MOST + WORKERS
    answered = {(each["process"], each["status"]) for each in served.gunicorn.requests()}
    # Both have heard some and refused some.
    assert len({process for process, status in answered if status == 200}) == WORKERS
    assert len({process for process, status in answered if status == 429}) == WORKERS


@pytest.mark.parametrize("served", [{"PER_TOKEN": f"{MOST}/hour"}], indirect=True)
def test_a_limit_holds_while_workers_are_killed(served: Served) -> None:
    over = threading.Event()

    def kill() -> int:
        for times in range(1000):
            if over.wait(0.1):
                return times
            for process in served.gunicorn.workers[:1]:
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
        return 1000

    with ThreadPoolExecutor(5) as pool:
        killing = pool.submit(kill)
        seen = sum(pool.map(served.hammer, [250] * 4), Counter())
        over.set()
        killed = killing.result()
    assert killed > 2
    # An answer may be lost with its worker, so there may be fewer than were counted.
    assert MOST - killed * 4 <= seen[200] < MOST + WORKERS * (killed + 1)
    assert served.hammer(20)[200] == 0


@pytest.mark.parametrize("served", [{}], indirect=True)
def test_200_requests_a_second_never_meet_a_limit(served: Served) -> None:
    clients, seconds = 4, 6
    began = time.monotonic() + 0.1

    def call(number: int) -> Counter[int]:
        seen: Counter[int] = Counter()
        with closing(served.connection()) as kept:
            for n in range(50 * seconds):
                time.sleep(max(0.0, began + n / 50 - time.monotonic()))
                seen[served.get(kept)] += 1
        return seen

    with ThreadPoolExecutor(clients) as pool:
        seen = sum(pool.map(call, range(clients)), Counter())
    assert seen == {200: 200 * seconds}
    assert time.monotonic() - began < 5 * seconds


PROXIED = {"PER_ADDRESS": "4/hour"}


@pytest.mark.parametrize("served", [PROXIED], indirect=True)
def test_the_server_believes_no_forwarded_address_or_scheme_either(served: Served) -> None:
    lies = {
        "X-Forwarded-For": "198.51.100.4",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Ssl": "no",
    }
    with closing(served.connection()) as kept:
        # gunicorn by itself would refuse what contradicts itself, and believe it from here.
        assert [served.get(kept, **lies) for _ in range(6)] == [200] * 4 + [429] * 2
        kept.request("GET", "/docs", headers=lies)
        answer = kept.getresponse()
        answer.read()
    assert answer.getheader("Strict-Transport-Security") is None
    # Its name may be known, its version may not.
    assert answer.getheader("Server") == ASKED
