"""The comparison as a picture: for each job a row of bars, drawn as SVG."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from benchmarks.compare.contestants import CONTESTANTS
from benchmarks.compare.jobs import JOBS
from benchmarks.compare.tables import Place, Results, number

WIDTH, MARGIN, GAP = 900, 24, 28
BAR, STEP = 13, 18
NAMES_WIDTH, FIGURES_WIDTH = 165, 85
PANELS_IN_A_ROW = 2
TIMES = "\N{MULTIPLICATION SIGN}"
# Readable on white and on the dark grey of those who prefer it; the text's colour follows.
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #24292f }
.head { font-size: 15px; font-weight: 600 }
.job { font-weight: 600 }
.small { font-size: 11px; fill: #57606a }
.page { fill: #ffffff }
.bar { fill: #afb8c1 }
.ours { fill: #0969da }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .small { fill: #9198a1 }
  .page { fill: #0d1117 }
  .bar { fill: #57606a }
  .ours { fill: #4493f8 }
}
"""


def picture(results: Results, places: list[Place]) -> str:
    """An SVG of how everybody did at these places."""
    panel_height = 26 + STEP * len(results.contestants)
    rows = -(-len(places) // PANELS_IN_A_ROW)
    height = 62 + rows * (panel_height + GAP) + 14
    width = (WIDTH - 2 * MARGIN - GAP) / PANELS_IN_A_ROW
    panels = []
    for position, place in enumerate(places):
        row, column = divmod(position, PANELS_IN_A_ROW)
        left, top = MARGIN + column * (width + GAP), 62 + row * (panel_height + GAP)
        panels.append(f'<g transform="translate({left:.0f} {top})">')
        panels += _panel(results, place, width)
        panels.append("</g>")
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
            f' width="{WIDTH}" height="{height}" role="img" aria-labelledby="title">',
            '<title id="title">Requests a second of each contestant, job by job</title>',
            f"<style>{STYLE}</style>",
            f'<rect class="page" width="{WIDTH}" height="{height}" rx="8"/>',
            _text(MARGIN, 28, "Requests a second: longer is better", "head"),
            _text(MARGIN, 46, _said(places), "small"),
            *panels,
            "</svg>\n",
        ]
    )


def drawn(results: Results, size: int | None = None, clients: int | None = None) -> list[Place]:
    """One place for each job: of this size and so many clients, or else of the most there are."""
    wanted = [place for place in results.places if size is None or place[0] == size]
    chosen: dict[str, Place] = {}
    for place in sorted(wanted, key=lambda each: (each[0], -abs(each[1] - (clients or 16)))):
        chosen[place[2]] = place
    return [chosen[job] for job in JOBS if job in chosen]


def _panel(results: Results, place: Place, width: float) -> Iterator[str]:
    found = {name: results.middle(place, name) for name in results.contestants}
    most = max((each.per_second for each in found.values() if each), default=1.0)
    room = width - NAMES_WIDTH - FIGURES_WIDTH
    yield _text(0, 12, f"{place[2]}: {JOBS[place[2]].title}", "job")
    for position, (name, each) in enumerate(found.items()):
        top = 24 + STEP * position
        yield _text(NAMES_WIDTH - 8, top + 11, CONTESTANTS[name].title, "small", "end")
        if each is None:
            continue
        kind = "ours" if CONTESTANTS[name].is_ours else "bar"
        length = max(1.0, room * each.per_second / most)
        yield (
            f'<rect class="{kind}" x="{NAMES_WIDTH}" y="{top}" width="{length:.1f}"'
            f' height="{BAR}" rx="2"/>'
        )
        ratio = "" if each.ratio is None else f" ({each.ratio:.1f}{TIMES})"
        figures = f"{number(each.per_second)}{ratio}"
        yield _text(NAMES_WIDTH + length + 6, top + 11, figures, "small")


def _said(places: list[Place]) -> str:
    sizes = " and ".join(f"{size:,}" for size in sorted({place[0] for place in places}))
    return f"{sizes} customers, the middle of the rounds; in brackets, times what the first has"


def _text(x: float, y: float, what: str, kind: str, anchor: str = "start") -> str:
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(what)}</text>'
    )
