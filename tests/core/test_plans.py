"""No query of the directory reads a whole table where an index is meant."""

import json
import re
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, event, text
from werkzeug.test import TestResponse

from customers_api.extensions import db
from tests.conftest import empty_database, make_app
from tests.support.api import service_token

MANY = 20_000
# A sequential scan of one of these is what the plans are kept from.
WHOLE_TABLES = {"customers", "customer_tags", "customer_search"}
Ask = Callable[..., TestResponse]
Json = dict[str, Any]


@pytest.fixture(scope="module")
def seeded(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Flask]:
    """The application with very many customers, of whom the planner knows."""
    with empty_database(backend, request, tmp_path_factory.mktemp("plans")) as url:
        app = make_app(url)
        with app.app_context():
            upgrade()
        assert app.test_cli_runner().invoke(args=["seed", "--customers", str(MANY)]).exit_code == 0
        with app.app_context():
            with db.engine.connect() as connection:
                connection.execute(text("ANALYZE"))
            yield app
            db.engine.dispose()


@pytest.fixture(scope="module")
def ask(seeded: Flask) -> Ask:
    """What calls the seeded application."""
    client, token = seeded.test_client(), service_token(seeded, "editor")

    def call(path: str, **options: Any) -> TestResponse:
        method = "POST" if "json" in options else "GET"
        headers = {"Authorization": f"Bearer {token}"}
        address = path if path.startswith("/") else f"/api/customers/{path}"
        answer = client.open(address, method=method, headers=headers, **options)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer

    return call


@pytest.fixture(scope="module")
def someone(ask: Ask) -> Json:
    """A customer from the middle."""
    return dict(ask(f"?skip={MANY // 2}&limit=1").get_json()[0])


def scanned(engine: Engine, ask: Ask, path: str, **options: Any) -> set[str]:
    """The large tables that the statements of this call read from start to end."""
    seen: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        if "customers" in arguments[2] or "customer_" in arguments[2]:
            seen.append((arguments[2], arguments[3]))

    event.listen(engine, "before_cursor_execute", note)
    try:
        ask(path, **options)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert seen
    read = _read_in_postgresql if engine.dialect.name == "postgresql" else _read_in_sqlite
    return {each for statement, values in seen for each in read(engine, statement, values)}


