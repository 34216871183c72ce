"""Fuzz the API on SQLite, then on PostgreSQL, by schemathesis, and print what became of it.

    python -m fuzz [sqlite|postgresql] [cases]

The server is the real one, on an empty database. What is sent is made from the reference alone:
its examples, the corner cases of its schemas, `cases` by chance for each operation, fitting and
not, and sequences in which one answer feeds the next request. Every check of schemathesis is on,
two of them in the forms that hooks.py gives them. Any failure is printed whole, and exits with 1.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from faults.databases import database_of
from tests.support.checkout import ROOT
from tests.support.gunicorn import Gunicorn

CASES = 250
BACKENDS = ("sqlite", "postgresql")
# In their place: accepts_what_the_reference_allows and refuses_what_the_reference_forbids.
REPLACED = "positive_data_acceptance,negative_data_rejection"
LEAST_CASES = 20_000
PHASES = ("examples", "coverage", "fuzzing", "stateful")
ALL = "all"
LIMITS = ("RATE_LIMIT_PER_TOKEN", "RATE_LIMIT_PER_ADDRESS", "RATE_LIMIT_SIGN_IN")


def main(arguments: list[str]) -> bool:
    """Fuzz one database or both; returns whether nothing was found."""
    cases = next((int(each) for each in arguments if each.isdigit()), CASES)
    wanted = [name for name in BACKENDS if name in arguments] or BACKENDS
    clean = [_fuzz(kind, cases) for kind in wanted]
    return all(clean)


def _fuzz(kind: str, cases: int) -> bool:
    with database_of(kind) as (url, _), tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report")
        gunicorn = Gunicorn(url, **dict.fromkeys(LIMITS, "off"))
        gunicorn.start()
        try:
            code = _run(gunicorn, url, report, cases)
        finally:
            gunicorn.stop()
        generated = _table(kind, report)
        enough = generated >= LEAST_CASES or cases < CASES
        if not enough:
            print(f"{generated} cases are fewer than {LEAST_CASES}")
        return code == 0 and enough


def _run(gunicorn: Gunicorn, url: str, report: Path, cases: int) -> int:
    address = f"http://127.0.0.1:{gunicorn.port}"
    environ = os.environ | {
        "FUZZ_ADDRESS": address,
        "FUZZ_DATABASE_URL": url,
        "SCHEMATHESIS_HOOKS": "fuzz.hooks",
        "PYTHONPATH": str(ROOT),
    }
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{address}/openapi.json"),
        *("--checks", "all", "--exclude-checks", REPLACED, "--max-examples", str(cases)),
        *("--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure", "--no-color"),
        *("--report", "json,ndjson", "--report-json-path", str(report.with_suffix(".json"))),
        *("--report-ndjson-path", str(report.with_suffix(".ndjson"))),
        *("--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off"),
    ]
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode


def _table(kind: str, report: Path) -> int:
    """Print what was sent to which contract, and what came back; returns how much it was."""
    phases: Counter[tuple[str, str]] = Counter()
    answers: Counter[tuple[str, str]] = Counter()
    failures: Counter[str] = Counter()
    with report.with_suffix(".ndjson").open() as lines:
        for line in lines:
            scenario = json.loads(line).get("ScenarioFinished", {})
            recorder = scenario.get("recorder", {})
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
