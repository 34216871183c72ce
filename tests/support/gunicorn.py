"""The server as script/server runs it, to be asked, stopped and killed.

It is gunicorn, or granian where the environment of the tests says WEB_SERVER=granian; then what
only our own worker of gunicorn promises is skipped.
"""

import http.client
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import pytest

from tests.support.checkout import ROOT, START_SECONDS, environment, free_port

SECRET = "a secret of the tests and of nobody else"
GUNICORN, GRANIAN = "gunicorn", "granian"
ASKED = os.environ.get("WEB_SERVER") or GUNICORN


def only_gunicorn(promise: str) -> pytest.MarkDecorator:
    """A mark for tests of what granian does not promise."""
    return pytest.mark.skipif(ASKED == GRANIAN, reason=f"granian's own: {promise}")


def only_here(what: str) -> pytest.MarkDecorator:
    """A mark for tests that look into an application, and cannot where granian serves it."""
    return pytest.mark.skipif(ASKED == GRANIAN, reason=f"not over HTTP: {what}")


class Gunicorn:
    """The server, as script/server runs it, in a session of its own."""

    # Which it is; a test of one of them says so.
    server = ASKED

    def __init__(
        self, url: str, *, arguments: Sequence[str] = (), log: Path | None = None, **environ: str
    ) -> None:
        """It serves the database at `url` on a free port, and writes to `log`."""
        self.port = int(free_port())
        self.log = log
        self._command = (
            [str(Path(sys.executable).with_name("gunicorn")), *arguments, "wsgi:app"]
            if self.server == GUNICORN
            else [sys.executable, "granian.conf.py"]
        )
        # Other tests keep the processors busy, where a worker that must stay would hear nothing.
        usual = {"WEB_CONCURRENCY": "2", "WEB_CPU_AFFINITY": "no", "LOG_LEVEL": "error"}
        given = {"APP_ENV": "production", "SECRET_KEY": SECRET, "WEB_SERVER": self.server}
        given |= {"DATABASE_URL": url, "PORT": str(self.port)}
        self.environ = usual | environment(**given | environ)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The first process."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process.pid

    @property
    def workers(self) -> list[int]:
        """The processes that answer."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
        return [int(each) for each in children.split()]

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self.log.open("ab") if self.log else nullcontext() as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self.environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                complaints = self.log.read_text() if self.log else ""
                raise RuntimeError(f"{self.server} did not start\n{complaints}")
            time.sleep(0.05)

    def requests(self) -> list[dict[str, Any]]:
        """What the log, at level info, tells of each request."""
        lines = self.log.read_text().splitlines() if self.log else []
        told = [json.loads(line) for line in lines if line.startswith("{")]
        return [each for each in told if each["event"] == "request"]

    def answers(self, path: str = "/health/live") -> bool:
        """Whether it answers a probe."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def kill_worker(self) -> None:
        """Kill one of the workers, whatever it is at."""
        workers = self.workers
        if workers:
            os.kill(random.choice(workers), signal.SIGKILL)

    def kill(self) -> None:
        """Kill all of its processes at once, and start it anew."""
        os.killpg(self.pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
        self.start()

    def signal(self, wanted: signal.Signals) -> None:
        """Signal the first process, as an operator or an init system would."""
        os.kill(self.pid, wanted)

    def stop(self) -> int:
        """End it politely; returns its exit code."""
        if self._process is None:
            return 0
        self._process.terminate()
        return self._process.wait(START_SECONDS)


Server = TypeVar("Server", bound=Gunicorn)


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """A server that is started, and ended by whoever needs it."""
    server.start()
    try:
        yield server
    finally:
        server.stop()
