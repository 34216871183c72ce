"""Whose request is answered next, when there are more than threads: callers take turns.

So whoever asks for much waits for it, and others hardly notice; nobody is refused. It is the fair
queuing of network switches (Nagle, RFC 970), as Kubernetes' API servers have it, too.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)

# Whoever sends what is large; no name of a caller is empty.
LARGE = b""
# Of whom nothing is known, not even an address.
UNKNOWN = b"-"
_FIELD = b"\r\nauthorization:"


class Turns(Generic[Item]):
    """Items on their way to so many threads, each one's callers in turn.

    One caller never has all threads, unless there is but one, so the next one need not wait until
    something long has ended. What is large, and keeps everybody from working while it is read, has
    half of them, whoever sends it.
    """

    def __init__(self, threads: int) -> None:
        self._free = threads
        self._most = max(1, threads - 1)
        self._most_large = max(1, threads // 2)
        self._at_work: dict[Item, bytes] = {}
        self._busy: Counter[bytes] = Counter()
        # By caller, in the order of their turns; none is empty.
        self._waiting: OrderedDict[bytes, deque[Item]] = OrderedDict()

    def add(self, item: Item, caller: bytes) -> None:
        """Have an item of this caller wait for its turn."""
        items = self._waiting.get(caller)
        if items is None:
            items = self._waiting[caller] = deque()
        items.append(item)

    def next(self) -> Item | None:
        """The item whose turn it is, which now has a thread, or None."""
        if not self._free:
            return None
        for caller, items in self._waiting.items():
            most = self._most if caller else self._most_large
            if self._busy[caller] < most:
                return self._begin(caller, items)
        return None

    def done(self, item: Item) -> None:
        """Take back the thread of an item; one that has had no turn has none."""
        caller = self._at_work.pop(item, None)
        if caller is None:
            return
        self._free += 1
        self._busy[caller] -= 1
        if not self._busy[caller]:
            del self._busy[caller]

    def _begin(self, caller: bytes, items: deque[Item]) -> Item:
        item = items.popleft()
        if items:
            self._waiting.move_to_end(caller)
        else:
            del self._waiting[caller]
        self._free -= 1
        self._busy[caller] += 1
        self._at_work[item] = caller
        return item


def caller_of(head: bytes, address: str) -> bytes:
    """Who asks, as far as the head of a request tells: by its token, or else by the address."""
    begin = head.lower().find(_FIELD)
    if begin < 0:
        return address.encode() or UNKNOWN
    begin += len(_FIELD)
    return head[begin : head.find(b"\r\n", begin)].strip() or UNKNOWN
