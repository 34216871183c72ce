"""Compare: python -m benchmarks.compare. See benchmarks/README.md."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

from benchmarks.compare import answers, databases, environment, recording
from benchmarks.compare.answers import DatabaseTruth, Wrong
from benchmarks.compare.contestants import CONTESTANTS, Contestant, Server
from benchmarks.compare.databases import People
from benchmarks.compare.environment import ROOT, Missing
from benchmarks.compare.jobs import JOBS, Job
from benchmarks.compare.measuring import Load, Measured, Plan, measure
from benchmarks.compare.picture import drawn, picture
from benchmarks.compare.tables import Results, tables

Thing = TypeVar("Thing")
KEPT = ROOT / "benchmarks" / "comparison.json"


def main() -> None:
    """Measure, and print the tables; or only print and draw what was measured before."""
    given = _arguments()
    try:
        measured = recording.read(given.show) if given.show else _measured(given)
    except (Missing, Wrong) as problem:
        sys.exit(f"benchmarks.compare: {problem}")
    if not measured:
        return
    results = Results(measured)
    print(tables(results))
    if given.picture:
        places = drawn(results, given.picture_size, given.picture_clients)
        given.picture.write_text(picture(results, places))
        print(f"drawn: {given.picture}", file=sys.stderr)


def _measured(given: argparse.Namespace) -> list[Measured]:
    environment.wrk()
    peers = environment.peers_environment(given.environment)
    plan = Plan(given.rounds, given.seconds)
    measured: list[Measured] = []
    with databases.server() as address:
        try:
            for size in given.sizes:
                people = databases.people(address, given.prefix, size)
                with _serving(given.contestants, people, peers) as servers:
                    for some in _jobs(servers, given, plan):
                        measured += some
                        recording.write(given.out, measured, plan, address)
        finally:
            if given.drop:
                databases.drop(address, given.prefix)
    return measured


@contextmanager
def _serving(
    contestants: Sequence[Contestant], people: People, peers: Path
) -> Iterator[list[Server]]:
    token = databases.our_token(people.ours)
    servers = [Server(each, people, peers, token) for each in contestants]
    with ExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for each in servers:
            stack.callback(each.stop)
            each.start(logs / f"{each.contestant.name}.log")
        for each in servers:
            each.wait()
        yield servers


def _jobs(
    servers: Sequence[Server], given: argparse.Namespace, plan: Plan
) -> Iterator[list[Measured]]:
    truth = DatabaseTruth(servers[0].people)
    for job in given.jobs:
        for each in servers:
            _check(job, each, truth)
        if given.check:
            continue
        done = set()
        for clients in given.clients:
            asked = min(clients, job.most_clients)
            if asked not in done:
                done.add(asked)
                print(f"{job.name}, {clients} clients", file=sys.stderr)
                yield [*measure(Load(job, truth.terms(), asked), servers, plan)]
        if job.writes:
            servers[0].people.restore()


def _check(job: Job, server: Server, truth: DatabaseTruth) -> None:
    try:
        answers.check(job, ours=server.contestant.is_ours, asker=server, truth=truth)
    except Wrong as wrong:
        raise Wrong(f"{server.contestant.name} answers wrongly: {wrong}") from wrong
    print(f"{job.name}, {server.people.size:,}: {server.contestant.name} is right", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.compare", description=main.__doc__)
    add = parser.add_argument
    everybody, everything = ",".join(CONTESTANTS), ",".join(JOBS)
    add("--contestants", type=_among(CONTESTANTS), default=everybody, metavar="NAME,…")
    add("--jobs", type=_among(JOBS), default=everything, metavar="W1,…")
    add("--sizes", type=_numbers, default="100000", metavar="N,…", help="how many customers")
    add("--clients", type=_numbers, default="16", metavar="N,…", help="how many at once")
    add("--rounds", type=int, default=5)
    add("--seconds", type=int, default=8, help="of each measurement")
    add("--check", action="store_true", help="only check the answers")
    add("--out", type=Path, default=KEPT, metavar="FILE", help="where the figures go, as JSON")
    add("--show", type=Path, nargs="+", metavar="FILE", help="measure nothing: show these figures")
    add("--picture", type=Path, metavar="FILE", help="draw an SVG, too")
    add("--picture-size", type=int, metavar="N", help="which size to draw; the largest else")
    add("--picture-clients", type=int, metavar="N", help="of how many clients; 16 else")
    add("--environment", type=Path, metavar="FOLDER", help="a virtual environment for the peers")
    add("--prefix", default="benchmark", help="what the names of the databases begin with")
    add("--drop", action="store_true", help="drop the databases at the end")
    return parser.parse_args()


def _among(known: Mapping[str, Thing]) -> Callable[[str], list[Thing]]:
    def chosen(text: str) -> list[Thing]:
        unknown = [name for name in text.split(",") if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"{unknown[0]} is none of {', '.join(known)}")
        return [known[name] for name in text.split(",")]

    return chosen


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


if __name__ == "__main__":
    main()
