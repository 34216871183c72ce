"""Callers take turns where there are more requests than threads."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers_api.web.turns import Caller, Kind, Turns, caller_of


def taken(turns: Turns[str]) -> Iterator[str]:
    """The items that get a thread now, in their order."""
    return iter(turns.next, None)


def waiting(threads: int, *items: str) -> Turns[str]:
    """Items that nobody has begun, each of the caller that is its first letter."""
    turns: Turns[str] = Turns(threads)
    for item in items:
        turns.add(item, known(item))
    return turns


def known(item: str) -> Caller:
    return Kind.PLAIN, item[:1].encode()


def test_who_asks_for_much_leaves_a_thread_to_others() -> None:
    turns = waiting(4, "a1", "a2", "a3", "a4", "a5")
    assert [*taken(turns)] == ["a1", "a2", "a3"]
    turns.add("b1", known("b"))
    assert [*taken(turns)] == ["b1"]


def test_callers_take_turns() -> None:
    turns = waiting(1, "a1", "a2", "a3", "b1", "c1", "b2")
    order = []
    while item := turns.next():
        order.append(item)
        turns.done(item)
    assert order == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_the_only_thread_is_everybodys() -> None:
    assert [*taken(waiting(1, "a1", "a2"))] == ["a1"]


def test_those_who_sign_in_have_half_of_the_threads_whoever_they_are() -> None:
    turns = waiting(4)
    for address in (b"1", b"2", b"3"):
        turns.add(f"from {address!r}", (Kind.SIGN_IN, address))
    assert len([*taken(turns)]) == 2
    turns.add("a1", known("a"))
    assert [*taken(turns)] == ["a1"]


def test_what_is_large_is_read_one_by_one_whoever_sends_it() -> None:
    turns = waiting(4, "a1")
    for item in ("1", "2", "3"):
        turns.add(f"large {item}", (Kind.LARGE, item.encode()))
    assert [*taken(turns)] == ["a1", "large 1"]
    turns.done("large 1")
    assert [*taken(turns)] == ["large 2"]


def test_those_who_sign_in_and_all_others_take_turns() -> None:
    turns = waiting(1, "a1", "b1", "a2")
    for item in ("s1", "s2"):
        turns.add(item, (Kind.SIGN_IN, b"address"))
    order = []
    while item := turns.next():
        order.append(item)
        turns.done(item)
    assert order == ["a1", "s1", "b1", "s2", "a2"]


def test_what_never_had_a_turn_gives_no_thread_back() -> None:
    turns = waiting(2, "a1", "b1", "c1")
    assert [*taken(turns)] == ["a1", "b1"]
    turns.done("a probe")
    assert turns.next() is None


@given(
    st.integers(min_value=1, max_value=5),
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(min_value=0, max_value=3)), max_size=40),
)
def test_everybody_gets_a_turn_and_no_more_than_there_are_threads(
    threads: int, steps: list[tuple[str, int]]
) -> None:
    turns: Turns[str] = Turns(threads)
    added, at_work, seen = [], [], []
    for number, (caller, ended) in enumerate(steps):
        added.append(f"{caller}{number}")
        turns.add(added[-1], known(caller))
        begun = [*taken(turns)]
        seen += begun
        at_work += begun
        assert len(at_work) <= threads
        for item in at_work[:ended]:
            turns.done(item)
        del at_work[:ended]
    while at_work or (at_work := [*taken(turns)]):
        seen += [item for item in at_work if item not in seen]
        turns.done(at_work.pop())
    assert sorted(seen) == sorted(added)


TOKEN = b"Host: x\r\nauthorization:  Bearer a.b \r\n\r\n"


@pytest.mark.parametrize(
    ("head", "caller"),
    [
        (b"GET / HTTP/1.1\r\n" + TOKEN, (Kind.PLAIN, b"Bearer a.b")),
        (b"GET / HTTP/1.1\r\nHost: x\r\nAUTHORIZATION:z\r\n\r\n", (Kind.PLAIN, b"z")),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", (Kind.PLAIN, b"192.0.2.1")),
        (b"POST /api/customers HTTP/1.1\r\n" + TOKEN, (Kind.PLAIN, b"Bearer a.b")),
        # A token of no use, to be taken for somebody who has one.
        (b"POST /api/auth/login HTTP/1.1\r\n" + TOKEN, (Kind.SIGN_IN, b"192.0.2.1")),
        (b"POST /api/%61uth/login HTTP/1.1\r\n" + TOKEN, (Kind.SIGN_IN, b"192.0.2.1")),
    ],
)
def test_a_caller_is_known_by_the_token_or_else_by_the_address(head: bytes, caller: Caller) -> None:
    assert caller_of(head, "192.0.2.1") == caller
