"""Where the time of a request goes: py-spy looks at the process from outside, often.

A profiler inside makes what calls often look dear; this one costs the code nothing. Each sample is
of the part that the innermost frame with a known one belongs to, so that a header that is read for
the token is the token's. Only what keeps the processor busy is sampled: a part's share of the
samples times the processor's time without a profiler is what it costs, and the rest is waiting.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

WATCHED = "watched (benchmarks/costs/worker.py"
DISPATCH = "dispatch"
# The first that fits. What is of nobody (Flask, Werkzeug, the library of Python) is of whoever
# called it, and of the dispatch where that is nobody.
PARTS: Mapping[str, tuple[str, ...]] = {
    "driver": (
        *("sqlalchemy/", "psycopg", "flask_sqlalchemy/", "sqlite3/"),
        *("customers_api/core/database", "customers_api/core/engine"),
        *("customers_api/core/outage", "customers_api/core/types", "customers_api/core/pool"),
        *("customers_api/core/statements", "customers_api/core/copy_text"),
    ),
    "token": (
        *("jwt/", "flask_jwt_extended/", "customers_api/web/access"),
        *("customers_api/core/tokens/", "customers_api/core/actor"),
    ),
    "log, metrics, limits": (
        *("logging/", "structlog/", "prometheus_client/", "limits/", "redis/", "opentelemetry/"),
        *("customers_api/web/log", "customers_api/web/metric", "customers_api/web/limit"),
        *("customers_api/web/trac", "customers_api/web/observation", "customers_api/web/present"),
        *("customers_api/web/cells", "customers_api/web/shared_counters"),
        *("customers_api/web/sliding", "customers_api/core/spent"),
    ),
    "validation": (
        *("marshmallow/", "email_validator/", "anyascii/"),
        *("customers_api/web/body", "customers_api/web/fields", "customers_api/web/schemas"),
        *("customers_api/web/accept", "customers_api/web/parameters", "customers_api/core/text"),
        *("customers_api/core/customers/review", "customers_api/core/customers/rules"),
        *("customers_api/core/customers/identity", "customers_api/core/customers/names"),
    ),
    "encoding": ("customers_api/web/rows",),
    "core and events": ("customers_api/core/",),
    DISPATCH: ("customers_api/",),
}


def shares(stacks: Iterable[str]) -> dict[str, float]:
    """The share of each part in samples as py-spy writes them: frames from outside in, a count."""
    counted: Counter[str] = Counter()
    for line in stacks:
        frames, _, times = line.rpartition(" ")
        if WATCHED in frames:
            inside = frames.partition(WATCHED)[2].split(";")[1:]
            counted[_part(inside)] += int(times)
    total = counted.total() or 1
    return {part: counted[part] / total for part in PARTS}


def _part(frames: list[str]) -> str:
    for frame in reversed(frames):
        file = frame.rpartition(" (")[2]
        for part, prefixes in PARTS.items():
            if file.startswith(prefixes):
                return part
    return DISPATCH
