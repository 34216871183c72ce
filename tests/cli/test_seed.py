"""`flask seed`: the ten samples, and made-up customers in any number."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, inspect, select, text

from customers_api.core import database
from customers_api.core.customers import insertion, rules, samples
from customers_api.core.customers.generation import loading, storage, workers
from customers_api.core.customers.generation.lands import LANDS
from customers_api.core.customers.model import CUSTOMERS, TAGS
from customers_api.core.groups.queries import TABLE as GROUPS
from customers_api.extensions import db
from tests.support.api import Api

C = CUSTOMERS.c
# Those of the tables, and whether they are called.
TRIGGERS = {
    "postgresql": "SELECT tgname, tgenabled, pg_get_triggerdef(oid) FROM pg_trigger "
    "WHERE NOT tgisinternal",
    "sqlite": "SELECT name, 'O', sql FROM sqlite_master WHERE type = 'trigger'",
}


def seed(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["seed", *arguments])


def stored(app: Flask) -> Sequence[Mapping[str, Any]]:
    with app.app_context():
        found = database.rows(select(CUSTOMERS).order_by(C.id))
        return [dict(row._mapping) for row in found]


def tags(app: Flask) -> Sequence[tuple[Any, ...]]:
    columns = (TAGS.c.customer_id, TAGS.c.tag)
    with app.app_context():
        return [tuple(row) for row in database.rows(select(*columns).order_by(*columns))]


def indexes(app: Flask) -> Any:
    with app.app_context():
        inspector = inspect(db.engine)
        return [
            (
                sorted(map(_told, inspector.get_indexes(table))),
                inspector.get_foreign_keys(table),
            )
            for table in storage.TABLES
        ] + [sorted(database.rows(text(TRIGGERS[database.dialect()])))]


def _told(index: Any) -> str:
    options = {name: str(value) for name, value in index["dialect_options"].items()}
    return str({**index, "dialect_options": options})


def texts(app: Flask) -> Sequence[tuple[Any, ...]]:
    """What is searched of each customer, and what is kept with it, by id."""
    ordered = {
        "postgresql": "SELECT key, created_at FROM customer_texts ORDER BY customer_id",
        "sqlite": "SELECT key FROM customer_search ORDER BY rowid",
    }
    with app.app_context():
        return [tuple(row) for row in database.rows(text(ordered[database.dialect()]))]


def counts(app: Flask) -> Mapping[tuple[Any, ...], int]:
    """What is counted, folded or not, but for what is not there."""
    summed = """
        SELECT dimension, key, part, sum(n) AS n FROM customer_counts_now
        GROUP BY dimension, key, part HAVING sum(n) <> 0
    """
    with app.app_context():
        return {tuple(row[:3]): int(row.n) for row in database.rows(text(summed))}


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks as a seeding of millions has them, in a hundredth of a thousandth of the size."""
    monkeypatch.setattr(loading, "LEAST_LARGE_CHUNK", 50)
    monkeypatch.setattr(loading, "LARGE_CHUNK", 100)
    monkeypatch.setattr(loading, "BATCH", 30)
    monkeypatch.setattr(loading, "CHUNK", 40)


@pytest.fixture
def one_maker(monkeypatch: pytest.MonkeyPatch) -> None:
    """One process that makes customers: starting another takes longer than making so few."""
    monkeypatch.setattr(workers, "PROCESSES", 1)


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """No large chunks, and several small ones."""
    monkeypatch.setattr(loading, "CHUNK", 40)


def test_seed_adds_the_ten_samples(app: Flask, reader: Api) -> None:
    assert seed(app).output == "Added 10 sample customers; 0 were there already.\n"
    emails = [sample["email"] for sample in samples.SAMPLES]
    assert [row["email"] for row in stored(app)] == emails
    shown = reader.get("/api/customers/1").get_json()
    assert shown["last_name"] == "Köhler"


