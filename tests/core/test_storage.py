"""What the database itself holds to, whoever writes: constraints, indexes, SQLite's settings."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, inspect, make_url, select, text, update
from sqlalchemy.exc import IntegrityError

from customers_api.core import database
from customers_api.core.customers.model import CHANNELS, CUSTOMERS
from customers_api.extensions import db

NOW = "2026-01-15 10:30:00+00:00"
STAMPS = {"created_at": NOW, "updated_at": NOW}
# The least that a row of each table has to say.
ROWS: dict[str, dict[str, Any]] = {
    "groups": STAMPS | {"name": "A"},
    "operators": STAMPS | {"username": "nadia", "password_hash": "x", "role": "editor"},
    "customers": STAMPS
    | {"uuid": "a1b2c3d45e6f4a7b8c9d0e1f2a3b4c5d", "customer_id": "CUST_A1B2C3D4"}
    | {"username": "cher", "first_name": "Cher", "last_name": ""}
    | {"email": "Cher@example.com", "email_key": "cher@example.com"},
    "tokens": {
        "kind": "service",
        "jti": "0" * 32,
        "name": "b",
        "role": "reader",
        "created_at": NOW,
    },
    "customer_tags": {"customer_id": 1, "tag": "vip"},
}
OTHER_CUSTOMER = {
    "uuid": "b1b2c3d45e6f4a7b8c9d0e1f2a3b4c5d",
    "customer_id": "CUST_B1B2C3D4",
    "username": "other",
    "email_key": "other@example.com",
}
SESSION = {"kind": "session", "name": None, "role": None, "operator_id": 1}
REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("customers", OTHER_CUSTOMER | {"customer_status": "gone"}),
    ("customers", OTHER_CUSTOMER | {"preferred_communication_channels": "fax"}),
    ("customers", OTHER_CUSTOMER | {"preferred_communication_channels": "email,email"}),
    ("customers", OTHER_CUSTOMER | {"preferred_communication_channels": "email,"}),
    ("customers", OTHER_CUSTOMER | {"version": 0}),
    ("customers", OTHER_CUSTOMER | {"group_id": 999}),
    ("customers", OTHER_CUSTOMER | {"first_name": None}),
    # The UUID begins with the customer_id, which stands for it.
    *(
        ("customers", OTHER_CUSTOMER | {name: ROWS["customers"][name]})
        for name in OTHER_CUSTOMER
        if name != "uuid"
    ),
    ("customer_tags", {}),
    ("groups", {}),
    ("operators", {}),
    ("operators", {"username": "otto", "role": "owner"}),
    ("tokens", {}),
    ("tokens", {"jti": "1" * 32, "kind": "cookie", "name": None, "role": None}),
    ("tokens", {"jti": "1" * 32, "role": "owner"}),
    ("tokens", {"jti": "1" * 32, "role": None}),
    ("tokens", {"jti": "1" * 32, "name": None}),
    ("tokens", {"jti": "1" * 32, "operator_id": 1}),
    ("tokens", {"jti": "1" * 32, "kind": "session"}),
    ("tokens", SESSION | {"jti": "1" * 32, "operator_id": 999}),
]


@pytest.fixture
def connection(app: Flask) -> Iterator[Connection]:
    """A connection as the application has it, to a registry with one row in each table."""
    with app.app_context(), db.engine.connect() as connection:
        for table in ROWS:
            insert(connection, table)
        yield connection


def insert(connection: Connection, table: str, **changes: Any) -> None:
    """Insert the table's row, with these changes, by SQL that nobody has checked."""
    row = ROWS[table] | changes
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({values})"), row)


