"""How gunicorn serves wsgi:app; found by its name, so a bare `gunicorn wsgi:app` has it too."""

import atexit
import fcntl
import os
import shutil
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

# `gunicorn` the command, unlike `python -m gunicorn`, has not put the checkout on the path yet.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from config import ConfigurationError, load

try:
    _config = load()
except ConfigurationError as error:
    sys.exit(f"customers-api: {error}")

_SHARED_MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
_FOLDER_PREFIX, _FOLDER_VARIABLE = "customers-api-", "CUSTOMERS_API_FOLDER"
_FOLDER_AGE_SECONDS = 60


def _share_a_folder() -> None:
    """Have a folder that this server's processes share, before any code of ours looks for it.

    What an operator has set stays; what another server has made, whose place this one takes and
    whose environment it has, is that one's. A reload finds its own.
    """
    folder, process = _shared_folder()
    if process == os.getpid():
        return
    for name in ("WORKERS_DIR", "PROMETHEUS_MULTIPROC_DIR"):
        if folder and os.environ.get(name) == folder:
            del os.environ[name]
    _remove_abandoned_folders()
    folder = tempfile.mkdtemp(prefix=_FOLDER_PREFIX, dir=_SHARED_MEMORY)
    # Held by this process and its workers, as long as one of them is there.
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_SH)
    os.environ[_FOLDER_VARIABLE] = f"{folder}:{os.getpid()}"
    os.environ.setdefault("WORKERS_DIR", folder)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", os.environ["WORKERS_DIR"])
    atexit.register(_remove_folder)


def _shared_folder() -> tuple[str, int]:
    folder, _, process = os.environ.get(_FOLDER_VARIABLE, ":0").rpartition(":")
    return folder, int(process)


def _remove_folder() -> None:
    folder, process = _shared_folder()
    # A worker ends the same way.
    if process == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned_folders() -> None:
    """Remove the folders of servers that were killed."""
    for path in Path(_SHARED_MEMORY or tempfile.gettempdir()).glob(f"{_FOLDER_PREFIX}*"):
        with suppress(OSError):
            # One that is being made is not locked yet.
            if time.time() - path.stat().st_mtime < _FOLDER_AGE_SECONDS:
                continue
            held = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
            finally:
                os.close(held)


_share_a_folder()

# An IPv6 address needs its brackets before a port.
_host = f"[{_config.HOST}]" if ":" in _config.HOST else _config.HOST
workers = _config.WEB_CONCURRENCY
threads = _config.WEB_THREADS
bind = f"{_host}:{_config.PORT}"
loglevel = _config.LOG_LEVEL.lower()

worker_class = "customers_api.web.server.Worker"
logger_class = "customers_api.web.server.Logger"
# Loading takes a second or more, so it is done once, here, before the workers are forked.
preload_app = True

# Seconds. A kept connection costs no thread, so it may outlive a proxy's own patience.
keepalive = 75
timeout = 60
graceful_timeout = 30

# Heartbeats on a disk that stalls would get healthy workers killed.
worker_tmp_dir = _SHARED_MEMORY
# By default a socket in the home folder, shared by every instance on the machine.
control_socket_disable = True

# No client, and no proxy that hands on what a client sends, decides where the application is.
forwarder_headers = ""
# Whom to believe about the client's address and scheme, TRUSTED_PROXIES tells the application.
secure_scheme_headers: dict[str, str] = {}

# Named, or gunicorn takes another wherever that is installed: one that ends lines at a bare line
# feed and reads on after a folded one, where a proxy before it may see one header, and we two.
http_parser = "python"

limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190


def on_starting(_server: Any) -> None:
    """Keep the folder as ours where gunicorn has forked meanwhile, as with --daemon."""
    os.environ[_FOLDER_VARIABLE] = f"{_shared_folder()[0]}:{os.getpid()}"


def when_ready(server: Any) -> None:
    """Prepare the listeners, and close what the application has connected to before the forks."""
    for listener in server.LISTENERS:
        # Clients are accepted with the beginning of their request, by which probes are known.
        if listener.sock.family in (socket.AF_INET, socket.AF_INET6) and sys.platform == "linux":
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
    from customers_api.core.tokens.signing import keys_of
    from customers_api.web.addresses import Proxies
    from customers_api.web.arrivals import Limits
    from customers_api.web.body import MOST_OF_STRANGERS
    from customers_api.web.observation import Lines
    from customers_api.web.server import Worker
    from customers_api.web.signatures import Signatures

    keys = keys_of(_config.SECRET_KEY, _config.SECRET_KEY_FALLBACKS)
    Worker.limits = Limits(
        header_seconds=_config.REQUEST_HEADER_SECONDS,
        stall_seconds=_config.CLIENT_STALL_SECONDS,
        bytes_per_second=_config.CLIENT_BYTES_PER_SECOND,
        body_bytes=_config.MAX_CONTENT_LENGTH,
        stranger_bytes=MOST_OF_STRANGERS,
        know=Signatures(keys, _config.JWT_ALGORITHM).know,
    )
    Worker.proxies = Proxies(_config.TRUSTED_PROXIES)
    Worker.lines = Lines(_config) if _config.ACCESS_LOG else None
    app = server.app.wsgi()
    if "sqlalchemy" in app.extensions:
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()


def child_exit(_server: Any, worker: Any) -> None:
    """Have nobody wait for a worker to take connections that is gone."""
    worker.balance.forget(worker.age)


def _prepare() -> None:
    from flask.cli import ScriptInfo

    from wsgi import app

    try:
        app.cli.main(["prepare"], prog_name="flask", obj=ScriptInfo(create_app=lambda: app))
    except SystemExit as end:
        if end.code:
            raise


# script/server asks for `flask prepare` in this process, as loading the application twice would
# double the time to the first answer. Asked for once: a reload reads this file again, and so does a
# server that takes this one's place and finds its environment, and GUNICORN_PID in it.
if os.environ.pop("CUSTOMERS_API_PREPARE", "") == "yes" and "GUNICORN_PID" not in os.environ:
    _prepare()
