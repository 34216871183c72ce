"""How granian serves wsgi:app, which script/server runs where WEB_SERVER says so.

    .venv/bin/python granian.conf.py

The HTTP of every worker is granian's own, outside Python; see docs/decisions/0017.
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path

from config import Config, ConfigurationError, load

# Milliseconds for the head of a request, and the most bytes of one that are kept.
HEAD_MILLISECONDS = 10_000
HEAD_BYTES = 64 * 1024
GRACEFUL_SECONDS = 30


def main() -> None:
    """Prepare the database and serve until told to stop."""
    try:
        config = load()
        from granian import Granian
    except ConfigurationError as error:
        sys.exit(f"customers-api: {error}")
    except ModuleNotFoundError:
        sys.exit("customers-api: WEB_SERVER=granian needs the extra: pip install '.[granian]'")
    os.chdir(Path(__file__).resolve().parent)
    folder = _folder()
    try:
        _prepare()
        server = Granian("wsgi:app", **_options(config))
        server.serve()
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _options(config: Config) -> dict[str, object]:
    from granian.http import HTTP1Settings

    return {
        "address": config.HOST,
        "port": config.PORT,
        "interface": "wsgi",
        "workers": config.WEB_CONCURRENCY,
        "blocking_threads": config.WEB_THREADS,
        "http": "1",
        "websockets": False,
        "http1_settings": HTTP1Settings(
            header_read_timeout=HEAD_MILLISECONDS, max_buffer_size=HEAD_BYTES
        ),
        "log_level": config.LOG_LEVEL.lower(),
        "log_access": False,
        "respawn_failed_workers": True,
        "respawn_interval": 0.5,
        "workers_kill_timeout": GRACEFUL_SECONDS,
    }


def _folder() -> str | None:
    """The folder that the workers share, where it is ours to remove; see gunicorn.conf.py."""
    if "WORKERS_DIR" in os.environ:
        return None
    memory = "/dev/shm"  # noqa: S108
    parent = memory if os.access(memory, os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="customers-api-", dir=parent)
    os.environ["WORKERS_DIR"] = folder
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", folder)
    return folder


def _prepare() -> None:
    import subprocess  # nosec B404  # for a command of ours

    asked = [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"]
    done = subprocess.run(asked, check=False)  # noqa: S603  # nosec B603  # no word is given
    if done.returncode:
        sys.exit(done.returncode)


if __name__ == "__main__":
    main()
