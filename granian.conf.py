"""How granian serves wsgi:app, which script/server runs where WEB_SERVER says so.

    .venv/bin/python granian.conf.py

The HTTP of every worker is granian's own, outside Python; see docs/decisions/0017.
"""

import atexit
import multiprocessing
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shared_folder
import worker_cpus
from config import Config, ConfigurationError, load

if TYPE_CHECKING:
    from flask import Flask

try:
    from granian import _signals
    from granian._granian import SocketHolder
    from granian.http import HTTP1Settings
    from granian.server.mp import MPServer
except ModuleNotFoundError:
    sys.exit("customers-api: WEB_SERVER=granian needs the extra: pip install '.[granian]'")

# Milliseconds for the head of a request, and the bytes of one that are kept, more or less.
HEAD_MILLISECONDS = 10_000
HEAD_BYTES = 64 * 1024
GRACEFUL_SECONDS = 30
LOOK_SECONDS = 1.0
# A worker that fails before that could not begin.
BEGINNING_SECONDS = 5.0
# So long after it was told to end a worker still accepts.
ACCEPTING_SECONDS = 0.3
BACKLOG = 1024
ENDING = (signal.SIGTERM, signal.SIGINT)
BLOCK, UNBLOCK = signal.SIG_BLOCK, signal.SIG_UNBLOCK


class Bell:
    """What wakes the first process; a signal may ring it in the midst of another one's ringing.

    granian has a threading.Event for that, on which two signals in a row wait for each other.
    """

    def __init__(self) -> None:
        self._heard, self.rung = os.pipe()
        os.set_blocking(self._heard, False)
        os.set_blocking(self.rung, False)

    def set(self) -> None:
        """Ring."""
        with suppress(BlockingIOError):
            os.write(self.rung, b"!")

    def wait(self, seconds: float) -> bool:
        """Wait until it rings, or for so long; returns whether it has rung."""
        return bool(select.select([self._heard], [], [], seconds)[0])

    def clear(self) -> None:
        """Forget that it has rung."""
        with suppress(BlockingIOError):
            os.read(self._heard, 4096)