def test_seed_again_adds_none(app: Flask) -> None:
    seed(app)
    assert seed(app).output == "Added 0 sample customers; 10 were there already.\n"
    assert len(stored(app)) == 10


def test_seed_adds_only_the_samples_that_are_missing(app: Flask, editor: Api) -> None:
    taken = samples.SAMPLES[7]["email"].upper()
    editor.post("/api/customers/", {"first_name": "S", "last_name": "O", "email": taken})
    with app.app_context():
        assert len(database.in_unit_of_work(samples.add)) == 9


def test_the_samples_keep_the_rules() -> None:
    assert [problem for sample in samples.SAMPLES for problem in rules.problems(sample)] == []


def test_made_up_customers_are_exactly_so_many(app: Flask) -> None:
    result = seed(app, "--customers", "123")
    assert result.exit_code == 0
    assert result.output.startswith("Added 123 customers in ")
    assert result.output.count("\n") == 1
    assert len(stored(app)) == 123


def test_seeding_goes_on_where_it_ended(app: Flask) -> None:
    seed(app, "--customers", "70")
    seed(app, "--customers", "30")
    halves = stored(app)
    with app.app_context():
        database.in_unit_of_work(lambda: database.write(CUSTOMERS.delete()))
    seed(app, "--customers", "100")
    assert [row["uuid"] for row in stored(app)] == [row["uuid"] for row in halves]


@pytest.mark.usefixtures("small_chunks")
def test_large_chunks_store_what_small_ones_do(
    app: Flask, monkeypatch: pytest.MonkeyPatch, editor: Api
) -> None:
    before = indexes(app)
    seed(app, "--customers", "270")
    large, large_tags, large_texts = stored(app), tags(app), texts(app)
    assert len(large) == 270
    assert indexes(app) == before
    created = editor.post(
        "/api/customers/", {"first_name": "A", "last_name": "B", "email": "a@b.example"}
    )
    assert created.get_json()["id"] == large[-1]["id"] + 1

    with app.app_context():
        database.in_unit_of_work(lambda: database.write(CUSTOMERS.delete()))
    monkeypatch.setattr(loading, "LEAST_LARGE_CHUNK", 1000)
    seed(app, "--customers", "270")
    small, offset = stored(app), large[-1]["id"] + 1
    assert [row | {"id": row["id"] - offset} for row in small] == large
    assert [(id - offset, *rest) for id, *rest in tags(app)] == large_tags
    assert texts(app) == large_texts


@pytest.mark.usefixtures("small_chunks", "one_maker")
def test_large_chunks_are_counted_as_the_triggers_count(app: Flask, editor: Api) -> None:
    editor.post("/api/customers/", {"first_name": "A", "last_name": "B", "email": "a@b.example"})
    seed(app, "--customers", "270")
    assert counts(app)["customers", "", ""] == 271
    assert counts(app)["country", "Germany", ""] == sum(
        row["country"] == "Germany" for row in stored(app)
    )
    # Each removal is noted down by a trigger: what is left is what the two count differently.
    with app.app_context():
        database.in_unit_of_work(lambda: database.write(CUSTOMERS.delete()))
    assert counts(app) == {}


@pytest.mark.usefixtures("small_chunks", "one_maker")
def test_whoever_is_in_a_large_chunk_is_found(app: Flask, reader: Api) -> None:
    seed(app, "--customers", "270")
    for row in stored(app)[::30]:
        for name in ("username", "customer_id", "email", "first_name"):
            body = {"query": row[name].upper(), "limit": 500}
            found = reader.post("/api/customers/search", body).get_json()["customers"]
            assert row["id"] in [each["id"] for each in found]
    if app.config["DATABASE_URL"].startswith("sqlite"):
        check = "INSERT INTO customer_search (customer_search) VALUES ('integrity-check')"
        with app.app_context():
            database.in_unit_of_work(lambda: database.write(text(check)))


