"""Keep less up to date with each write: fewer indexes, and new texts wait to be indexed.

A `customer_id` is the beginning of a UUID, so it leads to the customer of one as well. Texts that
are new are read whole until there are many, in `customer_search_waiting`; `customer_texts` are
both. Tags are looked up by tag alone. See docs/decisions/0019.
"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INACTIVE = sa.text("customer_status <> 'active'")
Indexes = dict[str, tuple[str, ...]]
BEFORE: Indexes = {
    "uq_customers_uuid": ("uuid",),
    "ix_customers_phone": ("phone",),
    "ix_customers_country_city": ("country", "city"),
    "ix_customers_country_state": ("country", "state"),
    "ix_customers_city": ("city",),
    "ix_customers_customer_status": ("customer_status", "id"),
}
AFTER: Indexes = {"ix_customers_city": ("city", "id"), "ix_customers_country": ("country", "id")}

COUNTED = ("country", "state", "city", "gender", "date_of_birth")
# The tags of a row, one a row.
TAGS = {
    "postgresql": "unnest(string_to_array({0}.tags, ','))",
    "sqlite": "json_each('[' || replace(json_quote({0}.tags), ',', '\",\"') || ']')",
}
TAG = {"postgresql": "tag", "sqlite": "tag.value"}


def _change(row: str, n: int, dialect: str) -> str:
    """A customer as a row of `customer_changes`."""
    created = {
        "postgresql": f"({row}.created_at AT TIME ZONE 'UTC')::date",
        "sqlite": f"date({row}.created_at)",
    }
    values = ", ".join(f"{row}.{name}" for name in COUNTED)
    return (
        f"{row}.id, {n}, {row}.customer_status = 'active', "
        f"{row}.email_verified AND {row}.phone_verified, {values}, {created[dialect]}"
    )


def _key(row: str) -> str:
    """A customer's text: what the search's `query` looks at, with borders."""
    fields = [
        f"{row}.first_name || CASE {row}.last_name WHEN '' THEN '' ELSE ' ' || {row}.last_name END",
        *(f"{row}.{name}" for name in ("email", "username", "customer_id")),
        *(f"coalesce({row}.{name}, '')" for name in ("company_name", "phone")),
    ]
    return " || E'\\x1f' || ".join(fields)


def _tags_added(row: str, source: str, dialect: str) -> str:
    """INSERT the tags of `row`, which `source` gives."""
    return (
        f"INSERT INTO customer_tags (customer_id, tag) SELECT {row}.id, {TAG[dialect]} "
        f"FROM {source}{TAGS[dialect].format(row)} AS tag WHERE {row}.tags IS NOT NULL"
    )


def _tags_gone(row: str, dialect: str) -> str:
    """DELETE the tags that `row` has."""
    gone = f"SELECT {TAG[dialect]} FROM {TAGS[dialect].format(row)} AS tag"
    return f"DELETE FROM customer_tags WHERE customer_id = {row}.id AND tag IN ({gone})"


COUNT_INSERTED = (
    f"INSERT INTO customer_changes SELECT {_change('n', 1, 'postgresql')} FROM new_rows n"
)
COUNT_REMOVED = (
    f"INSERT INTO customer_changes SELECT {_change('o', -1, 'postgresql')} FROM old_rows o"
)
TAGS_REMOVED = (
    "DELETE FROM customer_tags t USING old_rows o, "
    "unnest(string_to_array(o.tags, ',')) AS gone(tag) "
    "WHERE t.tag = gone.tag AND t.customer_id = o.id"
)
# In PL/pgSQL each statement sees what was committed before it. A text that is being moved is
# waited for where it was, and then found where it is.
FUNCTIONS = {
    "note_inserted_customers": f"""
        BEGIN
            {COUNT_INSERTED};
            INSERT INTO customer_search_waiting SELECT id, folded({_key("n")}) FROM new_rows n;
            {_tags_added("n", "new_rows n, ", "postgresql")};
            RETURN NULL;
        END
    """,
    "note_removed_customers": f"""
        BEGIN
            {COUNT_REMOVED};
            DELETE FROM customer_search_waiting w USING old_rows o WHERE w.customer_id = o.id;
            DELETE FROM customer_search s USING old_rows o WHERE s.customer_id = o.id;
            {TAGS_REMOVED};
            RETURN NULL;
        END
    """,
    "note_searched_change": f"""
        BEGIN
            UPDATE customer_search_waiting SET key = folded({_key("NEW")})
            WHERE customer_id = NEW.id;
            IF NOT FOUND THEN
                UPDATE customer_search SET key = folded({_key("NEW")}) WHERE customer_id = NEW.id;
            END IF;
            RETURN NULL;
        END
    """,
    "note_changed_tags": f"""
        BEGIN
            {_tags_gone("OLD", "postgresql")};
            {_tags_added("NEW", "", "postgresql")};
            RETURN NULL;
        END
    """,
}
FUNCTIONS_BEFORE = {
    "note_inserted_customers": f"""
        BEGIN
            {COUNT_INSERTED};
            INSERT INTO customer_search SELECT id, folded({_key("n")}) FROM new_rows n;
            {_tags_added("n", "new_rows n, ", "postgresql")};
            RETURN NULL;
        END
    """,
    "note_removed_customers": f"""
        BEGIN
            {COUNT_REMOVED};
            DELETE FROM customer_search s USING old_rows o WHERE s.customer_id = o.id;
            RETURN NULL;
        END
    """,
    "note_searched_change": f"""
        BEGIN
            UPDATE customer_search SET key = folded({_key("NEW")}) WHERE customer_id = NEW.id;
            RETURN NULL;
        END
    """,
    "note_changed_tags": f"""
        BEGIN
            DELETE FROM customer_tags WHERE customer_id = NEW.id;
            {_tags_added("NEW", "", "postgresql")};
            RETURN NULL;
        END
    """,
}


def _sqlite_triggers(*, by_tag: bool) -> dict[str, str]:
    """What SQLite's triggers on tags and removals do, with tags looked up by tag or by customer."""
    gone = {
        row: _tags_gone(row, "sqlite")
        if by_tag
        else f"DELETE FROM customer_tags WHERE customer_id = {row}.id"
        for row in ("old", "new")
    }
    # The foreign key had seen to the tags of who was removed.
    removed = f"{gone['old']};" if by_tag else ""
    added = _tags_added("new", "", "sqlite")
    return {
        "customers_removed": f"AFTER DELETE ON customers BEGIN INSERT INTO customer_changes SELECT "
        f"{_change('old', -1, 'sqlite')}; DELETE FROM customer_search WHERE rowid = old.id; "
        f"{removed} END",
        "customers_tagged_first": f"AFTER INSERT ON customers BEGIN {added}; END",
        "customers_tagged": "AFTER UPDATE OF tags ON customers WHEN old.tags IS NOT new.tags "
        f"BEGIN {gone['old' if by_tag else 'new']}; {added}; END",
    }


