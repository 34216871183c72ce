"""What the server says while it runs: one JSON object a line, on standard error.

Standard output is left to what commands print, and to the protocol that `flask mcp` speaks there.
Nothing that a client has given is logged: no address with its ids and query, no header, no body,
no parameter of a statement, and no message of an exception that may repeat one.
"""

import logging
import os
import re
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec
from structlog.dev import ConsoleRenderer
from structlog.stdlib import ProcessorFormatter

from config import Config
from customers_api.web import faults
from customers_api.web.present import here

STANDARD_ERROR = 2
# Others than ours and gunicorn's have to be in trouble to be heard: SQLAlchemy, for one, would tell
# of whole rows.
OURS = ("customers_api", "gunicorn", "gunicorn.error", "alembic")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

Line = MutableMapping[str, Any]
Processor = Callable[[Any, str, Line], Any]
encode = msgspec.json.Encoder(enc_hook=repr).encode


def _write(line: bytes) -> None:
    """Write a line at once, so that those of several processes do not mix.

    A log that nobody takes must not be what fails a request.
    """
    rest = line + b"\n"
    with suppress(OSError):
        while rest:
            rest = rest[os.write(STANDARD_ERROR, rest) :]


class Handler(logging.Handler):
    """Takes what is said through `logging` to the same place."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        try:
            _write(self.format(record).encode(errors="backslashreplace"))
        except Exception:
            self.handleError(record)


def configure(config: Config) -> None:
    """Have all that is said through `logging` written as the configuration asks."""
    handler = Handler()
    handler.setFormatter(
        ProcessorFormatter(
            processors=[
                _of_record,
                _with_request,
                partial(_with_exception, whole=config.ENVIRONMENT == "development"),
                _as_text() if config.LOG_FORMAT == "text" else _as_json,
            ]
        )
    )
    root = logging.getLogger()
    for other in [each for each in root.handlers if isinstance(each, Handler)]:
        root.removeHandler(other)
    root.addHandler(handler)
    for name in OURS:
        logging.getLogger(name).setLevel(config.LOG_LEVEL)


class Requests:
    """The log of requests, a line each; `logging` would cost several times as much."""

    def __init__(self, config: Config) -> None:
        levels = logging.getLevelNamesMapping()
        least = levels[config.LOG_LEVEL]
        self._heard = {name.lower() for name, level in levels.items() if level >= least}
        self._as_text = None if config.LOG_FORMAT == "json" else _as_text()

    def tell(self, level: str, told: Mapping[str, Any]) -> None:
        """Write a line, if this level is to be heard."""
        if level not in self._heard:
            return
        line = {"time": datetime.now(UTC), "level": level, "event": "request", **told}
        if self._as_text is None:
            written = encode(line)
        else:
            written = self._as_text(None, level, line).encode(errors="backslashreplace")
        _write(written)


def _of_record(_logger: Any, level: str, line: Line) -> Line:
    record: logging.LogRecord = line["_record"]
    return {
        "time": datetime.fromtimestamp(record.created, UTC),
        "level": level,
        "event": line["event"],
        "logger": record.name,
        "process": record.process,
        **({"exc_info": line["exc_info"]} if line.get("exc_info") else {}),
    }


def _with_request(_logger: Any, _level: str, line: Line) -> Line:
    if here.request is not None:
        line["request_id"] = here.request.request_id
    return line


def _with_exception(_logger: Any, _level: str, line: Line, *, whole: bool) -> Line:
    _, raised, _ = line.pop("exc_info", None) or (None, None, None)
    if raised is not None:
        line["exception"] = faults.told(raised, whole=whole)
    return line


def _as_json(_logger: Any, _level: str, line: Line) -> str:
    # JSON itself escapes only the first of what some take for the end of a line.
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", encode(line).decode())


def _as_text() -> Processor:
    render = ConsoleRenderer(colors=os.isatty(STANDARD_ERROR), timestamp_key="time")

    def shown(logger: Any, level: str, line: Line) -> str:
        exception = line.pop("exception", None)
        line["time"] = f"{line['time']:%H:%M:%S}"
        told = {name: _printable(value) for name, value in line.items() if value is not None}
        text = render(logger, level, told)
        if exception is None:
            return text
        return "\n    ".join([text, *map(_printable, exception.split("\n"))])

    return shown


def _printable(value: Any) -> str:
    """One line of a person's terminal, whatever is in it."""
    return UNPRINTABLE.sub(lambda found: repr(found[0])[1:-1], str(value))
