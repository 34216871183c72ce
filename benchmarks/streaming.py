"""What sending all customers costs a server that is started for it.

DATABASE_URL names a database with very many customers: python -m benchmarks.streaming
"""

import http.client
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from config import load
from customers_api import create_app
from customers_api.core import database
from customers_api.core.tokens import service as tokens

ROOT = Path(__file__).resolve().parents[1]
NAME = "benchmark"
PATHS = ("/customers/", "/loyalty/customers")
PIECE = 1024 * 1024
MOST_GROWTH_MIB, MOST_FIRST_BYTE_MS = 50, 200


def main() -> None:
    """Measure each list and say whether it keeps its limits."""
    os.environ["WEB_CONCURRENCY"] = "1"
    config = load()
    with create_app(config).app_context():
        token = database.in_unit_of_work(
            lambda: tokens.service_jwt(tokens.create({"name": NAME, "role": "reader"}))
        )
    command = [sys.executable, "-m", "gunicorn", "wsgi:app"]
    server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        _wait(config.HOST, config.PORT)
        for path in PATHS:
            _measure(config.HOST, config.PORT, path, token, server.pid)
    finally:
        server.terminate()
        server.wait()
        with create_app(config).app_context():
            database.in_unit_of_work(lambda: tokens.revoke_named(NAME))


def _measure(host: str, port: int, path: str, token: str, pid: int) -> None:
    connection = http.client.HTTPConnection(host, port)
    headers = {"Authorization": f"Bearer {token}"}
    # Warm: the first request of a process connects to the database.
    connection.request("GET", "/api/customers/?limit=1", headers=headers)
    connection.getresponse().read()
    before = _resident(pid)
    started = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    size = len(answer.read(1))
    first_byte = (time.perf_counter() - started) * 1000
    most = before
    while piece := answer.read(PIECE):
        size += len(piece)
        most = max(most, _resident(pid))
    seconds = time.perf_counter() - started
    grown = most - before
    kept = grown < MOST_GROWTH_MIB and first_byte < MOST_FIRST_BYTE_MS
    print(
        f"{path:<20} {size / 2**20:7.1f} MiB in {seconds:5.1f} s; first byte after "
        f"{first_byte:.0f} ms (limit {MOST_FIRST_BYTE_MS}); memory grew by {grown:.1f} MiB "
        f"(limit {MOST_GROWTH_MIB}): {'kept' if kept else 'NOT KEPT'}"
    )


def _resident(pid: int) -> float:
    """MiB of memory that the server and its workers have, counting shared pages in each."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_resident_alone(each) for each in (str(pid), *children))


def _resident_alone(pid: str) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def _wait(host: str, port: int) -> None:
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection(host, port, timeout=2)
            connection.request("GET", "/health/live")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError(f"the server does not answer at {host}:{port}")


if __name__ == "__main__":
    main()
