"""Keep with each text when its customer came, by which what a search finds is sorted.

Else each customer found is looked up for that alone: thousands, to show the newest ten. Only
PostgreSQL; SQLite's index of text holds nothing else. See docs/decisions/0009.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# Whoever moves texts from the first to the second locks them in this order.
TABLES = ("customer_search_waiting", "customer_search")
SEARCHED = ("first_name", "last_name", "email", "username", "customer_id", "company_name", "phone")
KEY = """folded(
    {0}.first_name || CASE {0}.last_name WHEN '' THEN '' ELSE ' ' || {0}.last_name END
    || E'\\x1f' || {0}.email || E'\\x1f' || {0}.username || E'\\x1f' || {0}.customer_id
    || E'\\x1f' || coalesce({0}.company_name, '') || E'\\x1f' || coalesce({0}.phone, '')
)"""
INSERTED = """
    BEGIN
        INSERT INTO customer_changes
        SELECT n.id, 1, n.customer_status = 'active', n.email_verified AND n.phone_verified,
            n.country, n.state, n.city, n.gender, n.date_of_birth,
            (n.created_at AT TIME ZONE 'UTC')::date
        FROM new_rows n;
        INSERT INTO customer_search_waiting SELECT {text} FROM new_rows n;
        INSERT INTO customer_tags (customer_id, tag)
        SELECT n.id, tag FROM new_rows n, unnest(string_to_array(n.tags, ',')) AS tag
        WHERE n.tags IS NOT NULL;
        RETURN NULL;
    END
"""
CHANGED = """
    BEGIN
        UPDATE customer_search_waiting SET {text} WHERE customer_id = NEW.id;
        IF NOT FOUND THEN
            UPDATE customer_search SET {text} WHERE customer_id = NEW.id;
        END IF;
        RETURN NULL;
    END
"""
INDEX = """
    DO $$ BEGIN
        IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm') THEN
            CREATE INDEX ix_customer_search_key ON customer_search
            USING gin (key gin_trgm_ops) WITH (gin_pending_list_limit = 4096);
        END IF;
    END $$
"""


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute(f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
    op.execute(f"TRUNCATE {', '.join(TABLES)}")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} ADD COLUMN created_at timestamptz NOT NULL")
    # Filled without it, and then built: quicker than entering each text.
    op.execute("DROP INDEX IF EXISTS ix_customer_search_key")
    op.execute(
        f"INSERT INTO customer_search SELECT c.id, {KEY.format('c')}, c.created_at "
        "FROM customers c ORDER BY c.id"
    )
    op.execute("SET LOCAL maintenance_work_mem = '256MB'")
    op.execute(INDEX)
    _show("customer_id, key, created_at")
    _make("note_inserted_customers", INSERTED, f"n.id, {KEY.format('n')}, n.created_at")
    changed = f"key = {KEY.format('NEW')}, created_at = NEW.created_at"
    _make("note_searched_change", CHANGED, changed)
    _on_change(*SEARCHED, "created_at")


def _show(columns: str) -> None:
    op.execute("DROP VIEW customer_texts")
    op.execute(
        f"CREATE VIEW customer_texts AS SELECT {columns} FROM customer_search "
        f"UNION ALL SELECT {columns} FROM customer_search_waiting"
    )


def _make(name: str, body: str, text: str) -> None:
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        f"AS $${body.format(text=text)}$$"
    )


def _on_change(*columns: str) -> None:
    old, new = (", ".join(f"{row}.{name}" for name in columns) for row in ("OLD", "NEW"))
    op.execute("DROP TRIGGER customers_searched ON customers")
    op.execute(
        f"CREATE TRIGGER customers_searched AFTER UPDATE OF {', '.join(columns)} ON customers "
        f"FOR EACH ROW WHEN (({old}) IS DISTINCT FROM ({new})) "
        "EXECUTE FUNCTION note_searched_change()"
    )


def downgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute(f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
    _on_change(*SEARCHED)
    _make("note_searched_change", CHANGED, f"key = {KEY.format('NEW')}")
    _make("note_inserted_customers", INSERTED, f"n.id, {KEY.format('n')}")
    _show("customer_id, key")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN created_at")
