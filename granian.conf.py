"""How granian serves wsgi:app, which script/server runs where WEB_SERVER says so.

    .venv/bin/python granian.conf.py

The HTTP of every worker is granian's own, outside Python; see docs/decisions/0017.
"""

import atexit
import json
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shared_folder
from config import Config, ConfigurationError, load

if TYPE_CHECKING:
    from flask import Flask

try:
    from granian.http import HTTP1Settings
    from granian.server.mp import MPServer
except ModuleNotFoundError:
    sys.exit("customers-api: WEB_SERVER=granian needs the extra: pip install '.[granian]'")

# Milliseconds for the head of a request, and the bytes of one that are kept, more or less.
HEAD_MILLISECONDS = 10_000
HEAD_BYTES = 64 * 1024
GRACEFUL_SECONDS = 30
LOOK_SECONDS = 1.0
BACKLOG = 1024


class Line(logging.Formatter):
    """What granian says in the form of all other lines; see customers_api/web/logs.py."""

    def format(self, record: logging.LogRecord) -> str:
        """One line of JSON."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds")
        line = {
            "time": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "logger": record.name,
            "process": record.process,
        }
        return json.dumps(line)


class Server(MPServer):  # type: ignore[misc]  # it has no types
    """granian whose workers come back however often they are killed.

    By itself it ends when a worker ends twice in 5.5 seconds, and may overlook one that ends beside
    another.
    """

    could_not_load = False

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        while not (self.interrupt_signal or self.could_not_load):
            self.main_loop_interrupt.wait(LOOK_SECONDS)
            self.main_loop_interrupt.clear()
            if self.reload_signal:
                self._reload(spawn_target, target_loader)
            ends = {each.idx: each.inner.exitcode for each in self.wrks}
            # One that is killed, or told to end, has no such code.
            self.could_not_load = any((code or 0) > 0 for code in ends.values())
            gone = [number for number, code in ends.items() if code is not None]
            if gone and not self.could_not_load and not self.interrupt_signal:
                self._respawn_workers(gone, spawn_target, target_loader)

    def shutdown(self, exit_code: int = 0) -> None:
        """End; a worker that has ended meanwhile is no failure."""
        with suppress(SystemExit):
            super().shutdown(exit_code)
        if self.could_not_load:
            sys.exit(1)


def main() -> None:
    """Prepare the database and serve until told to stop."""
    os.chdir(Path(__file__).resolve().parent)
    try:
        config = load()
    except ConfigurationError as error:
        sys.exit(f"customers-api: {error}")
    for each in (signal.SIGUSR1, signal.SIGUSR2):
        # gunicorn has a use for them; here they would end the first process, and only that.
        signal.signal(each, signal.SIG_IGN)
    shared_folder.share()
    # Loaded once, here, as that takes a second or more: a worker that was killed is back soon.
    app = _prepared()
    multiprocessing.set_start_method("fork")
    server = Server("wsgi:app", **_options(config))
    try:
        server.serve(target_loader=partial(_begin, app, os.getpid()))
    except OSError as error:
        sys.exit(f"customers-api: {config.HOST} port {config.PORT}: {error.strerror}")


def _options(config: Config) -> dict[str, object]:
    return {
        "address": config.HOST,
        "port": config.PORT,
        "interface": "wsgi",
        "workers": config.WEB_CONCURRENCY,
        "blocking_threads": config.WEB_THREADS,
        "backlog": BACKLOG,
        "http": "1",
        "websockets": False,
        "http1_settings": HTTP1Settings(
            header_read_timeout=HEAD_MILLISECONDS, max_buffer_size=HEAD_BYTES
        ),
        "log_level": config.LOG_LEVEL.lower(),
        "log_access": False,
        "log_dictconfig": _logging(config),
        "respawn_failed_workers": True,
        "respawn_interval": 0.5,
        "workers_kill_timeout": GRACEFUL_SECONDS,
    }


def _logging(config: Config) -> dict[str, object]:
    form = {"()": Line} if config.LOG_FORMAT == "json" else {"format": "%(levelname)s %(message)s"}
    handler = {"class": "logging.StreamHandler", "formatter": "ours"}
    return {
        "formatters": {"ours": form},
        "handlers": {"ours": handler},
        "loggers": {"_granian": {"handlers": ["ours"], "propagate": False}},
    }


def _prepared() -> "Flask":
    """The application, its database prepared, and connected to nothing before the forks."""
    from flask.cli import ScriptInfo

    from wsgi import app

    try:
        app.cli.main(["prepare"], prog_name="flask", obj=ScriptInfo(create_app=lambda: app))
    except SystemExit as end:
        if end.code:
            raise
    with app.app_context():
        for engine in app.extensions["sqlalchemy"].engines.values():
            engine.dispose()
    return app


def _begin(app: "Flask", parent: int, _target: str) -> "Flask":
    """What a new worker serves."""
    # Until granian hears them: those of the first process were inherited, and would do nothing.
    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    # multiprocessing leaves out what is to be done at the end, such as sending the last traces.
    Finalize(None, atexit._run_exitfuncs, exitpriority=0)
    return app


def _end_with(parent: int) -> None:
    """End this worker, after the requests it has, when the first process is gone."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
