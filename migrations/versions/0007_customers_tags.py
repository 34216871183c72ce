"""Keep a customer's tags with the customer, as they are shown; the database keeps their index.

`customer_tags`, one row a tag, now follows the column by triggers. See docs/decisions/0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

FROM_TABLE = {
    "postgresql": """
        UPDATE customers SET tags = kept.tags FROM (
            SELECT customer_id, string_agg(tag, ',' ORDER BY position) AS tags
            FROM customer_tags GROUP BY customer_id
        ) AS kept WHERE customers.id = kept.customer_id
    """,
    "sqlite": """
        UPDATE customers SET tags = (
            SELECT group_concat(tag, ',') FROM (
                SELECT tag FROM customer_tags WHERE customer_id = customers.id ORDER BY position
            )
        ) WHERE id IN (SELECT customer_id FROM customer_tags)
    """,
}
# No tag has a comma.
SQLITE_TAGS = """
    INSERT INTO customer_tags (customer_id, position, tag)
    SELECT new.id, each.key, each.value
    FROM json_each('[' || replace(json_quote(new.tags), ',', '","') || ']') AS each
    WHERE new.tags IS NOT NULL;
"""
POSTGRESQL_FUNCTIONS = {
    "note_new_tags": """
        BEGIN
            INSERT INTO customer_tags (customer_id, position, tag)
            SELECT n.id, given.place - 1, given.tag
            FROM new_rows n, unnest(string_to_array(n.tags, ',')) WITH ORDINALITY
                AS given(tag, place);
            RETURN NULL;
        END
    """,
    "note_changed_tags": """
        BEGIN
            DELETE FROM customer_tags WHERE customer_id = NEW.id;
            INSERT INTO customer_tags (customer_id, position, tag)
            SELECT NEW.id, given.place - 1, given.tag
            FROM unnest(string_to_array(NEW.tags, ',')) WITH ORDINALITY AS given(tag, place);
            RETURN NULL;
        END
    """,
}
TRIGGERS = {
    "postgresql": (
        "CREATE TRIGGER customers_tagged_first AFTER INSERT ON customers "
        "REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_new_tags()",
        "CREATE TRIGGER customers_tagged AFTER UPDATE OF tags ON customers FOR EACH ROW "
        "WHEN (OLD.tags IS DISTINCT FROM NEW.tags) EXECUTE FUNCTION note_changed_tags()",
    ),
    "sqlite": (
        f"CREATE TRIGGER customers_tagged_first AFTER INSERT ON customers BEGIN {SQLITE_TAGS} END",
        "CREATE TRIGGER customers_tagged AFTER UPDATE OF tags ON customers "
        "WHEN old.tags IS NOT new.tags BEGIN "
        f"DELETE FROM customer_tags WHERE customer_id = new.id; {SQLITE_TAGS} END",
    ),
}


def upgrade() -> None:
    dialect = op.get_context().dialect.name
    op.add_column("customers", sa.Column("tags", sa.String(500)))
    if dialect == "postgresql":
        # What is counted and searched stays as it is.
        op.execute("ALTER TABLE customers DISABLE TRIGGER customers_changed")
        op.execute(FROM_TABLE[dialect])
        op.execute("ALTER TABLE customers ENABLE TRIGGER customers_changed")
        for name, body in POSTGRESQL_FUNCTIONS.items():
            op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
    else:
        op.execute(FROM_TABLE[dialect])
    for trigger in TRIGGERS[dialect]:
        op.execute(trigger)


def downgrade() -> None:
    on_table = " ON customers" if op.get_context().dialect.name == "postgresql" else ""
    for name in ("customers_tagged", "customers_tagged_first"):
        op.execute(f"DROP TRIGGER {name}{on_table}")
    if on_table:
        for name in POSTGRESQL_FUNCTIONS:
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_column("customers", "tags")