def test_every_name_is_folded_as_the_database_folds_it(app: Flask) -> None:
    names = [name for land in LANDS for name in (*land.female, *land.male, *land.last)]
    forms = [form for land in LANDS for form in land.country.company_forms]
    every = "\n".join({*(name.text for name in names), *forms})
    with app.app_context():
        assert database.rows(select(func.folded(every)))[0][0] == every.lower()


@pytest.mark.usefixtures("small_chunks", "one_maker")
def test_large_chunks_keep_every_constraint(app: Flask) -> None:
    seed(app, "--customers", "270")
    with app.app_context(), db.engine.connect() as connection:
        if database.dialect() == "sqlite":
            # Whole indexes, and each row against NOT NULL, CHECK and the kind of its columns.
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"
            assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
            assert connection.scalar(text("PRAGMA ignore_check_constraints")) == 0
        kinds = {type(row["lifetime_value"]) for row in stored(app)}
    assert kinds == {Decimal}


@pytest.mark.usefixtures("small_chunks", "one_maker")
def test_who_has_an_email_already_is_passed_over(app: Flask, editor: Api) -> None:
    editor.post(
        "/api/customers/", {"first_name": "M", "last_name": "C", "email": "M.Costa1@example.com"}
    )
    before = indexes(app)
    result = seed(app, "--customers", "110")
    assert result.output.startswith("Added 110 customers")
    emails = [row["email"] for row in stored(app)]
    assert len(emails) == 111
    assert "m.costa1@example.com" not in emails
    assert indexes(app) == before


@pytest.mark.usefixtures("one_by_one")
def test_a_removed_customer_comes_back_first(app: Flask, admin: Api) -> None:
    seed(app, "--customers", "90")
    first = stored(app)[0]
    admin.delete(f"/api/customers/{first['id']}")
    seed(app, "--customers", "5")
    rows = stored(app)
    assert len(rows) == 94
    assert rows[89]["uuid"] == first["uuid"]


@pytest.mark.usefixtures("one_by_one")
def test_a_chunk_that_fails_leaves_the_earlier_ones(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert, calls = insertion.insert_customers, []

    def failing(records: Any) -> Any:
        calls.append(len(records))
        refused = insert(records)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return refused

    monkeypatch.setattr(insertion, "insert_customers", failing)
    result = seed(app, "--customers", "200")
    assert result.exit_code == 130
    assert "Interrupted: added 80 customers" in result.output
    assert calls == [40, 40, 40]
    assert len(stored(app)) == 80


@pytest.mark.usefixtures("small_chunks", "one_maker")
def test_a_large_chunk_that_fails_leaves_the_earlier_ones(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, store, made = indexes(app), storage.store, []

    def failing(batch: Any) -> None:
        made.append(batch)
        store(batch)
        if len(made) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(storage, "store", failing)
    assert "added 100 customers" in seed(app, "--customers", "200").output
    assert len(stored(app)) == 100
    assert indexes(app) == before


def test_customers_are_put_into_groups(app: Flask, reader: Api) -> None:
    seed(app, "--customers", "300")
    seed(app, "--customers", "10")
    with app.app_context():
        names = [row[0] for row in database.rows(select(GROUPS.c.name).order_by(GROUPS.c.id))]
        sizes = dict(
            tuple(row)
            for row in database.rows(
                select(GROUPS.c.name, func.count()).join(CUSTOMERS).group_by(GROUPS.c.name)
            )
        )
    assert names == ["Retail", "Online", "Wholesale", "Partners", "VIP"]
    assert sizes["Retail"] > sizes["Wholesale"] > 0


def test_help_says_what_a_second_seeding_does(app: Flask) -> None:
    said = " ".join(seed(app, "--help").output.split())
    assert "seeding 1000 twice gives 2000" in said
    assert "--customers N" in said


@pytest.mark.parametrize("number", ["0", "-1", "many"])
def test_a_number_that_makes_no_sense_is_refused(app: Flask, number: str) -> None:
    assert seed(app, "--customers", number).exit_code == 2
