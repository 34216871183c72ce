"""Who is at work on a key, where SQLite is the database: told by locks that a crash releases.

On SQLite a second writer waits for the first, so a transaction cannot tell that one is under way.
Locks of a file's bytes can: the kernel takes them back when their process ends, however it ends.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# A process has all locks of a file or none, and loses them when it closes the file anywhere: so a
# file is opened once, and the threads of one process are told apart here.
_files: dict[str, int] = {}
_taken: set[tuple[str, int]] = set()
_changing = threading.Lock()


@contextmanager
def claimed(path: str, place: int) -> Iterator[bool]:
    """Hold this byte of the file for a while; gives False where somebody else has it."""
    if not _take(path, place):
        yield False
        return
    try:
        yield True
    finally:
        _release(path, place)


def _take(path: str, place: int) -> bool:
    with _changing:
        if (path, place) in _taken:
            return False
        if path not in _files:
            _files[path] = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(_files[path], fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):
            return False
        _taken.add((path, place))
        return True


def _release(path: str, place: int) -> None:
    with _changing:
        _taken.discard((path, place))
        fcntl.lockf(_files[path], fcntl.LOCK_UN, 1, place)
