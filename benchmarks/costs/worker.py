"""The process that is measured: it has the application and calls it. Used by benchmarks.costs.

python -m benchmarks.costs.worker counted|timed|busy W1,… SECONDS, with the rest in the environment.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

from benchmarks.compare.jobs import JOBS, Job
from benchmarks.costs.calls import Caller
from benchmarks.costs.traced import Traced
from benchmarks.costs.wire import Traffic, relayed

Figures = dict[str, float]
WARMING_CALLS, COUNTED_CALLS = 10, 15
# Prepared together, so that making requests is not timed.
BATCH = 20


def main() -> None:
    """Print what was found of each job, as JSON."""
    mode, names, seconds = sys.argv[1:]
    with ExitStack() as stack:
        measured = MODES[mode](stack, float(seconds))
        caller = _caller()
        found = {name: measured(caller, JOBS[name]) for name in names.split(",")}
    print(json.dumps(found))


def _caller() -> Caller:
    # Only now: whoever counts must be there before anything connects.
    from wsgi import app

    terms = json.loads(os.environ["COSTS_TERMS"])
    return Caller(app, os.environ["COSTS_TOKEN"], int(os.environ["COSTS_SIZE"]), terms)


def _counted(stack: ExitStack, seconds: float) -> Callable[[Caller, Job], Figures]:
    traffic, traced = Traffic(), Traced()
    url = os.environ["DATABASE_URL"]
    if not url.startswith("sqlite"):
        os.environ["DATABASE_URL"] = stack.enter_context(relayed(url, traffic))

    def count(caller: Caller, job: Job) -> Figures:
        runs: list[Figures] = []
        for _ in range(_times(job, COUNTED_CALLS)):
            environ = caller.prepared(job)
            traffic.reset()
            traced.reset()
            size = caller.call(environ)
            counted = {**vars(traffic), "answer": size}
            if url.startswith("sqlite"):
                counted["statements"] = traced.statements
            runs.append(counted)
        # The middle: now and then a request also asks whether tokens were revoked.
        return {name: median(run[name] for run in runs) for name in runs[0]}

    return count


def _timed(stack: ExitStack, seconds: float) -> Callable[[Caller, Job], Figures]:
    def measure(caller: Caller, job: Job) -> Figures:
        for _ in range(_times(job, WARMING_CALLS)):
            caller.call(caller.prepared(job))
        calls, wall, busy = 0, 0.0, 0.0
        while wall < seconds:
            batch = [caller.prepared(job) for _ in range(_times(job, BATCH))]
            clock, own = time.perf_counter(), time.process_time()
            for environ in batch:
                caller.call(environ)
            wall += time.perf_counter() - clock
            busy += time.process_time() - own
            calls += len(batch)
        return {"wall": wall / calls * 1e6, "cpu": busy / calls * 1e6}

    return measure


def _busy(stack: ExitStack, seconds: float) -> Callable[[Caller, Job], Figures]:
    def measure(caller: Caller, job: Job) -> Figures:
        until, calls = time.perf_counter() + seconds, 0
        while time.perf_counter() < until:
            batch = [caller.prepared(job) for _ in range(_times(job, BATCH))]
            watched(caller, batch)
            calls += len(batch)
        return {"calls": calls}

    return measure


def _times(job: Job, usual: int) -> int:
    return usual if job.most_clients > BATCH else 3


def watched(caller: Caller, batch: list[dict[str, object]]) -> None:
    """What the profiler looks for: samples outside of this are not of requests."""
    for environ in batch:
        caller.call(environ)


MODES = {"counted": _counted, "timed": _timed, "busy": _busy}

if __name__ == "__main__":
    main()
