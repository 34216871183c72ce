"""Add what searching and counting very many customers needs: their text, and changes to counts.

The database keeps both itself, by triggers, so that no way of writing a customer can forget them.
See docs/decisions/0009 and 0010.
"""

import logging

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

log = logging.getLogger("alembic.runtime.migration")

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# What stands between the fields of a customer's text, and can stand in none of them.
BORDER = {"postgresql": "E'\\x1f'", "sqlite": "char(31)"}
COUNTED = (
    "customer_status, email_verified, phone_verified, country, state, city, gender, date_of_birth"
)
SEARCHED = "first_name, last_name, email, username, company_name, phone, customer_id"
# One change of a customer as changes of the counts.
PARTS = """
    SELECT n, 'customers' AS dimension, '' AS key, '' AS part FROM customer_changes
    UNION ALL SELECT n, 'active', '', '' FROM customer_changes WHERE active
    UNION ALL SELECT n, 'verified', '', '' FROM customer_changes WHERE verified
    UNION ALL SELECT n, 'country', country, '' FROM customer_changes WHERE country <> ''
    UNION ALL SELECT n, 'state', state, coalesce(country, '') FROM customer_changes
        WHERE state <> ''
    UNION ALL SELECT n, 'city', city, coalesce(country, '') FROM customer_changes
        WHERE city <> ''
    UNION ALL SELECT n, 'gender', gender, '' FROM customer_changes WHERE gender <> ''
    UNION ALL SELECT n, 'born', replace(CAST(born AS TEXT), '-', ''), '' FROM customer_changes
        WHERE born IS NOT NULL
    UNION ALL SELECT n, 'created', CAST(created AS TEXT), '' FROM customer_changes
    UNION ALL SELECT n, 'block', CAST(id / 1024 AS TEXT), '' FROM customer_changes
    UNION ALL SELECT n, 'active block', CAST(id / 1024 AS TEXT), '' FROM customer_changes
        WHERE active
"""
# To be summed: there can be several rows of one count.
COUNTS_NOW = """
    SELECT n, dimension, key, part FROM customer_counts
    UNION ALL SELECT n, dimension, key, part FROM customer_change_parts
"""


