"""What each request costs: python -m benchmarks.costs. See benchmarks/README.md."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.compare import databases, environment
from benchmarks.compare.contestants import CONTESTANTS, OURS_SETTINGS, Server
from benchmarks.compare.databases import FLASK, People, our_environment, run_flask
from benchmarks.compare.environment import ROOT, Missing
from benchmarks.compare.jobs import JOBS, Terms
from benchmarks.compare.tables import number
from benchmarks.costs import memory
from benchmarks.costs.parts import PARTS, shares

WORKER = [sys.executable, "-m", "benchmarks.costs.worker"]
# Each sample stops the process for as long as a millisecond on some machines.
SAMPLES_A_SECOND = "200"
Figures = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Subject:
    """A database with people, and who may ask."""

    title: str
    url: str
    size: int
    token: str
    terms: Terms


def main() -> None:
    """Print what each job costs: at the database, in microseconds by part, in memory."""
    given = _arguments()
    jobs = ",".join(given.jobs)
    try:
        sampler = environment.peers_environment(given.environment) / "py-spy"
        with databases.server() as address, tempfile.TemporaryDirectory() as folder:
            try:
                people = databases.people(address, given.prefix, given.size)
                subjects = [*_subjects(people, Path(folder))]
                _print_counts({each.title: _worked(each, "counted", jobs, 0) for each in subjects})
                for each in subjects:
                    _print_parts(each, sampler, given)
                if given.requests:
                    _print_memory(people, Path(folder), given.requests)
                people.restore()
            finally:
                if given.drop:
                    databases.drop(address, given.prefix)
    except Missing as problem:
        sys.exit(f"benchmarks.costs: {problem}")


def _subjects(people: People, folder: Path) -> Iterator[Subject]:
    terms = people.terms()
    token = databases.our_token(people.ours)
    yield Subject("PostgreSQL", people.ours, people.size, token, terms)
    url = f"sqlite:///{folder}/costs.db"
    run_flask([*FLASK, "db", "upgrade"], url)
    run_flask([*FLASK, "seed", "--customers", str(people.size)], url)
    code = f"import benchmarks.costs.grouping as g; g.group({people.groups})"
    run_flask([sys.executable, "-c", code], url)
    yield Subject("SQLite", url, people.size, databases.our_token(url), terms)


def _print_counts(found: Mapping[str, Figures]) -> None:
    print("### What is asked of the database\n")
    print(
        "| job | statements, PostgreSQL | round trips | rows | KiB asked | KiB answered"
        " | statements run, SQLite | KiB of the answer |"
    )
    print(f"| --- |{' ---: |' * 7}")
    for job, there in found["PostgreSQL"].items():
        sizes = (there["bytes_sent"], there["bytes_received"], there["answer"])
        asked, answered, body = (number(size / 1024) for size in sizes)
        print(
            f"| {job}, {JOBS[job].title} | {there['statements']:g} | {there['round_trips']:g}"
            f" | {there['rows']:g} | {asked} | {answered}"
            f" | {found['SQLite'][job]['statements']:g} | {body} |"
        )
    print(flush=True)


def _print_parts(subject: Subject, sampler: Path, given: argparse.Namespace) -> None:
    print(f"### Microseconds in process, {subject.title}, {subject.size:,} customers\n")
    print(f"| job | in all | waiting | {' | '.join(PARTS)} |")
    print(f"| --- |{' ---: |' * (len(PARTS) + 2)}")
    for job in given.jobs:
        times = _worked(subject, "timed", job, given.seconds)[job]
        parts = _sampled(subject, job, sampler, given.seconds)
        cells = " | ".join(number(times["cpu"] * parts[part]) for part in PARTS)
        # For the database, the disk, and whoever else has the processor.
        whole, waiting = number(times["wall"]), number(times["wall"] - times["cpu"])
        print(f"| {job}, {JOBS[job].title} | {whole} | {waiting} | {cells} |", flush=True)
    print()


def _print_memory(people: People, folder: Path, requests: int) -> None:
    print("### Memory of a gunicorn worker, MiB\n")
    print("| after | resident | proportional |\n| --- | ---: | ---: |")
    with _one_worker(people, folder) as server:
        for title, resident, proportional in memory.held(server, requests):
            print(f"| {title} | {resident:.1f} | {proportional:.1f} |", flush=True)


@contextmanager
def _one_worker(people: People, folder: Path) -> Iterator[Server]:
    token = databases.our_token(people.ours)
    server = Server(CONTESTANTS["ours"], people, folder, token)
    server.settings = {"WEB_CONCURRENCY": "1"}
    server.start(folder / "server.log")
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def _worked(subject: Subject, mode: str, jobs: str, seconds: float) -> Figures:
    return json.loads(_run([*WORKER, mode, jobs, str(seconds)], subject).splitlines()[-1])


def _sampled(subject: Subject, job: str, sampler: Path, seconds: float) -> Mapping[str, float]:
    with tempfile.NamedTemporaryFile() as kept:
        options = ["-r", SAMPLES_A_SECOND, "-f", "raw", "-o", kept.name]
        _run([sampler, "record", *options, "--", *WORKER, "busy", job, str(seconds)], subject)
        return shares(Path(kept.name).read_text().splitlines())


def _run(command: Sequence[str | Path], subject: Subject) -> str:
    # As a server's, its log goes to a file.
    with tempfile.TemporaryFile("w+") as log:
        done = subprocess.run(
            command,
            check=False,
            cwd=ROOT,
            env=_environment(subject),
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        if done.returncode:
            log.seek(0)
            raise RuntimeError(f"{' '.join(map(str, command))} failed\n{log.read()[-4000:]}")
    return done.stdout


def _environment(subject: Subject) -> Mapping[str, str]:
    return {
        **our_environment(subject.url),
        **OURS_SETTINGS,
        "COSTS_TOKEN": subject.token,
        "COSTS_SIZE": str(subject.size),
        "COSTS_TERMS": json.dumps(vars(subject.terms)),
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.costs", description=main.__doc__)
    add = parser.add_argument
    add("--jobs", type=lambda text: text.split(","), default=",".join(JOBS), metavar="W1,…")
    add("--size", type=int, default=10_000, metavar="N", help="how many customers")
    add("--seconds", type=float, default=5, help="of each measurement")
    add("--requests", type=int, default=10_000, help="after which memory is looked at; or 0")
    add("--environment", type=Path, metavar="FOLDER", help="a virtual environment with py-spy")
    add("--prefix", default="benchmark", help="what the names of the databases begin with")
    add("--drop", action="store_true", help="drop the databases at the end")
    return parser.parse_args()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONPATH", str(ROOT))
    main()
