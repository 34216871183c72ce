"""Events as the core writes them: with what they tell of, by whoever acts, one or many."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from customers_api.core import acting, database
from customers_api.core.actor import Actor, Role
from customers_api.core.customers import service as customers
from customers_api.core.events import changes as changing
from customers_api.core.events import queries, service
from customers_api.core.events.changes import Change
from customers_api.core.events.kinds import Kind
from customers_api.core.events.model import EVENTS
from customers_api.core.events.queries import Event
from customers_api.core.events.service import Entry
from customers_api.core.paging import Slice
from tests.contracts.main.calls import person

NADIA = Actor("operator", "nadia", Role.EDITOR, token_id=7, operator_id=3)


@pytest.fixture(autouse=True)
def context(app: Flask) -> Iterator[None]:
    """The application, at work."""
    with app.app_context():
        yield


def told(**filters: Any) -> list[Event]:
    return list(queries.page(filters, Slice(1000)))


def record(*entries: Entry, kind: Kind = Kind.GROUP_CHANGED) -> None:
    database.in_unit_of_work(lambda: service.record(kind, entries))


def test_an_event_is_undone_with_its_unit_of_work() -> None:
    with pytest.raises(ValueError, match="because"), database.unit_of_work():  # noqa: PT012
        customers.create(person(), ("id",))
        raise ValueError("because")
    assert told() == []


def test_an_event_needs_a_unit_of_work() -> None:
    for entries in ([Entry(1)], [Entry(1), Entry(2)]):
        with pytest.raises(RuntimeError, match="unit of work"):
            service.record(Kind.GROUP_CHANGED, entries)


def test_without_being_told_it_is_the_command_line() -> None:
    record(Entry(1))
    [event] = told()
    assert (event.actor_kind, event.actor_name) == ("command line", "flask")
    assert (event.request_id, event.token_id, event.operator_id) == (None, None, None)


def test_whoever_acts_is_told_and_nobody_after_them() -> None:
    with acting.acting(NADIA, "r1"):
        record(Entry(1))
        record(Entry(2), Entry(3))
    with acting.acting(None, "r2"):
        record(Entry(4))
    record(Entry(5))
    assert [(e.subject_id, e.actor_name, e.request_id, e.operator_id) for e in told()] == [
        (5, "flask", None, None),
        (4, "", "r2", None),
        (3, "nadia", "r1", 3),
        (2, "nadia", "r1", 3),
        (1, "nadia", "r1", 3),
    ]


def test_two_threads_act_for_themselves(app: Flask) -> None:
    both = threading.Barrier(2, timeout=10)

    def act(name: str) -> None:
        with app.app_context(), acting.acting(Actor("service", name, Role.ADMIN), name):
            both.wait()
            record(Entry(1))

    threads = [threading.Thread(target=act, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(event.actor_name, event.request_id) for event in told()} == {("a", "a"), ("b", "b")}


def test_none_to_tell_of_writes_nothing() -> None:
    record()
    assert told() == []


@pytest.mark.parametrize("count", [1, 3])
def test_one_and_many_are_kept_alike(count: int) -> None:
    changes = [Change("name", "a", "ü"), Change("n", 1, None), Change("list", ["x"], [1, {"y": 2}])]
    record(*[Entry(n, changes, f"CUST_{n}") for n in range(1, count + 1)])
    found = told()
    assert [event.subject_id for event in found] == [*range(count, 0, -1)]
    for event in found:
        assert [(c.field, bytes(c.old), bytes(c.new)) for c in event.changes] == [
            ("name", b'"a"', '"ü"'.encode()),
            ("n", b"1", b"null"),
            ("list", b'["x"]', b'[1,{"y":2}]'),
        ]
        assert (event.customer_id, event.subject_type) == (f"CUST_{event.subject_id}", "group")


def test_what_only_looks_the_same_is_a_change() -> None:
    assert changing.between({"a": 1, "b": 0, "c": None}, {"a": True, "b": 0, "c": ""}) == [
        Change("a", 1, True),
        Change("c", None, ""),
    ]


def test_seeding_is_told_once_a_transaction(app: Flask) -> None:
    for wanted in (30, 6000):
        app.test_cli_runner().invoke(args=["seed", "--customers", str(wanted)])
    found = told(kind="customers.seeded")
    assert [{each.field: int(bytes(each.new)) for each in event.changes} for event in found] == [
        {"count": 6000, "first_id": 31, "last_id": 6030},
        {"count": 30, "first_id": 1, "last_id": 30},
    ]
    assert {(e.subject_type, e.subject_id) for e in found} == {("customers", None)}
    assert told(subject_type="customer") == []


def test_samples_have_events_of_their_own(app: Flask) -> None:
    app.test_cli_runner().invoke(args=["seed"])
    assert len(told(kind="customer.created", actor="flask")) == 10


def test_the_names_of_fields_hold_no_comma() -> None:
    record(Entry(1, changing.given({"a": 1, "b": 2})))
    assert database.rows(select(EVENTS.c.fields))[0][0] == "a,b"
