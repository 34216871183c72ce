"""What was measured, kept as JSON, with what it was measured on."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.compare.measuring import Measured, Plan


def write(path: Path, measured: Sequence[Measured], plan: Plan, address: str) -> None:
    """Keep all of it; written anew after each job, so an interrupted run keeps what it has."""
    whole = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "postgresql": _postgresql(address),
        },
        "rounds": plan.rounds,
        "seconds": plan.seconds,
        "measured": [each.plain() for each in measured],
    }
    draft = path.with_suffix(".part")
    draft.write_text(json.dumps(whole, indent=1) + "\n")
    draft.replace(path)


def read(paths: Sequence[Path]) -> list[Measured]:
    """What several runs have measured; the later file wins where two measured the same."""
    found: dict[tuple[object, ...], Measured] = {}
    for path in paths:
        some = [Measured(**each) for each in json.loads(path.read_text())["measured"]]
        again = {(*each.place, each.contestant) for each in some}
        found = {key: each for key, each in found.items() if key[:-1] not in again}
        found |= {(*each.place, each.contestant, each.round): each for each in some}
    return [*found.values()]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if "model name" in line), "")


def _postgresql(address: str) -> str:
    import psycopg

    with psycopg.connect(address + "postgres") as connection:
        row = connection.execute("SHOW server_version").fetchone()
    return str(row[0]) if row else ""