def upgrade() -> None:
    dialect = op.get_context().dialect.name
    op.create_table(
        "customer_counts",
        sa.Column("dimension", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dimension", "key", "part", name=op.f("pk_customer_counts")),
    )
    op.create_table(
        "customer_changes",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("country", sa.Text()),
        sa.Column("state", sa.Text()),
        sa.Column("city", sa.Text()),
        sa.Column("gender", sa.Text()),
        sa.Column("born", sa.Date()),
        sa.Column("created", sa.Date(), nullable=False),
    )
    op.execute(f"CREATE VIEW customer_change_parts AS {PARTS}")
    op.execute(f"CREATE VIEW customer_counts_now AS {COUNTS_NOW}")
    if dialect == "postgresql":
        _upgrade_postgresql()
    else:
        _upgrade_sqlite()


def _upgrade_postgresql() -> None:
    trigrams = _create_trigrams()
    _create_folded()
    op.execute(
        """
        CREATE TABLE customer_search (
            customer_id bigint CONSTRAINT pk_customer_search PRIMARY KEY,
            key text COLLATE "C" NOT NULL
        )
        """
    )
    op.execute(f"INSERT INTO customer_search SELECT id, {_folded_key('customers')} FROM customers")
    if trigrams:
        op.execute(
            # What waits to enter the index is read by every search: kilobytes, not megabytes.
            "CREATE INDEX ix_customer_search_key ON customer_search "
            "USING gin (key gin_trgm_ops) WITH (gin_pending_list_limit = 256)"
        )
    every_change = _change("customers", "1", "postgresql")
    op.execute(f"INSERT INTO customer_changes SELECT {every_change} FROM customers")
    for name, body in POSTGRESQL_FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
    for trigger in POSTGRESQL_TRIGGERS:
        op.execute(trigger)


def _create_trigrams() -> bool:
    """Whether pg_trgm is there, installed now if need be."""
    if op.get_context().as_sql:
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        return True
    connection = op.get_bind()
    there = "SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'"
    if connection.scalar(sa.text(there)):
        return True
    offered = "SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'"
    if not connection.scalar(sa.text(offered)):
        log.warning("This PostgreSQL has no pg_trgm: searching works, but reads every customer.")
        return False
    allowed = "SELECT has_database_privilege(current_database(), 'CREATE')"
    if not connection.scalar(sa.text(allowed)):
        raise SystemExit(
            "customers-api: the database role may not create the extension pg_trgm; have its owner "
            "run: CREATE EXTENSION pg_trgm"
        )
    op.execute("CREATE EXTENSION pg_trgm")
    return True


def _create_folded() -> None:
    """Lower case by Unicode, where this PostgreSQL knows it, whatever the database's locale."""
    known = "SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'"
    offline = op.get_context().as_sql
    collation = 'COLLATE "und-x-icu"' if offline or op.get_bind().scalar(sa.text(known)) else ""
    op.execute(
        f"""
        CREATE FUNCTION folded(text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
            SELECT lower($1 {collation}) COLLATE "C"
        $$
        """
    )


def _upgrade_sqlite() -> None:
    op.execute("CREATE VIRTUAL TABLE customer_search USING fts5(key, tokenize = 'trigram')")
    key, old_key = _key("new", "sqlite"), _key("old", "sqlite")
    every_key = _key("customers", "sqlite")
    op.execute(f"INSERT INTO customer_search (rowid, key) SELECT id, {every_key} FROM customers")
    op.execute(
        f"INSERT INTO customer_changes SELECT {_change('customers', '1', 'sqlite')} FROM customers"
    )
    inserted = f"INSERT INTO customer_changes SELECT {_change('new', '1', 'sqlite')};"
    removed = f"INSERT INTO customer_changes SELECT {_change('old', '-1', 'sqlite')};"
    op.execute(
        f"""
        CREATE TRIGGER customers_inserted AFTER INSERT ON customers BEGIN
            {inserted}
            INSERT INTO customer_search (rowid, key) VALUES (new.id, {key});
        END
        """
    )
    op.execute(
        f"""
        CREATE TRIGGER customers_removed AFTER DELETE ON customers BEGIN
            {removed}
            DELETE FROM customer_search WHERE rowid = old.id;
        END
        """
    )
    op.execute(
        f"""
        CREATE TRIGGER customers_counted AFTER UPDATE OF {COUNTED} ON customers BEGIN
            {removed}
            {inserted}
        END
        """
    )
    op.execute(
        f"""
        CREATE TRIGGER customers_searched AFTER UPDATE OF {SEARCHED} ON customers
        WHEN {key} <> {old_key} BEGIN
            UPDATE customer_search SET key = {key} WHERE rowid = new.id;
        END
        """
    )


def _key(row: str, dialect: str) -> str:
    """A customer's text: the fields that the search's `query` looks at, with borders."""
    border = BORDER[dialect]
    fields = [
        f"{row}.first_name || CASE {row}.last_name WHEN '' THEN '' ELSE ' ' || {row}.last_name END",
        *(f"{row}.{name}" for name in ("email", "username", "customer_id")),
        *(f"coalesce({row}.{name}, '')" for name in ("company_name", "phone")),
    ]
    return f" || {border} || ".join(fields)


def _folded_key(row: str) -> str:
    """A customer's text as PostgreSQL keeps it; SQLite's index folds by itself."""
    return f"folded({_key(row, 'postgresql')})"


def _change(row: str, n: str, dialect: str) -> str:
    """A customer as a row of `customer_changes`."""
    created = {
        "postgresql": f"({row}.created_at AT TIME ZONE 'UTC')::date",
        "sqlite": f"date({row}.created_at)",
    }
    columns = ("country", "state", "city", "gender", "date_of_birth")
    values = ", ".join(f"{row}.{name}" for name in columns)
    return (
        f"{row}.id, {n}, {row}.customer_status = 'active', "
        f"{row}.email_verified AND {row}.phone_verified, {values}, {created[dialect]}"
    )


POSTGRESQL_FUNCTIONS = {
    "note_inserted_customers": f"""
        BEGIN
            INSERT INTO customer_changes SELECT {_change("n", "1", "postgresql")} FROM new_rows n;
            INSERT INTO customer_search SELECT id, {_folded_key("n")} FROM new_rows n;
            RETURN NULL;
        END
    """,
    "note_removed_customers": f"""
        BEGIN
            INSERT INTO customer_changes SELECT {_change("o", "-1", "postgresql")} FROM old_rows o;
            DELETE FROM customer_search s USING old_rows o WHERE s.customer_id = o.id;
            RETURN NULL;
        END
    """,
    # What is in one table and not in the other, without a join: a plan for few rows, which is kept
    # from the first call on, would join very many in a loop.
    "note_changed_customers": f"""
        BEGIN
            INSERT INTO customer_changes
            (SELECT {_change("o", "-1", "postgresql")} FROM old_rows o
            EXCEPT ALL SELECT {_change("n", "-1", "postgresql")} FROM new_rows n)
            UNION ALL
            (SELECT {_change("n", "1", "postgresql")} FROM new_rows n
            EXCEPT ALL SELECT {_change("o", "1", "postgresql")} FROM old_rows o);
            UPDATE customer_search s SET key = folded(changed.key) FROM (
                SELECT n.id, {_key("n", "postgresql")} AS key FROM new_rows n
                EXCEPT ALL SELECT o.id, {_key("o", "postgresql")} FROM old_rows o
            ) AS changed WHERE s.customer_id = changed.id;
            RETURN NULL;
        END
    """,
}
POSTGRESQL_TRIGGERS = (
    "CREATE TRIGGER customers_inserted AFTER INSERT ON customers REFERENCING NEW TABLE AS new_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION note_inserted_customers()",
    "CREATE TRIGGER customers_removed AFTER DELETE ON customers REFERENCING OLD TABLE AS old_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION note_removed_customers()",
    "CREATE TRIGGER customers_changed AFTER UPDATE ON customers REFERENCING OLD TABLE AS old_rows "
    "NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_changed_customers()",
)


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        for trigger in ("inserted", "removed", "changed"):
            op.execute(f"DROP TRIGGER customers_{trigger} ON customers")
            op.execute(f"DROP FUNCTION note_{trigger}_customers()")
        op.drop_table("customer_search")
        op.execute("DROP FUNCTION folded(text)")
    else:
        for trigger in ("inserted", "removed", "counted", "searched"):
            op.execute(f"DROP TRIGGER customers_{trigger}")
        op.drop_table("customer_search")
    op.execute("DROP VIEW customer_counts_now")
    op.execute("DROP VIEW customer_change_parts")
    op.drop_table("customer_changes")
    op.drop_table("customer_counts")