class Server(MPServer):  # type: ignore[misc]  # it has no types
    """granian whose workers come back, however often they are killed, to what waits for them.

    By itself it lets each worker listen for itself, so that what waits for one is lost with it; it
    ends when a worker ends twice in 5.5 seconds, and may overlook one that ends beside another.
    """

    could_not_load = False

    def __init__(self, target: str, seats: worker_cpus.Seats, **options: Any) -> None:
        super().__init__(target, **options)
        self._seats = seats
        self.main_loop_interrupt = Bell()

    def _init_shared_socket(self) -> None:
        # One for each: at one for all, a worker would take most of the connections.
        self._listeners = [self._listener() for _ in range(self.workers)]

    def _listener(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.bind_addr else socket.AF_INET
        address = (self.bind_addr, self.bind_port)
        listener = socket.create_server(
            address,
            family=family,
            backlog=self.backlog,
            reuse_port=True,
            dualstack_ipv6=family == socket.AF_INET6,
        )
        listener.setblocking(False)
        # As granian's own have it; else a small answer waits for the client's word on the last one.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener

    def _drop_shared_socket(self) -> None:
        # Each worker has all of them, too: only closed, they would let clients connect to nobody.
        # Nor must one end while its worker accepts, which would do nothing else from then on.
        for each in self.wrks:
            each.terminate()
        youngest = min((_age(each) for each in self.wrks), default=LOOK_SECONDS)
        time.sleep(max(0.0, LOOK_SECONDS - youngest) + ACCEPTING_SECONDS)
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _spawn_worker(self, idx: int, target: Any, callback_loader: Any) -> Any:
        self._sso = self._listeners[idx]
        self._shd = SocketHolder(self._sso.fileno(), False, self.backlog)
        loader = partial(_load_on, self._seats.give(idx), callback_loader)
        return super()._spawn_worker(idx, target, loader)

    def _serve_loop(self, spawn_target: Any, target_loader: Any) -> None:
        while not (self.interrupt_signal or self.could_not_load):
            self.main_loop_interrupt.wait(LOOK_SECONDS)
            self.main_loop_interrupt.clear()
            if self.reload_signal:
                self._reload(spawn_target, target_loader)
            ends = {each: each.inner.exitcode for each in self.wrks}
            # One that is killed, or told to end, has no such code.
            failed = [each for each, code in ends.items() if (code or 0) > 0]
            self.could_not_load = any(_age(each) < BEGINNING_SECONDS for each in failed)
            gone = [each for each, code in ends.items() if code is not None]
            if gone and not self.could_not_load and not self.interrupt_signal:
                is_hasty = any(_age(each) < LOOK_SECONDS for each in gone)
                delay = self.respawn_interval if is_hasty else 0
                numbers = [each.idx for each in gone]
                self._respawn_workers(numbers, spawn_target, target_loader, delay)

    def shutdown(self, exit_code: int = 0) -> None:
        """End; a worker that has ended meanwhile is no failure."""
        with suppress(SystemExit):
            super().shutdown(exit_code)
        # Python gives up its handlers before it ends, so one more signal would be how it ended.
        signal.pthread_sigmask(BLOCK, ENDING)
        if self.could_not_load:
            sys.exit(1)


def _load_on(cpu: int | None, load: Callable[[], Any]) -> Any:
    worker_cpus.stay_on(cpu)
    return load()


def _age(worker: Any) -> float:
    return time.monotonic() - float(worker.birth)


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
    # A worker hears what comes meanwhile when it can, and not as the first process would.
    wait, hear = (partial(signal.pthread_sigmask, how, ENDING) for how in (BLOCK, UNBLOCK))
    os.register_at_fork(before=wait, after_in_parent=hear)
    seats = worker_cpus.Seats(config.WEB_CONCURRENCY, wanted=config.WEB_CPU_AFFINITY)
    server = Server("wsgi:app", seats, **_options(config))
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
        # In the form of all other lines, as wsgi:app has them written.
        "log_dictconfig": {"loggers": {"_granian": {"propagate": True}}},
        "respawn_failed_workers": True,
        "respawn_interval": 0.5,
        "workers_kill_timeout": GRACEFUL_SECONDS,
    }


def _prepared() -> "Flask":
    """The application, its database prepared, and connected to nothing before the forks."""
    from customers_api.cli.prepare import prepare_here
    from customers_api.core.engine import disconnect
    from customers_api.extensions import db
    from wsgi import app

    prepare_here(app)
    with app.app_context():
        disconnect(db)
    return app


def _begin(app: "Flask", parent: int, _target: str) -> "Flask":
    """What a new worker serves."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    _signals.set_main_signals = partial(_hear, parent)
    # multiprocessing leaves out what is to be done at the end, such as sending the last traces.
    Finalize(None, atexit._run_exitfuncs, exitpriority=0)
    return app


def _hear(parent: int, end: Callable[..., None]) -> None:
    """Have a worker end at a signal, or when the first process is gone, after what it has to do.

    granian's own handlers wait for themselves where two signals come in a row.
    """
    bell = Bell()
    for each in ENDING:
        signal.signal(each, lambda *_: None)
    # Without waiting for Python, whose main thread may have just begun to wait for nothing else.
    signal.set_wakeup_fd(bell.rung, warn_on_full_buffer=False)
    signal.pthread_sigmask(UNBLOCK, ENDING)
    threading.Thread(target=_end, args=(parent, bell, end), daemon=True).start()


def _end(parent: int, bell: Bell, end: Callable[..., None]) -> None:
    # It is not heard before granian serves, and must not be said twice.
    time.sleep(LOOK_SECONDS)
    while not bell.wait(LOOK_SECONDS) and os.getppid() == parent:
        pass
    end(signal.SIGTERM, None)


if __name__ == "__main__":
    main()
