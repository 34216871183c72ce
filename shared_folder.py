"""The folder that the processes of one server share, made and removed with the server.

gunicorn.conf.py and granian.conf.py ask for it before any code of ours looks for it, so it is no
part of customers_api, and imports nothing of it.
"""

import atexit
import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
_PREFIX, _VARIABLE = "customers-api-", "CUSTOMERS_API_FOLDER"
_AGE_SECONDS = 60


def share() -> None:
    """Have a folder, and name it in the environment.

    What an operator has set stays; what another server has made, whose place this one takes and
    whose environment it has, is that one's. A reload finds its own.
    """
    folder, process = _shared()
    if process == os.getpid():
        return
    for name in ("WORKERS_DIR", "PROMETHEUS_MULTIPROC_DIR"):
        if folder and os.environ.get(name) == folder:
            del os.environ[name]
    _remove_abandoned()
    folder = tempfile.mkdtemp(prefix=_PREFIX, dir=MEMORY)
    # Held by this process and its workers, as long as one of them is there.
    fcntl.flock(os.open(folder, os.O_RDONLY), fcntl.LOCK_SH)
    os.environ[_VARIABLE] = f"{folder}:{os.getpid()}"
    os.environ.setdefault("WORKERS_DIR", folder)
    os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", os.environ["WORKERS_DIR"])
    atexit.register(_remove)


def keep() -> None:
    """Keep the folder as this process's, where that was forked from the one that has made it."""
    os.environ[_VARIABLE] = f"{_shared()[0]}:{os.getpid()}"


def _shared() -> tuple[str, int]:
    folder, _, process = os.environ.get(_VARIABLE, ":0").rpartition(":")
    return folder, int(process)


def _remove() -> None:
    folder, process = _shared()
    # A worker ends the same way.
    if process == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned() -> None:
    """Remove the folders of servers that were killed."""
    for path in Path(MEMORY or tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            # One that is being made is not locked yet.
            if time.time() - path.stat().st_mtime < _AGE_SECONDS:
                continue
            held = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
            finally:
                os.close(held)
