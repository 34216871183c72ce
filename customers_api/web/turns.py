"""Whose request is answered next, when there are more than threads: callers take turns.

So whoever asks for much waits for it, and others hardly notice; nobody is refused. It is the fair
queuing of network switches (Nagle, RFC 970), as Kubernetes' API servers have it, too.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Hashable
from enum import IntEnum
from typing import Generic, TypeVar

Item = TypeVar("Item", bound=Hashable)

_FIELD = b"\r\nauthorization:"


class Kind(IntEnum):
    """What is known of a request before anybody has read it."""

    # Whoever asks; whether a token is worth nothing is found out in no time.
    PLAIN = 0
    # Has a password hashed, which takes as long as a hundred reads.
    SIGN_IN = 1
    # Nobody else in the process works while it is taken apart.
    LARGE = 2


# A name is the token, or the address of who signs in or brings none.
Caller = tuple[Kind, bytes]


class Turns(Generic[Item]):
    """Items on their way to so many threads, each one's callers in turn.

    One caller never has all threads, unless there is but one, so the next one need not wait until
    something long has ended. All who sign in have half of them together, and what is large has one.
    """

    def __init__(self, threads: int) -> None:
        self._free = threads
        self._most_of_one = max(1, threads - 1)
        self._most = (threads, max(1, threads // 2), 1)
        self._at_work: dict[Item, Caller] = {}
        self._busy: Counter[Caller] = Counter()
        self._busy_of = [0 for _ in Kind]
        # By kind and by caller, each in the order of their turns; no caller has none waiting.
        self._kinds = deque(Kind)
        self._waiting: tuple[OrderedDict[Caller, deque[Item]], ...]
        self._waiting = tuple(OrderedDict() for _ in Kind)

    def add(self, item: Item, caller: Caller) -> None:
        """Have an item of this caller wait for its turn."""
        waiting = self._waiting[caller[0]]
        items = waiting.get(caller)
        if items is None:
            items = waiting[caller] = deque()
        items.append(item)

    def next(self) -> Item | None:
        """The item whose turn it is, which now has a thread, or None."""
        if not self._free:
            return None
        for kind in self._kinds:
            if not self._waiting[kind] or self._busy_of[kind] >= self._most[kind]:
                continue
            for caller in self._waiting[kind]:
                if self._busy[caller] < self._most_of_one:
                    return self._begin(caller)
        return None

    def done(self, item: Item) -> None:
        """Take back the thread of an item; one that has had no turn has none."""
        caller = self._at_work.pop(item, None)
        if caller is None:
            return
        self._free += 1
        self._busy_of[caller[0]] -= 1
        self._busy[caller] -= 1
        if not self._busy[caller]:
            del self._busy[caller]

    def _begin(self, caller: Caller) -> Item:
        kind = caller[0]
        waiting = self._waiting[kind]
        item = waiting[caller].popleft()
        if waiting[caller]:
            waiting.move_to_end(caller)
        else:
            del waiting[caller]
        if self._kinds[-1] is not kind:
            self._kinds.remove(kind)
            self._kinds.append(kind)
        self._free -= 1
        self._busy_of[kind] += 1
        self._busy[caller] += 1
        self._at_work[item] = caller
        return item


def caller_of(head: bytes, address: str) -> Caller:
    """Who asks, as far as the head of a request tells: by its token, or else by the address."""
    if _may_sign_in(head):
        return Kind.SIGN_IN, address.encode()
    token = token_in(head)
    return Kind.PLAIN, address.encode() if token is None else token


def token_in(head: bytes) -> bytes | None:
    """What the head of a request says in Authorization, or None where it has none."""
    begin = head.lower().find(_FIELD)
    if begin < 0:
        return None
    begin += len(_FIELD)
    return head[begin : head.find(b"\r\n", begin)].strip()


def _may_sign_in(head: bytes) -> bool:
    """Whether a request may be one to sign in, however its path is spelled."""
    if not head.startswith(b"POST "):
        return False
    line = head[: head.find(b"\r\n")]
    return b"/auth/" in line or b"%" in line
