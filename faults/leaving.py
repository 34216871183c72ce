"""Leaving well: workers are replaced under load, and the server ends, without losing a request.

    [WEB_SERVER=granian] python -m faults.leaving [nginx]

Clients call without a pause, half of them on kept connections, half on a new one for each call. HUP
replaces all workers several times, as a deployment does: not one call may fail. Then TERM ends the
server while slow calls are in flight: each of them is answered.
"""

import http.client
import json
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from faults.databases import database_of, token
from faults.proxy import nginx
from tests.support.gunicorn import Gunicorn

CLIENTS = 8
RELOADS = 5
SECONDS_BETWEEN = 3.0
IN_FLIGHT = 6
LIST = 3000
LIMITS = ("RATE_LIMIT_PER_TOKEN", "RATE_LIMIT_PER_ADDRESS")


@dataclass
class Caller:
    """A client that calls until told to stop, and counts what went wrong."""

    port: int
    bearer: str
    keeps_connection: bool
    answered: int = 0
    failures: list[str] = field(default_factory=list)

    def work(self, stop: threading.Event) -> None:
        """Call without a pause."""
        connection = self._connection()
        while not stop.is_set():
            try:
                connection.request("GET", "/api/customers/?limit=20", headers=self._headers())
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection = self._connection()
                continue
            if answer.status != http.HTTPStatus.OK:
                self.failures.append(f"{answer.status}")
            self.answered += 1
            if not self.keeps_connection or answer.will_close:
                connection.close()
                connection = self._connection()
        connection.close()

    def create_many(self, number: int) -> int:
        """The status of a call that takes the server its time."""
        customers = [
            {"first_name": "Ann", "last_name": f"L{n}", "email": f"{number}.{n}@example.com"}
            for n in range(LIST)
        ]
        connection = self._connection()
        body = json.dumps({"customers": customers})
        connection.request("POST", "/api/customers/?size=list", body, self._headers())
        answer = connection.getresponse()
        answer.read()
        return answer.status

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"}


def main(*, behind_nginx: bool) -> bool:
    """Do both; prints what happened and returns whether no request was lost."""
    with database_of("sqlite") as (url, _):
        gunicorn = Gunicorn(url, **dict.fromkeys(LIMITS, "off"))
        gunicorn.start()
        bearer = token(url, "editor")
        with nginx(gunicorn.port) if behind_nginx else nullcontext(gunicorn.port) as port:
            callers = [Caller(port, bearer, n % 2 == 0) for n in range(CLIENTS)]
            replaced = _reload(gunicorn, callers)
            statuses, code = _terminate(gunicorn, callers[0])
    failures = [each for caller in callers for each in caller.failures]
    print(f"{RELOADS} reloads: {replaced} workers replaced, ", end="")
    print(f"{sum(caller.answered for caller in callers)} calls answered, {len(failures)} failed")
    for each in sorted({*failures}):
        print(f"  {failures.count(each)} times {each}")
    print(f"TERM: {IN_FLIGHT} calls in flight answered {statuses}, exit code {code}")
    return not failures and statuses == [http.HTTPStatus.CREATED] * IN_FLIGHT and code == 0


def _reload(gunicorn: Gunicorn, callers: list[Caller]) -> int:
    stop = threading.Event()
    seen = {*gunicorn.workers}
    first = len(seen)
    with ThreadPoolExecutor(len(callers)) as pool:
        working = [pool.submit(caller.work, stop) for caller in callers]
        try:
            for _ in range(RELOADS):
                time.sleep(SECONDS_BETWEEN)
                gunicorn.signal(signal.SIGHUP)
                time.sleep(SECONDS_BETWEEN)
                seen |= {*gunicorn.workers}
        finally:
            stop.set()
        for each in working:
            each.result()
    return len(seen) - first


def _terminate(gunicorn: Gunicorn, caller: Caller) -> tuple[list[Any], int]:
    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        waiting = [pool.submit(caller.create_many, n) for n in range(IN_FLIGHT)]
        time.sleep(0.5)
        code = gunicorn.stop()
        return [each.result() for each in waiting], code


if __name__ == "__main__":
    sys.exit(0 if main(behind_nginx="nginx" in sys.argv) else 1)
