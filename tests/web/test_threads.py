"""The threads that answer requests."""

import threading

import pytest

from customers_api.web.threads import Answered, Threads
from customers_api.web.turns import Kind

CALLER = (Kind.PLAIN, b"somebody")
PATIENCE_SECONDS = 10


def test_a_thread_goes_on_when_nobody_could_be_told_what_became_of_a_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[int | None] = []
    all_told = threading.Event()

    def finish(item: int, answered: Answered[int]) -> None:
        if item == 0:
            raise KeyError(item)
        told.append(answered.result())
        if item == 2:
            all_told.set()

    threads = Threads[int, int](1, lambda item: 10 * item, finish)
    for item in range(3):
        threads.add(item, CALLER)
    assert all_told.wait(PATIENCE_SECONDS)
    threads.shutdown()
    assert told == [10, 20]
    assert "handed on" in caplog.text