def _read_in_postgresql(engine: Engine, statement: str, values: Any) -> Iterator[str]:
    with engine.connect() as connection:
        found = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar()
    plan: Any = json.loads(found) if isinstance(found, str) else found
    waiting = [plan[0]["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in WHOLE_TABLES:
            yield node["Relation Name"]


def _read_in_sqlite(engine: Engine, statement: str, values: Any) -> Iterator[str]:
    aliases = dict(re.findall(r"\b(customer\w+) AS (\w+)", statement))
    names = WHOLE_TABLES | {alias for table, alias in aliases.items() if table in WHOLE_TABLES}
    with engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        for step in (row[3] for row in plan):
            # Walking an index in its order, or asking the text's index, is no scan of the table.
            found = re.match(r"SCAN (?:TABLE )?(\w+)(?! .*(?:USING|VIRTUAL TABLE))", step)
            if found and found[1] in names:
                yield found[1]


def test_a_look_up_reads_one_customer(ask: Ask, someone: Json) -> None:
    v1 = f"/api/v1/customers/{someone['customer_id']}"
    for path in (str(someone["id"]), "username/{username}", "email/{email}", v1):
        assert scanned(db.engine, ask, path.format(**someone)) == set(), path


def test_a_page_by_cursor_starts_at_its_customer(ask: Ask) -> None:
    onward = ask("?limit=100").headers["Link"].partition("?")[2].partition(">")[0]
    for path in (f"?{onward}", "?limit=100", "?limit=100&is_active=true", f"?{onward}&count=true"):
        assert scanned(db.engine, ask, path) == set(), path


def test_a_deep_page_by_skip_starts_at_its_block(ask: Ask) -> None:
    for query in (f"skip={MANY - 500}", f"skip={MANY // 2}&is_active=1", "skip=500&is_active=0"):
        assert scanned(db.engine, ask, f"?limit=100&{query}") == set(), query


@pytest.mark.parametrize(
    "body",
    [
        {"query": "zzzyx"},
        {"last_name": "zzqx"},
        {"email": "nobody@example.com"},
        {"query": "zzzyx", "city": "x", "is_active": True, "tags": "premium"},
        {"tags": "no such tag"},
        {"created_after": "2999-01-01T00:00:00Z"},
        {},
    ],
    ids=lambda body: "-".join(body) or "all",
)
def test_a_search_of_what_few_have_reads_few(ask: Ask, body: Json) -> None:
    assert scanned(db.engine, ask, "search", json=body) == set()


@pytest.mark.parametrize("field", ["city", "country"])
def test_a_search_of_a_place_where_few_are_reads_few(ask: Ask, field: str) -> None:
    assert scanned(db.engine, ask, "search", json={field: "no such place"}) == set()


def test_a_search_of_a_rare_substring_reads_few(ask: Ask, someone: Json) -> None:
    for name in ("customer_id", "username", "email"):
        assert ask("search", json={"query": someone[name]}).get_json()["total"] < 100
        for order in ("id", "created_at", "last_name"):
            body = {"query": someone[name], "sort_by": order}
            assert scanned(db.engine, ask, "search", json=body) == set(), body


def test_a_page_of_a_tag_reads_its_customers(ask: Ask, someone: Json) -> None:
    shown = ask("?limit=1000").get_json()
    tags = sorted({tag for c in shown for tag in (c["tags"] or "").split(",") if tag})[:2]
    assert len(tags) == 2
    for path in (f"tags/{tags[0]}", f"tags/{','.join(tags)}", f"tags/{','.join(tags)}?match=all"):
        assert scanned(db.engine, ask, path) == set(), path
    assert scanned(db.engine, ask, "tags/no-such-tag") == set()


@pytest.fixture
def many_tags(seeded: Flask) -> Iterator[None]:
    """So many tags in use that the planner knows of none how many have it."""
    given = "SELECT 'm' || (id % 300), id FROM customers"
    with db.engine.begin() as connection:
        connection.execute(text(f"INSERT INTO customer_tags (tag, customer_id) {given}"))
        connection.execute(text("ANALYZE customer_tags"))
    yield
    with db.engine.begin() as connection:
        connection.execute(text("DELETE FROM customer_tags WHERE tag LIKE 'm%' AND tag < 'n'"))
        connection.execute(text("ANALYZE customer_tags"))


@pytest.mark.usefixtures("many_tags")
@pytest.mark.parametrize("count", [1, 3, 160])
def test_a_search_of_tags_that_few_have_walks_past_nobody(
    ask: Ask, someone: Json, count: int
) -> None:
    ask("bulk-update", json={"customer_ids": [someone["id"]], "updates": {"tags": "rare"}})
    tags = {"tags": ",".join(["rare", *(f"t{n}" for n in range(1, count))])}
    for more in ({}, {"sort_by": "id"}, {"sort_by": "last_name"}, {"is_verified": False}):
        begun = monotonic()
        found = ask("search", json={**tags, **more}).get_json()["customers"]
        assert monotonic() - begun < 1, more
        assert [each["id"] for each in found] == [someone["id"]]
    assert "customers" not in scanned(db.engine, ask, "search", json=tags)


@pytest.mark.usefixtures("many_tags")
def test_a_search_of_tags_that_many_have_finds_each_once(ask: Ask) -> None:
    for tags in (["m1"], ["m1", "m2"], [f"m{n}" for n in range(150)]):
        wanted = {"tags": ",".join([*tags, tags[0]]), "limit": 1000}
        for order in ("id", "created_at", "last_name"):
            body = {**wanted, "sort_by": order, "sort_order": "asc"}
            pages = [ask("search", json={**body, "page": n}).get_json() for n in (1, 2)]
            shown = [each["id"] for page in pages for each in page["customers"]]
            assert len({*shown}) == len(shown) == min(pages[0]["total"], 2000), (order, tags[-1])


def test_a_page_of_a_place_reads_its_customers(ask: Ask) -> None:
    shown = ask("?limit=1000").get_json()
    there = next(c for c in shown if c["city"] and c["country"] and c["state"])
    for names in (("city",), ("country",), ("city", "country"), ("state", "country"), ("state",)):
        query = "&".join(f"{name}={there[name]}" for name in names)
        assert scanned(db.engine, ask, f"location/search?{query}") == set(), names


@pytest.mark.parametrize(
    "path",
    [
        "statistics/overview", "available/countries", "available/cities", "available/states",
        "available/cities?country=Germany", "available/states?country=Germany",
    ],
)  # fmt: skip
def test_what_is_counted_is_not_counted_again(ask: Ask, path: str) -> None:
    assert scanned(db.engine, ask, path) == set()


def test_a_bulk_update_finds_its_customers(ask: Ask, someone: Json) -> None:
    ids = [someone["id"], someone["customer_id"], 1, 2, 3]
    body = {"customer_ids": ids, "updates": {"notes": "x"}}
    assert scanned(db.engine, ask, "bulk-update", json=body) == set()


def test_what_reads_everything_is_seen_here(seeded: Flask, ask: Ask) -> None:
    engine = db.engine
    read = _read_in_postgresql if engine.dialect.name == "postgresql" else _read_in_sqlite
    for statement in (
        "SELECT * FROM customers WHERE notes = 'x'",
        "SELECT tag FROM customer_tags WHERE customer_id + 1 = 2",
    ):
        assert [*read(engine, statement, {} if engine.dialect.name == "postgresql" else ())]
