"""A copy of the checkout and a server started in it, as somebody who has just cloned it would."""

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
# What would change how the copy behaves is not handed on from the shell that runs the tests.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "COVERAGE_PROCESS_START")


def copy_to(folder: Path) -> Path:
    """The files that git knows or would add, in `folder`, sharing our `.venv`."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def environment(**more: str) -> dict[str, str]:
    """A clean environment, and `more`."""
    return {name: os.environ[name] for name in KEPT if name in os.environ} | more


@contextmanager
def served(folder: Path, environ: Mapping[str, str]) -> Iterator[list[str]]:
    """`script/server` in `folder`, answering; gives the lines it printed until it did."""
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["script/server"], cwd=folder, env=environ, stdout=output, stderr=output
        )
    try:
        _wait(f"http://127.0.0.1:{environ['PORT']}/health", process, log)
        yield log.read_text().splitlines()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)


def free_port() -> str:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start:\n{log.read_text()}")
