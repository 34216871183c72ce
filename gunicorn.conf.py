"""How gunicorn serves wsgi:app; found by its name, so a bare `gunicorn wsgi:app` has it too."""

import os
import socket
import sys
from pathlib import Path
from typing import Any

# `gunicorn` the command, unlike `python -m gunicorn`, has not put the checkout on the path yet.
sys.path.insert(0, str(Path(__file__).resolve().parent))

import shared_folder
import worker_cpus
from config import ConfigurationError, load

try:
    _config = load()
except ConfigurationError as error:
    sys.exit(f"customers-api: {error}")

shared_folder.share()
_seats = worker_cpus.Seats(_config.WEB_CONCURRENCY, wanted=_config.WEB_CPU_AFFINITY)

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
worker_tmp_dir = shared_folder.MEMORY
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
    shared_folder.keep()


def when_ready(server: Any) -> None:
    """Prepare the listeners, and close what the application has connected to before the forks."""
    for listener in server.LISTENERS:
        # Clients are accepted with the beginning of their request, by which probes are known.
        if listener.sock.family in (socket.AF_INET, socket.AF_INET6) and sys.platform == "linux":
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
    from customers_api.core.engine import disconnect
    from customers_api.core.tokens.signing import keys_of
    from customers_api.extensions import db
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
            disconnect(db)


def pre_fork(_server: Any, worker: Any) -> None:
    """Give a worker its processor, in the process that knows what all have."""
    _seats.give(worker.age)


def post_fork(_server: Any, worker: Any) -> None:
    """Keep the worker there."""
    worker_cpus.stay_on(_seats.give(worker.age))


def child_exit(_server: Any, worker: Any) -> None:
    """Have nobody wait for a worker to take connections that is gone, nor its processor kept."""
    worker.balance.forget(worker.age)
    _seats.take_back(worker.age)


def _prepare() -> None:
    from customers_api.cli.prepare import prepare_here
    from wsgi import app

    prepare_here(app)


# script/server asks for `flask prepare` in this process, as loading the application twice would
# double the time to the first answer. Asked for once: a reload reads this file again, and so does a
# server that takes this one's place and finds its environment, and GUNICORN_PID in it.
if os.environ.pop("CUSTOMERS_API_PREPARE", "") == "yes" and "GUNICORN_PID" not in os.environ:
    _prepare()
