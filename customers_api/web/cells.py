"""Numbers that all processes of a server add up, changed at the price of a few instructions.

They take the place of prometheus_client's own values, in the form of its files, which its collector
reads. Several of them change under one lock, where each of its own takes one and packs two doubles.
"""

import os
from array import array
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from prometheus_client.mmap_dict import MmapedDict, mmap_key

from customers_api.web.slots import Slots

DOUBLE_BYTES = 8


class Memory:
    """Numbers of this process alone."""

    def __init__(self) -> None:
        self.numbers: Any = array("d")

    def place(self, _key: str) -> int:
        """Where a number of this key is kept."""
        self.numbers.append(0.0)
        return len(self.numbers) - 1

    def close(self) -> None:
        """Nothing is open."""


class Mapped:
    """Numbers in a file, which others read and which outlive this process."""

    def __init__(self, path: Path) -> None:
        self._file = MmapedDict(str(path))  # type: ignore[no-untyped-call]
        self._map = self._file._m
        self.numbers: Any = memoryview(self._map).cast("d")

    def place(self, key: str) -> int:
        """Where the number of this key is kept."""
        self._file.read_value(key)  # type: ignore[no-untyped-call]
        # A file that grew is mapped anew; what the old map shows stays true.
        if self._file._m is not self._map:
            self._map = self._file._m
            self.numbers = memoryview(self._map).cast("d")
        return int(self._file._positions[key]) // DOUBLE_BYTES

    def close(self) -> None:
        """Let go of the file."""
        self.numbers = None
        self._file.close()  # type: ignore[no-untyped-call]


class Cells:
    """All numbers of this process, in files named by its slot where there are `slots`."""

    def __init__(self, folder: Path | None) -> None:
        self.slots = Slots(folder) if folder else None
        self.lock = Lock()
        self.files: dict[str, Mapped | Memory] = {}
        self.all: list[Cell] = []
        self._folder = folder
        os.register_at_fork(after_in_child=self._begin_anew)

    def file(self, kind: str) -> Mapped | Memory:
        """The file of the numbers of this kind."""
        if kind not in self.files:
            self.files[kind] = (
                Mapped(self._folder / f"{kind}_{self.slots.mine()}.db")
                if self._folder and self.slots
                else Memory()
            )
        return self.files[kind]

    def add(self, changes: Iterable[tuple["Cell", float]]) -> None:
        """Add to several numbers at once."""
        with self.lock:
            for cell, amount in changes:
                cell.file.numbers[cell.index] += amount

    def _begin_anew(self) -> None:
        self.lock = Lock()
        if self.slots is None:
            return
        # The files are the parent's, which counts on.
        for file in self.files.values():
            file.close()
        self.files.clear()
        for cell in self.all:
            cell.place()


cells = Cells(
    Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    else None
)


class Cell:
    """One number, as prometheus_client asks for it."""

    _multiprocess = True

    def __init__(  # noqa: PLR0913, PLR0917  as prometheus_client calls it
        self,
        kind: str,
        metric: str,
        name: str,
        label_names: Sequence[str],
        label_values: Sequence[str],
        help_text: str,
        multiprocess_mode: str = "",
        **_: Any,
    ) -> None:
        self._kind = f"{kind}_{multiprocess_mode}" if kind == "gauge" else kind
        self._key = mmap_key(metric, name, [*label_names], [*label_values], help_text)
        with cells.lock:
            self.place()
            cells.all.append(self)

    def place(self) -> None:
        """Find where it is kept; asked for again in a process that was forked."""
        self.file = cells.file(self._kind)
        self.index = self.file.place(self._key)

    def inc(self, amount: float) -> None:
        """Add to it."""
        with cells.lock:
            self.file.numbers[self.index] += amount

    def set(self, value: float, timestamp: float | None = None) -> None:
        """Change it."""
        with cells.lock:
            self.file.numbers[self.index] = value

    def get(self) -> float:
        """What it is."""
        return float(self.file.numbers[self.index])

    def get_exemplar(self) -> None:
        """Exemplars are not kept."""
