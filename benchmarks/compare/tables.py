"""What was measured, as Markdown: the middle of the rounds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.compare.contestants import BASE, CONTESTANTS
from benchmarks.compare.jobs import JOBS
from benchmarks.compare.measuring import Measured

Place = tuple[int, int, str]


@dataclass(frozen=True)
class Middle:
    """The middle of the rounds; `ratio` is the middle of each round's own, None without a base."""

    per_second: float
    p50: float
    p99: float
    ratio: float | None


class Results:
    """What was measured, by what may be compared with each other."""

    def __init__(self, measured: Sequence[Measured]) -> None:
        # Nothing finished: too few seconds for that many clients.
        self._counted = [each for each in measured if each.per_second and not each.failed]
        self.sizes = sorted({each.size for each in measured})
        self.places = sorted({each.place for each in measured}, key=_order)
        self.contestants = [
            name for name in CONTESTANTS if name in {each.contestant for each in measured}
        ]

    def middle(self, place: Place, contestant: str) -> Middle | None:
        """How a contestant did there; None where nothing of it counted."""
        mine, base = self._rounds(place, contestant), self._rounds(place, BASE)
        if not mine:
            return None
        ratios = [
            each.per_second / base[number].per_second
            for number, each in mine.items()
            if number in base
        ]
        return Middle(
            per_second=median(each.per_second for each in mine.values()),
            p50=median(each.p50 for each in mine.values()),
            p99=median(each.p99 for each in mine.values()),
            ratio=median(ratios) if ratios else None,
        )

    def _rounds(self, place: Place, contestant: str) -> dict[int, Measured]:
        return {
            each.round: each
            for each in self._counted
            if each.place == place and each.contestant == contestant
        }


def tables(results: Results) -> str:
    """All of it: what was compared, then how it grows."""
    return "\n".join([*_compared(results), *_growing(results)])


def _compared(results: Results) -> Iterator[str]:
    for size in results.sizes:
        yield f"### {size:,} customers\n"
        yield (
            "| job | clients | contestant | requests/s | p50, ms | p99, ms"
            f" | of {CONTESTANTS[BASE].title} |"
        )
        yield "| --- | ---: | --- | ---: | ---: | ---: | ---: |"
        for place in (each for each in results.places if each[0] == size):
            for name in results.contestants:
                if (found := results.middle(place, name)) is not None:
                    yield _row(place, name, found)
        yield ""


def _row(place: Place, name: str, found: Middle) -> str:
    ratio = "" if found.ratio is None else f"{found.ratio:.2f}"
    title = CONTESTANTS[name].title
    title = f"**{title}**" if CONTESTANTS[name].is_ours else title
    return (
        f"| {place[2]}, {JOBS[place[2]].title} | {place[1]} | {title} | {number(found.per_second)}"
        f" | {number(found.p50)} | {number(found.p99)} | {ratio} |"
    )


def _growing(results: Results) -> Iterator[str]:
    """A table for each thing that grew: customers, with the clients held still, and clients."""
    sizes = sorted({size for size, _, _ in results.places})
    if len(sizes) > 1:
        yield "### How it grows with the customers: requests/s (p50, ms)\n"
        heads = [f"{size:,}" for size in sizes]
        yield from _grown(results, heads, "clients", sizes, lambda held, size: (size, held))
    clients = sorted({clients for _, clients, _ in results.places})
    if len(clients) > 1:
        yield "### How it grows with the clients: requests/s (p50, ms)\n"
        heads = [f"clients: {each}" for each in clients]
        yield from _grown(results, heads, "customers", clients, lambda held, each: (held, each))


def _grown(
    results: Results,
    heads: Sequence[str],
    held_name: str,
    grown: Sequence[int],
    pair: Callable[[int, int], tuple[int, int]],
) -> Iterator[str]:
    yield f"| job | {held_name} | contestant | {' | '.join(heads)} |"
    yield f"| --- | ---: | --- |{' ---: |' * len(heads)}"
    jobs = list(dict.fromkeys(job for _, _, job in results.places))
    helds = sorted({each[1 if held_name == "clients" else 0] for each in results.places})
    for job in jobs:
        for held in helds:
            for name in results.contestants:
                cells = [results.middle((*pair(held, each), job), name) for each in grown]
                # One figure shows no growth.
                if sum(cell is not None for cell in cells) > 1:
                    shown = " | ".join(_cell(cell) for cell in cells)
                    yield f"| {job} | {held:,} | {CONTESTANTS[name].title} | {shown} |"
    yield ""


def _cell(found: Middle | None) -> str:
    return "" if found is None else f"{number(found.per_second)} ({number(found.p50)})"


def number(value: float) -> str:
    """With three figures that count, and thousands apart."""
    if value >= 100:  # noqa: PLR2004
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"  # noqa: PLR2004


def _order(place: Place) -> tuple[int, int, int]:
    size, clients, job = place
    return size, [*JOBS].index(job), clients
