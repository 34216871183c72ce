"""What is counted of every request and of the pool of connections, over all workers of a server.

Where PROMETHEUS_MULTIPROC_DIR names a folder, each process counts in files of its own there, and
whichever is asked adds all of them up; elsewhere a process counts for itself.
"""

import threading
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from time import monotonic
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy import Engine, event
from sqlalchemy.pool import ConnectionPoolEntry

from customers_api.version import VERSION
from customers_api.web.cells import Cell, cells

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "other"
# What is at no address of ours.
NOWHERE = ""
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
POOL = "database_pool_connections"
OPEN, IN_USE, IDLE = "open", "in_use", "idle"
LENT = "counted as in use"
LONG_SECONDS, TIMES_AS_LONG = 0.03, 5

values.ValueClass = Cell
_own = CollectorRegistry()
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]

REQUESTS = Counter(
    "http_requests_total",
    "Requests answered, also those refused before they reached a route.",
    ("route", "method", "status"),
    registry=_own,
)
DURATION = Histogram(
    "http_request_duration_seconds",
    "From a request's arrival at the application to the last byte of its answer.",
    ("route", "method"),
    buckets=SECONDS,
    registry=_own,
)
IN_PROGRESS = Gauge(
    "http_requests_in_progress",
    "Requests that are being answered.",
    multiprocess_mode="livesum",
    registry=_own,
)
DATABASE = Counter(
    "database_seconds_total",
    "Time that requests have waited for the database.",
    ("route",),
    registry=_own,
)
STATEMENTS = Counter(
    "database_statements_total",
    "Statements that requests have had the database run.",
    ("route",),
    registry=_own,
)
CONNECTIONS = Gauge(
    POOL,
    "Connections to the database, by what they are at.",
    ("state",),
    multiprocess_mode="livesum",
    registry=_own,
)


def _cell(metric: Any) -> Cell:
    """The number of a counter or gauge, to be changed without what it does around that."""
    cell: Cell = metric._value
    return cell


_in_progress = _cell(IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Kind:
    """What is counted of the requests that have route, method and status in common."""

    requests: Cell
    duration: Cell
    durations: tuple[Cell, ...]
    database: Cell
    statements: Cell

    def end(self, seconds: float, database: float, statements: int) -> None:
        """Count one of them, that has taken so long."""
        cells.add(
            (
                (_in_progress, -1),
                (self.requests, 1),
                (self.duration, seconds),
                (self.durations[bisect_left(SECONDS, seconds)], 1),
                (self.database, database),
                (self.statements, statements),
            )
        )


def method_of(method: str) -> str:
    """The method as a label: clients invent some, and each label is kept for good."""
    return method if method in METHODS else OTHER


@cache
def of(route: str, method: str, status: int) -> Kind:
    """What to count a request in; looked up once, as that costs more than counting."""
    duration: Any = DURATION.labels(route, method)
    return Kind(
        _cell(REQUESTS.labels(route, method, str(status))),
        duration._sum,
        tuple(duration._buckets),
        _cell(DATABASE.labels(route)),
        _cell(STATEMENTS.labels(route)),
    )


def begin() -> None:
    """Count a request that has come, and is answered from now on."""
    _in_progress.inc(1)


def refused(status: int) -> None:
    """Count a request that never reached the application."""
    REQUESTS.labels(NOWHERE, OTHER, str(status)).inc()


def watch(engine: Engine) -> None:
    """Count the connections of this engine's pool."""
    opened, in_use = _cell(CONNECTIONS.labels(OPEN)), _cell(CONNECTIONS.labels(IN_USE))
    event.listen(engine, "connect", lambda *_: opened.inc(1))
    event.listen(engine, "close", lambda *_: opened.inc(-1))
    event.listen(engine, "close_detached", lambda *_: opened.inc(-1))

    def lent(_connection: object, entry: ConnectionPoolEntry, _proxy: object) -> None:
        _noted(entry)[LENT] = True
        in_use.inc(1)

    def returned(_connection: object, entry: ConnectionPoolEntry) -> None:
        # One that could not be connected anew is returned without having been lent.
        if _noted(entry).pop(LENT, False):
            in_use.inc(-1)

    event.listen(engine, "checkout", lent)
    event.listen(engine, "checkin", returned)


def _noted(entry: ConnectionPoolEntry) -> dict[str, bool]:
    """What is kept of an entry of the pool, whatever becomes of its connection."""
    kept: dict[str, bool] = entry.record_info  # type: ignore[assignment]
    return kept


class Everything(Collector):
    """All that is counted, over all processes, and what need not be."""

    def __init__(self, pool_size: int) -> None:
        self._pool_size = pool_size

    def collect(self) -> Iterable[Metric]:
        """The metrics, as Prometheus's client library writes them."""
        counted = (
            MultiProcessCollector.merge(map(str, cells.slots.files()))  # type: ignore[no-untyped-call]
            if cells.slots
            else _own.collect()
        )
        for metric in counted:
            yield _with_idle(metric) if metric.name == POOL else metric
        limit = "Connections that each process may open at most."
        yield GaugeMetricFamily("database_pool_size", limit, self._pool_size)
        info = GaugeMetricFamily("customers_api_info", "The server's version.", labels=["version"])
        info.add_metric([VERSION], 1)
        yield info


class Exposition:
    """Everything in Prometheus's text format, which anybody may ask for as often as they like.

    So what took long to put together is told again for several times as long: asking for it costs
    a process a sixth of its time at most.
    """

    def __init__(self) -> None:
        self._told = b""
        self._good_until = 0.0
        self._telling = threading.Lock()

    def tell(self, pool_size: int) -> bytes:
        """What is counted, or was a moment ago."""
        with self._telling:
            began = monotonic()
            if began >= self._good_until:
                self._told = prometheus_client.generate_latest(Everything(pool_size))
                took = monotonic() - began
                if took > LONG_SECONDS:
                    self._good_until = began + took + TIMES_AS_LONG * took
            return self._told


exposition = Exposition()


def _with_idle(metric: Metric) -> Metric:
    """Connections in use and idle instead of in use and open: counting those costs half as much."""
    by_state = {sample.labels["state"]: sample.value for sample in metric.samples}
    in_use = by_state.get(IN_USE, 0)
    shown = GaugeMetricFamily(metric.name, metric.documentation, labels=["state"])
    shown.add_metric([IN_USE], in_use)
    shown.add_metric([IDLE], by_state.get(OPEN, 0) - in_use)
    return shown