def count(connection: Connection, table: str) -> int:
    return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.mark.parametrize(
    ("table", "changes"), REFUSED, ids=[f"{t}-{'-'.join(map(str, c))}" for t, c in REFUSED]
)
def test_the_database_refuses_what_would_break_a_rule(
    connection: Connection, table: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(IntegrityError):
        insert(connection, table, **changes)
    assert count(connection, table) == 1


def test_the_database_takes_what_breaks_none(connection: Connection) -> None:
    insert(connection, "customers", **OTHER_CUSTOMER, group_id=1, customer_status="canceled")
    insert(connection, "customer_tags", customer_id=2)
    insert(connection, "tokens", **SESSION, jti="1" * 32)
    assert [count(connection, table) for table in ("customers", "customer_tags", "tokens")] == [
        2
    ] * 3


def test_the_database_takes_every_order_of_channels(connection: Connection) -> None:
    orders = [order for n in range(len(CHANNELS) + 1) for order in permutations(CHANNELS, n)]
    changing = text("UPDATE customers SET preferred_communication_channels = :order")
    for order in orders:
        assert connection.execute(changing, {"order": ",".join(order)}).rowcount == 1


def test_the_database_refuses_a_session_of_nobody(connection: Connection) -> None:
    with pytest.raises(IntegrityError):
        insert(connection, "tokens", **SESSION | {"jti": "1" * 32, "operator_id": None})


def test_a_customer_of_whom_little_is_said_has_the_usual_defaults(connection: Connection) -> None:
    names = (
        "customer_status, email_verified, phone_verified, marketing_emails, marketing_sms, "
        "is_loyalty_member, lifetime_value, preferred_communication_channels, version"
    )
    row = connection.execute(text(f"SELECT {names} FROM customers")).one()
    assert tuple(row) == ("active", False, False, True, False, False, 0, "", 1)


def test_what_belongs_to_a_row_goes_with_it(connection: Connection) -> None:
    insert(connection, "tokens", **SESSION, jti="1" * 32)
    connection.execute(text("DELETE FROM customer_tags"))
    connection.execute(text("UPDATE customers SET tags = 'vip,new'"))
    assert count(connection, "customer_tags") == 2
    connection.execute(text("DELETE FROM customers"))
    connection.execute(text("DELETE FROM operators"))
    assert count(connection, "customer_tags") == 0
    assert count(connection, "tokens") == 1


def test_a_group_with_customers_cannot_be_deleted(connection: Connection) -> None:
    connection.execute(text("UPDATE customers SET group_id = 1"))
    with pytest.raises(IntegrityError):
        connection.execute(text("DELETE FROM groups"))


def test_no_id_is_ever_given_twice(connection: Connection) -> None:
    # An old token, or a link to a customer, must never lead to somebody else.
    for table in ("tokens", "customers"):
        connection.execute(text(f"DELETE FROM {table}"))
        insert(connection, table)
        assert connection.execute(text(f"SELECT id FROM {table}")).scalars().all() == [2]


def test_what_is_looked_up_has_an_index(connection: Connection) -> None:
    inspector = inspect(connection)
    indexed = {
        table: {tuple(index["column_names"]) for index in inspector.get_indexes(table)}
        for table in ROWS
    }
    assert indexed["customers"] >= {
        ("email_key",), ("customer_id",), ("username",), ("group_id", "id"), ("created_at", "id"),
        ("city", "id"), ("country", "id"),
    }  # fmt: skip
    key = inspector.get_pk_constraint("customer_tags")["constrained_columns"]
    assert key == ["tag", "customer_id"]
    assert indexed["tokens"] >= {("operator_id",), ("revoked_at",), ("jti",)}
    assert indexed["operators"] >= {("username",), ("updated_at",)}


def test_every_foreign_key_has_an_index_that_begins_with_it(connection: Connection) -> None:
    inspector = inspect(connection)
    for table in ROWS:
        starts = {index["column_names"][0] for index in inspector.get_indexes(table)}
        starts.add(inspector.get_pk_constraint(table)["constrained_columns"][0])
        for key in inspector.get_foreign_keys(table):
            assert key["constrained_columns"][0] in starts, f"{table}: {key}"


on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@on_sqlite
def test_sqlite_is_opened_for_many_processes_and_power_cuts(connection: Connection) -> None:
    def pragma(name: str) -> object:
        return connection.execute(text(f"PRAGMA {name}")).scalar_one()

    assert pragma("journal_mode") == "wal"
    assert pragma("foreign_keys") == 1
    assert pragma("busy_timeout") >= 5000
    assert pragma("synchronous") == 2


@on_sqlite
def test_a_unit_of_work_on_sqlite_has_the_write_lock_from_its_first_moment(app: Flask) -> None:
    file = str(make_url(app.config["DATABASE_URL"]).database)
    with closing(sqlite3.connect(file, timeout=0, isolation_level=None)) as other:
        with app.app_context(), database.unit_of_work():
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("BEGIN IMMEDIATE")
            # Readers never wait.
            assert other.execute("SELECT count(*) FROM customers").fetchall() == [(0,)]
        other.execute("BEGIN IMMEDIATE")


def round_trip(column: str, value: object) -> Any:
    """What comes back of a value that is written to the one customer and read again."""
    kept = CUSTOMERS.c[column]
    database.in_unit_of_work(lambda: database.write(update(CUSTOMERS).values({kept: value})))
    return database.rows(select(kept))[0][0]


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize(
    "amount", ["0.00", "0.10", "37.62", "-0.01", "999999999999.99", "-999999999999.99"]
)
def test_an_amount_comes_back_exact_with_two_places(amount: str) -> None:
    assert str(round_trip("lifetime_value", Decimal(amount))) == amount
    assert str(round_trip("lifetime_value", Decimal(amount).normalize())) == amount


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize(
    ("moment", "utc"),
    [
        ("2024-02-29T23:59:59.999999+00:00", "2024-02-29T23:59:59.999999+00:00"),
        ("2024-03-01T05:29:59+05:30", "2024-02-29T23:59:59+00:00"),
        ("1900-01-01T00:00:00-12:00", "1900-01-01T12:00:00+00:00"),
        ("9999-12-31T23:59:59+00:00", "9999-12-31T23:59:59+00:00"),
    ],
)
def test_a_moment_comes_back_in_utc(moment: str, utc: str) -> None:
    given = datetime.fromisoformat(moment)
    assert round_trip("customer_acquisition_date", given).isoformat() == utc
    assert round_trip("customer_acquisition_date", None) is None


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize("chosen", ["", "text", "phone email", "phone text email"])
def test_a_choice_comes_back_in_its_order(chosen: str) -> None:
    assert round_trip("preferred_communication_channels", chosen.split()) == chosen.split()


@pytest.mark.usefixtures("connection")
@pytest.mark.parametrize(
    "document", ["{}", '{"b": 1.10, "a": [1e2, null, "ü😀"], "b": 12345678901234567890}']
)
def test_a_json_document_comes_back_to_the_letter(document: str) -> None:
    assert round_trip("metadata", document) == document
