"""Fuzz the API on SQLite, then on PostgreSQL, by schemathesis, and print what became of it.

    python -m fuzz [sqlite|postgresql] [cases] [stateful]

The server is the real one, on an empty database. What is sent is made from the reference alone:
its examples, the corner cases of its schemas, `cases` by chance for each operation, fitting and
not, and, for some minutes, sequences in which one answer feeds the next request, by the links of
the reference; `stateful` asks for these alone. Every check of schemathesis is on, three of them in
the forms that hooks.py gives them. Any failure is printed whole, and exits with 1; so does a run
in which too little was sent, or too little was made by one request and read by the next.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from faults.databases import database_of
from fuzz.sequences import made_and_read
from tests.support.checkout import ROOT
from tests.support.gunicorn import Gunicorn

SETTINGS = Path(__file__).with_name("schemathesis.toml")
CASES = 250
BACKENDS = ("sqlite", "postgresql")
# In their place: accepts_what_the_reference_allows, refuses_what_the_reference_forbids and
# is_gone_once_it_is_removed.
REPLACED = "positive_data_acceptance,negative_data_rejection,use_after_free"
LEAST_CASES = 20_000
SINGLE, SEQUENCES = ("examples", "coverage", "fuzzing"), "stateful"
PHASES = (*SINGLE, SEQUENCES)
# The time for sequences; how often something must be made and then read in it, of how many kinds.
SEQUENCE_SECONDS = 300
LEAST_READ, LEAST_KINDS = 10, 4
ALL = "all"
LIMITS = ("RATE_LIMIT_PER_TOKEN", "RATE_LIMIT_PER_ADDRESS", "RATE_LIMIT_SIGN_IN")


def main(arguments: list[str]) -> bool:
    """Fuzz one database or both; returns whether nothing was found."""
    cases = next((int(each) for each in arguments if each.isdigit()), CASES)
    wanted = [name for name in BACKENDS if name in arguments] or BACKENDS
    clean = [_fuzz(kind, cases, alone=SEQUENCES in arguments) for kind in wanted]
    return all(clean)


def _fuzz(kind: str, cases: int, *, alone: bool) -> bool:
    with database_of(kind) as (url, _), tempfile.TemporaryDirectory() as folder:
        single, sequences = Path(folder, "single"), Path(folder, "sequences")
        gunicorn = Gunicorn(url, **dict.fromkeys(LIMITS, "off"))
        gunicorn.start()
        try:
            clean = alone or _run(gunicorn, url, single, cases)
            clean &= _run(gunicorn, url, sequences, cases, seconds=SEQUENCE_SECONDS)
        finally:
            gunicorn.stop()
        scenarios = [*_scenarios(single), *_scenarios(sequences)]
        generated = _table(kind, scenarios)
        enough = alone or generated >= LEAST_CASES or cases < CASES
        if not enough:
            print(f"{generated} cases are fewer than {LEAST_CASES}")
        return _are_sequences(scenarios) and clean and enough


def _are_sequences(scenarios: Sequence[Mapping[str, Any]]) -> bool:
    """Print how often something was made and then read; returns whether that is enough."""
    found = made_and_read(each["recorder"] for each in scenarios)
    print("made and read:", ", ".join(f"{each} {count}" for each, count in found.most_common()))
    enough = found.total() >= LEAST_READ and len(found) >= LEAST_KINDS
    if not enough:
        print(f"fewer than {LEAST_READ}, or of fewer kinds than {LEAST_KINDS}")
    return enough


def _scenarios(report: Path) -> Iterator[dict[str, Any]]:
    """What was done, scenario by scenario."""
    path = report.with_suffix(".ndjson")
    if not path.exists():
        return
    with path.open() as lines:
        for line in lines:
            scenario = json.loads(line).get("ScenarioFinished")
            if scenario:
                yield scenario


def _run(gunicorn: Gunicorn, url: str, report: Path, cases: int, *, seconds: int = 0) -> bool:
    """Send what is wanted, sequences for so many seconds; returns whether nothing was found."""
    phases = ("--phases", SEQUENCES, "--max-time", str(seconds)) if seconds else ()
    address = f"http://127.0.0.1:{gunicorn.port}"
    environ = os.environ | {
        "FUZZ_ADDRESS": address,
        "FUZZ_DATABASE_URL": url,
        "SCHEMATHESIS_HOOKS": "fuzz.hooks",
        "PYTHONPATH": str(ROOT),
    }
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(SETTINGS)),
        *("run", f"{address}/openapi.json"),
        *("--checks", "all", "--exclude-checks", REPLACED, "--max-examples", str(cases)),
        *(phases or ("--phases", ",".join(SINGLE))),
        *("--continue-on-failure", "--no-color"),
        *("--report", "json,ndjson", "--report-json-path", str(report.with_suffix(".json"))),
        *("--report-ndjson-path", str(report.with_suffix(".ndjson"))),
        *("--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off"),
    ]
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode == 0


def _table(kind: str, scenarios: Sequence[Mapping[str, Any]]) -> int:
    """Print what was sent to which contract, and what came back; returns how much it was."""
    phases: Counter[tuple[str, str]] = Counter()
    answers: Counter[tuple[str, str]] = Counter()
    failures: Counter[str] = Counter()
    for scenario in scenarios:
        recorder = scenario["recorder"]
        for name, case in recorder.get("cases", {}).items():
            group = _group(case["value"]["path"])
            phases[group, scenario["phase"].lower()] += 1
            told = recorder["interactions"].get(name, {}).get("response") or {}
            answers[group, f"{told.get('status_code', '-')}"[0]] += 1
            checks = recorder["checks"].get(name, ())
            failures[group] += sum(each["status"] == "failure" for each in checks)
    print(f"\n| {kind} | {' | '.join(PHASES)} | 2xx | 3xx | 4xx | 5xx | failures |")
    print("| --- " * (len(PHASES) + 6) + "|")
    groups = sorted({group for group, _ in phases})
    for group in (*groups, ALL):
        those = [group] if group is not ALL else groups
        sent = [sum(phases[each, phase] for each in those) for phase in PHASES]
        back = [sum(answers[each, digit] for each in those) for digit in "2345"]
        figures = [*sent, *back, sum(failures[each] for each in those)]
        print(f"| {group} |", " | ".join(f"{each:,}" for each in figures), "|", flush=True)
    return sum(phases.values())


def _group(path: str) -> str:
    parts = path.strip("/").split("/")
    depth = {"api": 3 if parts[1:2] == ["v1"] else 2}.get(parts[0], 1)
    return "/" + "/".join(parts[:depth])


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
