"""A window that slides: this window's requests, and of the last one's the part still inside."""

from math import ceil
from typing import Protocol

Caller = int | str
Rate = tuple[int, int]
# How many more requests there may be, -1 where this one is too many; seconds until there are more.
Verdict = tuple[int, int]
# Nothing, but for what floating point loses; a refusal tells whole seconds that must hold.
ALMOST = -1e-6


class Counters(Protocol):
    """Where the requests against one limit are counted."""

    def hit(self, caller: Caller) -> Verdict:
        """Count a request of this caller, unless it is one too many."""


def verdict(rate: Rate, before: int, count: int, passed: float) -> Verdict:
    """What to say of a request that follows `before` and `count` in the two windows."""
    most, seconds = rate
    left = most - 1 - count - before * (1 - passed / seconds)
    if left >= ALMOST:
        return int(left), ceil(seconds - passed)
    return refusal(rate, before, count, passed)


def refusal(rate: Rate, before: int, count: int, passed: float) -> Verdict:
    """What to say of one that is too many."""
    most, seconds = rate
    if count < most:
        # Room for one more comes with what slides out of the last window.
        wait = seconds * (1 - (most - 1 - count) / before) - passed
    else:
        wait = seconds - passed + seconds * (1 - (most - 1) / count)
    return -1, max(1, ceil(wait))
