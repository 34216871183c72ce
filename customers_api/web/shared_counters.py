"""Requests counted in memory that all workers of a server share; see docs/decisions/0015.

Every process writes to a lane of its own and reads all of them, so none ever waits for another, and
one that is killed or stopped leaves nothing locked. A lane has a table for each limit; a word
of a table is the count of one caller in one window of time: 16 bits tell the window, 24 the
caller, 24 the count. One store writes a word, so it is whole whenever its writer is killed.
"""

import fcntl
import logging
import os
import tempfile
import threading
import time
import weakref
from collections.abc import Callable
from functools import cache, partial
from hashlib import blake2b
from math import ceil
from mmap import mmap
from pathlib import Path

from customers_api.web.sliding import ALMOST, Caller, Verdict, refusal

TABLES = 3
BUCKETS, WAYS = 1024, 8
TABLE = BUCKETS * WAYS
LANE = TABLES * TABLE
WORD, HEADER = 8, 512
COUNT_BITS, WINDOW_SHIFT = 24, 48
COUNT, WINDOW = (1 << COUNT_BITS) - 1, (1 << 16) - 1
# Callers whose places a process keeps in mind; the counts themselves are in the shared memory.
MOST_KNOWN = 10_000

log = logging.getLogger(__name__)


def memory(folder: str, *, lanes: int) -> "Memory":
    """The memory that the processes which know this folder share; without one, those forked."""
    return _in_folder(folder, lanes) if folder else Memory(None, lanes=lanes)


@cache
def _in_folder(folder: str, lanes: int) -> "Memory":
    # Once in a process: closing a file anywhere gives up its locks.
    return Memory(Path(folder), lanes=lanes)


class Memory:
    """A file that is mapped by every worker: in a folder that they know, or inherited by forks."""

    def __init__(self, folder: Path | None, *, lanes: int) -> None:
        """Room for `lanes` processes; further ones count by themselves."""
        self._lanes = lanes
        self._file = _opened(folder, lanes)
        size = (HEADER + lanes * LANE) * WORD
        if os.fstat(self._file).st_size < size:
            os.ftruncate(self._file, size)
            _reserve(self._file, 0, HEADER * WORD)
        self._shared = self.words = memoryview(mmap(self._file, size)).cast("Q")
        self.lock = threading.Lock()
        self.lane = -1
        weakref.finalize(self, os.close, self._file)
        forget = partial(_forget, weakref.ref(self))
        os.register_at_fork(after_in_child=forget)

    def claim(self) -> int:
        """The lane of this process: one that no living process has, or one that nobody shares.

        What a dead process has counted in it stays, and so does its limit.
        """
        for lane in range(self._lanes):
            try:
                # Released by the kernel when this process ends, however it ends; not inherited.
                fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, lane)
            except (BlockingIOError, PermissionError):
                continue
            try:
                _reserve(self._file, (HEADER + lane * LANE) * WORD, LANE * WORD)
            except OSError:
                # Memory that cannot be had would end the process at its first use.
                break
            self.lane = lane
            return lane
        log.warning("This process counts requests by itself: no place to share them is left")
        self.words = memoryview(bytearray((HEADER + LANE) * WORD)).cast("Q")
        self.lane = 0
        return 0

    def forget(self) -> None:
        """Begin anew in a process that was forked."""
        self.words = self._shared
        self.lock = threading.Lock()
        self.lane = -1


class SharedCounters:
    """The requests of each caller against one limit: so many, in a window that slides."""

    def __init__(
        self,
        memory: Memory,
        table: int,
        rate: tuple[int, int],
        *,
        secret: bytes,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`rate` is the number of requests, and the seconds of the window."""
        self._memory = memory
        self._base = HEADER + table * TABLE
        self._rate = rate
        self._most, self._seconds = rate
        self._secret = blake2b(secret, digest_size=32).digest()
        self._clock = clock
        self._known: dict[Caller, tuple[int, int, int, int]] = {}

    def hit(self, caller: Caller) -> Verdict:
        """Count a request of this caller, unless it is one too many."""
        memory = self._memory
        with memory.lock:
            window, passed = divmod(self._clock(), self._seconds)
            known = self._known.get(caller)
            if known is None or known[0] != window or memory.lane < 0:
                known = self._enter(caller, int(window))
            _, tag, offset, before = known
            words, own = memory.words, memory.lane
            mine = words[own * LANE + offset]
            if mine >> COUNT_BITS != tag:
                # Its place was needed for somebody who calls more.
                _, tag, offset, before = self._enter(caller, int(window))
                mine = words[own * LANE + offset]
            # A racing process may have written a smaller number.
            used = words[0]
            if used <= own:
                words[0] = used = own + 1
            count = mine & COUNT
            for lane in range(used):
                if lane != own:
                    word = words[lane * LANE + offset]
                    if word >> COUNT_BITS != tag:
                        word = _found(words, lane * LANE + offset, tag)
                    count += word & COUNT
            left = self._most - 1 - count - before * (1 - passed / self._seconds)
            if left >= ALMOST:
                words[own * LANE + offset] = mine + 1
                return int(left), ceil(self._seconds - passed)
        return refusal(self._rate, before, count, passed)

    def _enter(self, caller: Caller, window: int) -> tuple[int, int, int, int]:
        """Where this caller is counted in this window, and what all have counted in the last."""
        memory = self._memory
        own = memory.lane if memory.lane >= 0 else memory.claim()
        digest = blake2b(repr(caller).encode(), digest_size=8, key=self._secret).digest()
        number = int.from_bytes(digest)
        bucket = self._base + number % BUCKETS * WAYS
        who = number >> 40
        last, tag = (((each & WINDOW) << COUNT_BITS) | who for each in (window - 1, window))
        words = memory.words
        lanes = range(max(words[0], own + 1))
        before = sum(_found(words, lane * LANE + bucket, last) & COUNT for lane in lanes)
        offset = self._place(own * LANE + bucket, tag, window) - own * LANE
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        known = self._known[caller] = (window, tag, offset, before)
        return known

    def _place(self, bucket: int, tag: int, window: int) -> int:
        """The place of this tag in a bucket of our lane; taken from who needs it least."""
        words = self._memory.words
        places = range(bucket, bucket + WAYS)
        for place in places:
            if words[place] >> COUNT_BITS == tag:
                return place
        for place in places:
            age = (window - (words[place] >> WINDOW_SHIFT)) & WINDOW
            if age > 1 or not words[place]:
                break
        else:
            place = min(places, key=lambda each: words[each] & COUNT)
        words[place] = tag << COUNT_BITS
        return place


def _found(words: memoryview, place: int, tag: int) -> int:
    """The word with this tag among those of the bucket in which `place` is, or 0."""
    start = HEADER + (place - HEADER) // WAYS * WAYS
    for word in words[start : start + WAYS].tolist():
        if word >> COUNT_BITS == tag:
            return int(word)
    return 0


def _opened(folder: Path | None, lanes: int) -> int:
    if folder is None and hasattr(os, "memfd_create"):
        return os.memfd_create("requests")
    if folder is None:
        with tempfile.TemporaryFile() as file:
            return os.dup(file.fileno())
    # Its form is in its name, so that servers of two releases do not misread each other.
    path = folder / f"requests-1-{lanes}"
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _reserve(file: int, start: int, length: int) -> None:
    """Have these bytes, or raise OSError now; macOS cannot be asked."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, start, length)


def _forget(reference: "weakref.ref[Memory]") -> None:
    memory = reference()
    if memory is not None:
        memory.forget()
