"""How very many customers reach their tables at once: without indexes, which are built afterwards.

Keeping eleven indexes up to date row by row costs four times what the rows cost; building them from
all rows costs as much as the rows. Both databases do it inside the transaction: nobody sees the
tables without their indexes, and when anything fails, all is as it was.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import bindparam, text

from customers_api.core import database
from customers_api.core.customers.generation.derived import Count
from customers_api.core.customers.generation.rows import CUSTOMER_COLUMNS, TAG_COLUMNS, Made
from customers_api.core.engine import SQLITE_PRAGMAS, patient
from customers_api.extensions import db

TABLES = ("customers", "customer_tags", "customer_search")
# What takes an index or a foreign key away, and what brings it back as it was. The indexes of
# primary keys stay. Foreign keys of these tables go too: checked once, not for each row.
DEFINITIONS = {
    "postgresql": """
        SELECT format('DROP INDEX %I', indexname), indexdef
        FROM pg_indexes WHERE schemaname = current_schema() AND tablename IN :tables
        AND indexname NOT IN (SELECT conname FROM pg_constraint WHERE contype = 'p')
        UNION ALL
        SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
            format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname,
                pg_get_constraintdef(oid))
        FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace
        AND conrelid::regclass::text IN :tables
        ORDER BY 1
    """,
    "sqlite": """
        SELECT 'DROP ' || type || ' "' || name || '"', sql FROM sqlite_master
        WHERE (type = 'index' AND sql IS NOT NULL
            OR name IN ('customers_inserted', 'customers_tagged_first'))
        AND tbl_name IN :tables ORDER BY name
    """,
}
# For PostgreSQL's transaction only: room to sort in, and no limit on how long an index may take.
# SQLite makes a table of its own for every IN (...) of a CHECK and every row, which is half of the
# time of an insert. Made-up customers keep the constraints: tests have SQLite itself check them.
PREPARATIONS = {
    "postgresql": (
        "SET LOCAL statement_timeout = 0",
        "SET LOCAL maintenance_work_mem = '512MB'",
        "LOCK TABLE customers, customer_tags, customer_search IN ACCESS EXCLUSIVE MODE",
        "ALTER TABLE customers DISABLE TRIGGER customers_inserted",
    ),
    "sqlite": (
        "PRAGMA ignore_check_constraints = ON",
        "PRAGMA cache_size = -524288",
        "PRAGMA threads = 2",
        # The text's index merges its parts at the end, and not again and again.
        "INSERT INTO customer_search (customer_search, rank) VALUES ('automerge', 0)",
        "INSERT INTO customer_search (customer_search, rank) VALUES ('crisismerge', 1999)",
    ),
}
COMPLETIONS = {
    "postgresql": ("ALTER TABLE customers ENABLE TRIGGER customers_inserted",),
    "sqlite": (
        "INSERT INTO customer_search (customer_search) VALUES ('optimize')",
        "INSERT INTO customer_search (customer_search, rank) VALUES ('automerge', 4)",
        "INSERT INTO customer_search (customer_search, rank) VALUES ('crisismerge', 16)",
    ),
}
# A connection keeps a PRAGMA; what PostgreSQL was told ends with the transaction, failed or not.
RESTORATIONS = {
    "postgresql": (),
    "sqlite": (
        "PRAGMA ignore_check_constraints = OFF",
        "PRAGMA threads = 0",
        *(each for each in SQLITE_PRAGMAS if "cache_size" in each),
    ),
}
PLANNING = {
    "postgresql": (
        "SET statement_timeout = 0",
        "VACUUM (ANALYZE) customers, customer_tags, customer_search, customer_counts",
        "VACUUM customer_changes",
        "RESET statement_timeout",
    ),
    "sqlite": ("PRAGMA analysis_limit = 1000", "PRAGMA optimize"),
}
SEARCH_COLUMNS = {
    "postgresql": ("customer_id", "key", "created_at"),
    "sqlite": ("rowid", "key"),
}
COUNTING = """
    INSERT INTO customer_counts (dimension, key, part, n) VALUES (:dimension, :key, :part, :n)
    ON CONFLICT (dimension, key, part) DO UPDATE SET n = customer_counts.n + excluded.n
"""


@contextmanager
def tables_alone() -> Iterator[None]:
    """The tables for this unit of work alone, without indexes.

    Raises IntegrityError at the end where something that is to be unique is not.
    """
    kind = database.dialect()
    _run(PREPARATIONS[kind])
    with patient(database.session().connection()):
        yield from _without_indexes(kind)


def _without_indexes(kind: str) -> Iterator[None]:
    try:
        listing = text(DEFINITIONS[kind]).bindparams(bindparam("tables", TABLES, expanding=True))
        definitions = database.rows(listing)
        _run(drop for drop, _ in definitions)
        yield
        _run(build for _, build in reversed(definitions))
        _run(COMPLETIONS[kind])
    finally:
        _run(RESTORATIONS[kind])


def _run(commands: Iterable[str]) -> None:
    # By the driver itself: a colon in a definition is no parameter.
    for command in commands:
        database.session().connection().exec_driver_sql(command)


def tell_planner() -> None:
    """Have the database look at what it has now; by itself it would in a minute or so."""
    with db.engine.connect() as connection, patient(connection):
        for statement in PLANNING[database.dialect()]:
            connection.execute(text(statement))


def store(made: Made) -> None:
    """Put a batch into the tables that this unit of work has alone."""
    _store("customers", CUSTOMER_COLUMNS, made.customers)
    _store("customer_tags", TAG_COLUMNS, made.tags)
    _store("customer_search", SEARCH_COLUMNS[database.dialect()], made.search)


def store_counts(counts: Mapping[Count, int]) -> None:
    """Add to what is counted, once for all batches."""
    rows = [(*count, n) for count, n in sorted(counts.items())]
    parameters = [dict(zip(("dimension", "key", "part", "n"), row, strict=True)) for row in rows]
    database.write(text(COUNTING), parameters)


def _store(table: str, columns: Sequence[str], rows: Any) -> None:
    if not rows:
        return
    connection = database.session().connection()
    names = ", ".join(columns)
    if database.dialect() == "sqlite":
        # Money is whole hundredths there.
        places = ", ".join(
            "replace(?, '.', '')" if name == "lifetime_value" else "?" for name in columns
        )
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({places})", rows)  # noqa: S608  # nosec
        return
    driver: Any = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
        copy.write(rows)