def upgrade() -> None:
    dialect = op.get_context().dialect.name
    _replace_indexes(BEFORE, AFTER)
    op.create_index(
        "ix_customers_inactive",
        "customers",
        ["id"],
        postgresql_where=INACTIVE,
        sqlite_where=INACTIVE,
    )
    if dialect == "sqlite":
        _replace_triggers(_sqlite_triggers(by_tag=True), _tags_by_tag)
        return
    _tags_by_tag()
    op.execute(
        """
        CREATE TABLE customer_search_waiting (
            customer_id bigint CONSTRAINT pk_customer_search_waiting PRIMARY KEY,
            key text COLLATE "C" NOT NULL
        )
        """
    )
    op.execute(
        "CREATE VIEW customer_texts AS SELECT customer_id, key FROM customer_search "
        "UNION ALL SELECT customer_id, key FROM customer_search_waiting"
    )
    _replace_functions(FUNCTIONS)


def _replace_indexes(old: Indexes, new: Indexes) -> None:
    for name in old:
        op.drop_index(name, "customers")
    for name, columns in new.items():
        op.create_index(name, "customers", columns, unique=name.startswith("uq_"))


def _replace_functions(functions: dict[str, str]) -> None:
    for name, body in functions.items():
        op.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
        )


def _replace_triggers(triggers: dict[str, str], between: Callable[[], None]) -> None:
    """Have SQLite's triggers again once what they write to was made anew."""
    for name in triggers:
        op.execute(f"DROP TRIGGER {name}")
    between()
    for name, body in triggers.items():
        op.execute(f"CREATE TRIGGER {name} {body}")


def _tags_by_tag() -> None:
    op.drop_table("customer_tags")
    op.create_table(
        "customer_tags",
        sa.Column("tag", sa.String(500), nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.PrimaryKeyConstraint("tag", "customer_id", name=op.f("pk_customer_tags")),
    )
    _fill_tags()


def _tags_by_customer() -> None:
    op.drop_table("customer_tags")
    op.create_table(
        "customer_tags",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("tag", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_tags_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", "tag", name=op.f("pk_customer_tags")),
    )
    op.create_index("ix_customer_tags_tag", "customer_tags", ["tag", "customer_id"])
    _fill_tags()


def _fill_tags() -> None:
    op.execute(_tags_added("customers", "customers, ", op.get_context().dialect.name))


def downgrade() -> None:
    op.drop_index("ix_customers_inactive", "customers")
    _replace_indexes(AFTER, BEFORE)
    if op.get_context().dialect.name == "sqlite":
        _replace_triggers(_sqlite_triggers(by_tag=False), _tags_by_customer)
        return
    _replace_functions(FUNCTIONS_BEFORE)
    op.execute("DROP VIEW customer_texts")
    op.execute("INSERT INTO customer_search SELECT customer_id, key FROM customer_search_waiting")
    op.drop_table("customer_search_waiting")
    _tags_by_customer()
