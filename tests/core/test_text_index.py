"""New customers' texts wait for PostgreSQL's index, and are found all the while."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Thread
from threading import enumerate as enumerate_threads
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, make_url, text

from customers_api.core import database
from customers_api.core.customers import text_index
from customers_api.core.customers.text_index import Mover, move
from customers_api.extensions import db
from tests.contracts.main.calls import created, created_list, person
from tests.support.api import Api

pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True, scope="session")
PATIENCE_SECONDS = 20


@pytest.fixture
def context(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


@pytest.fixture(autouse=True)
def nobody_else_moves() -> None:
    """No thread of another test's is at it, or would be in two seconds."""
    assert eventually(lambda: text_index.THREAD not in {each.name for each in enumerate_threads()})


def waiting() -> int:
    return int(database.rows(text("SELECT count(*) FROM customer_search_waiting"))[0][0])


def indexed() -> int:
    return int(database.rows(text("SELECT count(*) FROM customer_search"))[0][0])


def move_once(*, leave: int) -> float | None:
    with db.engine.connect() as connection:
        return move(connection, leave=leave)


def total(api: Api, query: str) -> int:
    answer = api.post("/api/customers/search", {"query": query})
    return int(answer.get_json()["total"])


def eventually(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    return is_so()


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("moved", [False, True])
def test_whoever_is_new_is_found_before_and_after_the_move(editor: Api, moved: bool) -> None:
    ann, _ = created_list(editor, person(1, company_name="Zebra Works"), person(2))
    assert (waiting(), indexed()) == (2, 0)
    if moved:
        assert move_once(leave=0)
        assert (waiting(), indexed()) == (0, 2)
    assert total(editor, "zebra") == 1
    editor.patch(f"/api/customers/{ann['id']}", {"company_name": "Yak Works"})
    assert (total(editor, "zebra"), total(editor, "yak"), total(editor, "ya")) == (0, 1, 1)
    editor.delete(f"/api/v1/customers/{ann['customer_id']}")
    assert total(editor, "yak") == 1


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("moved", [False, True])
def test_whoever_is_removed_leaves_no_text(admin: Api, moved: bool) -> None:
    ann = created(admin, **person(1))
    if moved:
        move_once(leave=0)
    admin.delete(f"/api/customers/{ann['id']}")
    assert (waiting(), indexed()) == (0, 0)


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_change_in_the_middle_of_the_move_is_not_lost(admin: Api, method: str) -> None:
    ann = created(admin, **person(1, company_name="Zebra Works"))
    path = f"/api/customers/{ann['id']}"
    body = {"company_name": "Yak Works"} if method == "PATCH" else None
    own = admin.with_token(admin.token)
    with ThreadPoolExecutor(1) as pool, db.engine.connect() as mover:
        mover.execution_options(**database.WRITES["postgresql"])
        with mover.begin():
            mover.execute(text_index.MOVE, {"batch": 10})
            changing = pool.submit(own, method, path, json=body)
            # It waits for the text that is on its way.
            time.sleep(0.3)
            assert not changing.done()
        assert changing.result(PATIENCE_SECONDS).status_code == 200
    changed = method == "PATCH"
    assert (total(admin, "zebra"), total(admin, "yak")) == (0, int(changed))
    assert (waiting(), indexed()) == (0, int(changed))


@pytest.mark.usefixtures("context")
def test_what_is_being_changed_waits_for_the_next_move(editor: Api) -> None:
    ann, _ = created_list(editor, person(1), person(2))
    with db.engine.connect() as changing:
        changing.execution_options(**database.WRITES["postgresql"])
        with changing.begin():
            changed = text("UPDATE customers SET first_name = 'Eve' WHERE id = :id")
            changing.execute(changed, {"id": ann["id"]})
            assert move_once(leave=0)
            assert (waiting(), indexed()) == (1, 1)
    assert total(editor, "eve lee") == 1


@pytest.mark.usefixtures("context")
def test_only_what_is_more_than_may_wait_is_moved(
    editor: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_index, "BATCH", 4)
    created_list(editor, *(person(n) for n in range(10)))
    assert move_once(leave=5)
    assert (waiting(), indexed()) == (6, 4)
    assert move_once(leave=5)
    assert not move_once(leave=5)
    assert (waiting(), indexed()) == (2, 8)


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize("moved", [False, True])
def test_the_newest_are_shown_first_though_an_operator_has_changed_when_they_came(
    editor: Api, moved: bool
) -> None:
    made = created_list(editor, *(person(n) for n in range(3)))
    if moved:
        assert move_once(leave=0)
    with database.unit_of_work():
        earlier = "UPDATE customers SET created_at = created_at - interval '1 day' WHERE id = :id"
        database.write(text(earlier), {"id": made[1]["id"]})
    found = editor.post("/api/customers/search", {"query": "lee"}).get_json()["customers"]
    assert [each["id"] for each in found] == [made[n]["id"] for n in (0, 2, 1)]


@pytest.mark.usefixtures("context")
def test_no_connection_outlives_its_pool(app: Flask) -> None:
    named = make_url(app.config["DATABASE_URL"]).update_query_dict({"application_name": "mover"})
    engine = create_engine(named, isolation_level="AUTOCOMMIT")
    pool = engine.pool
    open_ones = text("SELECT 1 FROM pg_stat_activity WHERE application_name = 'mover'")
    with text_index._connected(engine, pool) as connection:
        connection.execute(text("SELECT 1"))
        engine.dispose()
        assert database.rows(open_ones)
    assert eventually(lambda: not database.rows(open_ones))


@pytest.mark.usefixtures("context")
def test_what_is_served_keeps_its_connection(
    editor: Api, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_index, "QUIET_SECONDS", 0.05)
    created(editor, **person(1))
    [(served,)] = database.rows(text("SELECT pg_backend_pid()"))
    mover = Mover()
    mover.start(db.engine)
    assert eventually(lambda: indexed() == 1)
    assert eventually(lambda: mover._thread is None)
    still = text("SELECT 1 FROM pg_stat_activity WHERE pid = :pid")
    assert database.rows(still, {"pid": served})


@pytest.mark.usefixtures("context")
def test_one_process_moves_at_a_time(editor: Api) -> None:
    created(editor, **person(1))
    with database.apart(text_index.MOVING_LOCK) as other:
        assert other is not None
        assert not move_once(leave=0)
    assert move_once(leave=0)


@pytest.mark.usefixtures("context")
def test_when_nobody_writes_any_more_all_is_moved(
    editor: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_index, "QUIET_SECONDS", 0.05)
    created_list(editor, *(person(n) for n in range(10)))
    mover = Mover()
    with database.unit_of_work():
        mover.note_new(text_index.WORTH_A_LOOK)
    assert eventually(lambda: (waiting(), indexed()) == (0, 10))


@pytest.mark.usefixtures("context")
def test_once_another_process_creates_somebody_the_rest_waits(
    editor: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_index, "BATCH", 4)
    # Time enough to create somebody in.
    monkeypatch.setattr(text_index, "LITTLE_REST", 1_000)
    created_list(editor, *(person(n) for n in range(10)))
    engine, connections = db.engine, db.engine.pool
    newest, is_quiet = text_index.move_all(engine, connections, text_index.NOBODY)
    assert (waiting(), is_quiet) == (10, False)
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(text_index.move_all, engine, connections, newest)
        assert eventually(lambda: waiting() == 6)
        assert database.rows(text("SELECT 1"))
        created(editor, **person(10))
        _, is_quiet = moving.result(PATIENCE_SECONDS)
    assert (waiting(), is_quiet) == (7, False)


@pytest.mark.usefixtures("context")
def test_where_much_waits_there_is_less_rest(editor: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_index, "MOST_WAITING", 4)
    monkeypatch.setattr(text_index, "MANY_BYTES", 0)
    monkeypatch.setattr(text_index, "BATCH", 4)
    # The rest that is not meant would outlast the test.
    monkeypatch.setattr(text_index, "REST", 1_000_000)
    monkeypatch.setattr(text_index, "LESS_REST", 0)
    created_list(editor, *(person(n) for n in range(10)))
    engine = db.engine
    moving = Thread(target=text_index.move_all, args=(engine, engine.pool, 0), daemon=True)
    moving.start()
    moving.join(PATIENCE_SECONDS)
    assert (indexed(), moving.is_alive()) == (10, False)


@pytest.mark.usefixtures("context")
def test_who_is_created_while_a_move_ends_is_moved_as_well(
    editor: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    tidy, engine, mover = text_index.tidy, db.engine, Mover()
    ends: list[int] = []

    def create_meanwhile(*arguments: Any) -> None:
        ends.append(len(ends))
        if len(ends) == 1:
            created(editor.with_token(editor.token), **person(2))
            mover.start(engine)
        tidy(*arguments)

    monkeypatch.setattr(text_index, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(text_index, "tidy", create_meanwhile)
    created(editor, **person(1))
    mover.start(engine)
    assert eventually(lambda: (waiting(), indexed()) == (0, 2))
    assert eventually(lambda: mover._thread is None)


@pytest.mark.usefixtures("context")
def test_what_another_process_moves_is_looked_at_again(editor: Api) -> None:
    newest = created(editor, **person(1))["id"]
    with database.apart(text_index.MOVING_LOCK) as other:
        assert other is not None
        _, is_quiet = text_index.move_all(db.engine, db.engine.pool, newest)
    assert not is_quiet


@pytest.mark.usefixtures("context")
def test_who_rests_between_moves_has_no_connection(
    editor: Api, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_index, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(text_index, "BATCH", 4)
    monkeypatch.setattr(text_index, "LITTLE_REST", 50)
    created_list(editor, *(person(n) for n in range(10)))
    engine = create_engine(
        app.config["DATABASE_URL"],
        isolation_level="AUTOCOMMIT",
        pool_size=1,
        max_overflow=0,
        pool_timeout=0.2,
    )
    mover = Mover()
    mover.start(engine)
    assert eventually(lambda: waiting() == 6)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
    assert eventually(lambda: mover._thread is None)
    engine.dispose()


@pytest.mark.usefixtures("context")
def test_the_first_search_of_a_process_has_what_waits_moved(
    editor: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_index, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr("customers_api.core.customers.search.mover", Mover())
    created(editor, **person(1))
    assert total(editor, "ann") == 1
    assert eventually(lambda: (waiting(), indexed()) == (0, 1))


@pytest.mark.usefixtures("context")
def test_a_move_that_fails_is_logged_and_leaves_all_as_it_was(
    editor: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(text_index, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(text_index, "MOVE", text("SELECT 1 / 0 WHERE :batch > 0"))
    created(editor, **person(1))
    mover = Mover()
    mover.start(db.engine)
    assert eventually(lambda: "could not be moved" in caplog.text)
    assert total(editor, "ann") == 1
