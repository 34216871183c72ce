"""How gunicorn serves wsgi:app; found by its name, so a bare `gunicorn wsgi:app` has it too."""

import os
import socket
import sys
from pathlib import Path
from typing import Any

# `gunicorn` the command, unlike `python -m gunicorn`, has not put the checkout on the path yet.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from config import ConfigurationError, load

try:
    _config = load()
except ConfigurationError as error:
    sys.exit(f"customers-api: {error}")

# An IPv6 address needs its brackets before a port.
_host = f"[{_config.HOST}]" if ":" in _config.HOST else _config.HOST
workers = _config.WEB_CONCURRENCY
threads = _config.WEB_THREADS
bind = f"{_host}:{_config.PORT}"
loglevel = _config.LOG_LEVEL.lower()

worker_class = "customers_api.web.server.Worker"
# Loading takes a second or more, so it is done once, here, before the workers are forked.
preload_app = True

# Seconds. A kept connection costs no thread, so it may outlive a proxy's own patience.
keepalive = 75
timeout = 60
graceful_timeout = 30

# Heartbeats on a disk that stalls would get healthy workers killed.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
# By default a socket in the home folder, shared by every instance on the machine.
control_socket_disable = True

# No client, and no proxy that hands on what a client sends, decides where the application is.
forwarder_headers = ""

# Named, or gunicorn takes another wherever that is installed: one that ends lines at a bare line
# feed and reads on after a folded one, where a proxy before it may see one header, and we two.
http_parser = "python"

limit_request_line = 8190
limit_request_fields = 64
limit_request_field_size = 8190


def when_ready(server: Any) -> None:
    """Prepare the listeners, and close what the application has connected to before the forks."""
    for listener in server.LISTENERS:
        # Clients are accepted with the beginning of their request, by which probes are known.
        if listener.sock.family in (socket.AF_INET, socket.AF_INET6) and sys.platform == "linux":
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
    app = server.app.wsgi()
    if "sqlalchemy" in app.extensions:
        with app.app_context():
            for engine in app.extensions["sqlalchemy"].engines.values():
                engine.dispose()


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
