"""Keep a customer's tags with the customer, as they are shown; the database keeps their index.

`customer_tags`, one row a tag, follows the column by triggers. The index of what is searched lets
more wait before it sorts it in, which is less work in all. See docs/decisions/0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
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
# The tags of a row, each with its place: no tag has a comma.
PARTS = {
    "postgresql": "unnest(string_to_array({0}.tags, ',')) WITH ORDINALITY AS part(tag, place)",
    "sqlite": "json_each('[' || replace(json_quote({0}.tags), ',', '\",\"') || ']') AS part",
}
TAG = {"postgresql": "part.tag", "sqlite": "part.value"}
PLACE = {"postgresql": "part.place - 1", "sqlite": "part.key"}


def _filling(dialect: str, row: str, source: str) -> str:
    """INSERT the tags of `row`, which `source` gives."""
    return (
        f"INSERT INTO customer_tags (customer_id, tag) SELECT {row}.id, {TAG[dialect]} "
        f"FROM {source}{PARTS[dialect].format(row)} WHERE {row}.tags IS NOT NULL"
    )


POSTGRESQL_FUNCTIONS = {
    "note_new_tags": f"""
        BEGIN
            {_filling("postgresql", "n", "new_rows n, ")};
            RETURN NULL;
        END
    """,
    "note_changed_tags": f"""
        BEGIN
            DELETE FROM customer_tags WHERE customer_id = NEW.id;
            {_filling("postgresql", "NEW", "")};
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
        "CREATE TRIGGER customers_tagged_first AFTER INSERT ON customers "
        f"BEGIN {_filling('sqlite', 'new', '')}; END",
        "CREATE TRIGGER customers_tagged AFTER UPDATE OF tags ON customers "
        "WHEN old.tags IS NOT new.tags BEGIN DELETE FROM customer_tags "
        f"WHERE customer_id = new.id; {_filling('sqlite', 'new', '')}; END",
    ),
}


def upgrade() -> None:
    dialect = op.get_context().dialect.name
    op.add_column("customers", sa.Column("tags", sa.String(500)))
    _untriggered(dialect, FROM_TABLE[dialect])
    op.drop_table("customer_tags")
    _create_tags(key="tag")
    op.execute(_filling(dialect, "customers", "customers, "))
    if dialect == "postgresql":
        for name, body in POSTGRESQL_FUNCTIONS.items():
            op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
    for trigger in TRIGGERS[dialect]:
        op.execute(trigger)
    _let_wait(4096)


def _untriggered(dialect: str, statement: str) -> None:
    """Run an update of customers by which nothing changes of what is counted and searched."""
    if dialect == "postgresql":
        op.execute("ALTER TABLE customers DISABLE TRIGGER customers_changed")
    op.execute(statement)
    if dialect == "postgresql":
        op.execute("ALTER TABLE customers ENABLE TRIGGER customers_changed")


def _create_tags(*, key: str, position: bool = False) -> None:
    op.create_table(
        "customer_tags",
        sa.Column("customer_id", ID, nullable=False),
        *([sa.Column("position", sa.Integer(), nullable=False)] if position else []),
        sa.Column("tag", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_tags_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", key, name=op.f("pk_customer_tags")),
    )
    op.create_index("ix_customer_tags_tag", "customer_tags", ["tag", "customer_id"])


def _let_wait(kilobytes: int) -> None:
    """How much of what is searched may wait to be sorted into its index; every search reads it."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "ALTER INDEX IF EXISTS ix_customer_search_key "
            f"SET (gin_pending_list_limit = {kilobytes})"
        )


def downgrade() -> None:
    dialect = op.get_context().dialect.name
    on_table = " ON customers" if dialect == "postgresql" else ""
    for name in ("customers_tagged", "customers_tagged_first"):
        op.execute(f"DROP TRIGGER {name}{on_table}")
    if dialect == "postgresql":
        for name in POSTGRESQL_FUNCTIONS:
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("customer_tags")
    _create_tags(key="position", position=True)
    op.execute(
        "INSERT INTO customer_tags (customer_id, position, tag) "
        f"SELECT customers.id, {PLACE[dialect]}, {TAG[dialect]} "
        f"FROM customers, {PARTS[dialect].format('customers')} WHERE customers.tags IS NOT NULL"
    )
    op.create_index(
        "uq_customer_tags_customer_id_tag", "customer_tags", ["customer_id", "tag"], unique=True
    )
    op.drop_column("customers", "tags")
    _let_wait(256)
