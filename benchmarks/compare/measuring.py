"""Measuring with wrk, in rounds: everybody once, then everybody once more."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.compare.contestants import Server
from benchmarks.compare.environment import wrk
from benchmarks.compare.jobs import A_LIST, Job, Terms, customer_text

LOAD = Path(__file__).with_name("load.lua")
WARMING_SECONDS = 1


@dataclass(frozen=True)
class Measured:
    """How one contestant did one job for some seconds; p50 and p99 in milliseconds."""

    size: int
    clients: int
    job: str
    contestant: str
    round: int
    per_second: float
    p50: float
    p99: float
    bytes: float
    failed: int

    @property
    def place(self) -> tuple[int, int, str]:
        """What it may be compared within."""
        return self.size, self.clients, self.job

    def plain(self) -> dict[str, Any]:
        """As it is kept."""
        return asdict(self)


@dataclass(frozen=True)
class Load:
    """What everybody is asked for, by how many at once."""

    job: Job
    terms: Terms
    clients: int


@dataclass(frozen=True)
class Plan:
    """How often and how long each is measured."""

    rounds: int
    seconds: int


def measure(load: Load, servers: Sequence[Server], plan: Plan) -> Iterator[Measured]:
    """Each of them in each round; another one goes first each time."""
    for number in range(plan.rounds):
        shift = number % len(servers)
        for server in (*servers[shift:], *servers[:shift]):
            if load.job.writes:
                server.people.forget_created()
            yield _once(load, server, plan.seconds, number + 1)


def _once(load: Load, server: Server, seconds: int, number: int) -> Measured:
    _run(load, server, WARMING_SECONDS, seed=number)
    found = _run(load, server, seconds, seed=number + 1000)
    name, requests = server.contestant.name, found["requests"]
    if found["failed"]:
        told = f"{load.job.name}, {name}, round {number}: {found['failed']} of {requests} failed"
        print(f"{told}; not counted", file=sys.stderr)
    return Measured(
        size=server.people.size,
        clients=load.clients,
        job=load.job.name,
        contestant=name,
        round=number,
        per_second=round(requests / found["microseconds"] * 1e6, 2),
        p50=found["p50"],
        p99=found["p99"],
        bytes=round(found["bytes"] / max(1, requests)),
        failed=found["failed"],
    )


def _run(load: Load, server: Server, seconds: int, *, seed: int) -> dict[str, Any]:
    job = load.job
    call = server.contestant.call(job)
    environ = os.environ | {
        "METHOD": call.method,
        "PATH_FORM": call.path,
        "BODY_FORM": call.body,
        "CUSTOMER_FORM": customer_text(),
        "A_LIST": str(A_LIST),
        "PEOPLE": str(server.people.size),
        "GROUPS": str(server.people.groups),
        "TERMS": "\n".join(getattr(load.terms, job.terms)) if job.terms else "",
        "TOKEN": server.token,
        # No email may come twice, whoever makes it.
        "RUN": f"{time.time_ns():x}",
        "SEED": str(seed),
    }
    command = [wrk(), "-t1", f"-c{load.clients}", f"-d{seconds}s", "--timeout", "60s", "-s", LOAD]
    done = subprocess.run(
        [*command, f"http://127.0.0.1:{server.port}"],
        check=False,
        env=environ,
        capture_output=True,
        text=True,
    )
    result = re.search(r"^RESULT (.*)$", done.stdout, re.MULTILINE)
    if result is None:
        raise RuntimeError(f"wrk failed\n{done.stdout}\n{done.stderr}")
    return json.loads(result[1])
