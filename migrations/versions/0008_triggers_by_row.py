"""Have PostgreSQL's triggers on changed customers fire row by row, and only where it matters.

Most changes are of one customer, and of nothing that is counted or searched. For those, comparing
whole tables of old and new rows cost as much as the change itself. New customers have one trigger
for all that is kept beside them. See docs/decisions/0016.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COUNTED = (
    "customer_status",
    "email_verified",
    "phone_verified",
    "country",
    "state",
    "city",
    "gender",
    "date_of_birth",
)
SEARCHED = ("first_name", "last_name", "email", "username", "customer_id", "company_name", "phone")


def _change(row: str, n: int) -> str:
    """A customer as a row of `customer_changes`."""
    columns = ("country", "state", "city", "gender", "date_of_birth")
    values = ", ".join(f"{row}.{name}" for name in columns)
    return (
        f"{row}.id, {n}, {row}.customer_status = 'active', "
        f"{row}.email_verified AND {row}.phone_verified, {values}, "
        f"({row}.created_at AT TIME ZONE 'UTC')::date"
    )


def _key(row: str) -> str:
    """A customer's text: what the search's `query` looks at, with borders."""
    fields = [
        f"{row}.first_name || CASE {row}.last_name WHEN '' THEN '' ELSE ' ' || {row}.last_name END",
        *(f"{row}.{name}" for name in ("email", "username", "customer_id")),
        *(f"coalesce({row}.{name}, '')" for name in ("company_name", "phone")),
    ]
    return " || E'\\x1f' || ".join(fields)


COUNT_INSERTED = f"INSERT INTO customer_changes SELECT {_change('n', 1)} FROM new_rows n;"
SEARCH_INSERTED = f"INSERT INTO customer_search SELECT id, folded({_key('n')}) FROM new_rows n;"
TAG_INSERTED = """
    INSERT INTO customer_tags (customer_id, tag)
    SELECT n.id, tag FROM new_rows n, unnest(string_to_array(n.tags, ',')) AS tag;
"""
INSERTED_BEFORE = f"BEGIN {COUNT_INSERTED} {SEARCH_INSERTED} RETURN NULL; END"
INSERTED = f"BEGIN {COUNT_INSERTED} {SEARCH_INSERTED} {TAG_INSERTED} RETURN NULL; END"
COUNTED_CHANGE = f"""
    BEGIN
        INSERT INTO customer_changes VALUES ({_change("OLD", -1)}), ({_change("NEW", 1)});
        RETURN NULL;
    END
"""
SEARCHED_CHANGE = f"""
    BEGIN
        UPDATE customer_search SET key = folded({_key("NEW")}) WHERE customer_id = NEW.id;
        RETURN NULL;
    END
"""
CHANGED_BEFORE = f"""
    BEGIN
        INSERT INTO customer_changes
        (SELECT {_change("o", -1)} FROM old_rows o
        EXCEPT ALL SELECT {_change("n", -1)} FROM new_rows n)
        UNION ALL
        (SELECT {_change("n", 1)} FROM new_rows n
        EXCEPT ALL SELECT {_change("o", 1)} FROM old_rows o);
        UPDATE customer_search s SET key = folded(changed.key) FROM (
            SELECT n.id, {_key("n")} AS key FROM new_rows n
            EXCEPT ALL SELECT o.id, {_key("o")} FROM old_rows o
        ) AS changed WHERE s.customer_id = changed.id;
        RETURN NULL;
    END
"""
TAGGED_FIRST = f"BEGIN {TAG_INSERTED} RETURN NULL; END"


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    _drop("customers_changed", "note_changed_customers")
    _drop("customers_tagged_first", "note_new_tags")
    _make("note_inserted_customers", INSERTED)
    _make("note_counted_change", COUNTED_CHANGE)
    _make("note_searched_change", SEARCHED_CHANGE)
    _on_change("customers_counted", COUNTED, "note_counted_change")
    _on_change("customers_searched", SEARCHED, "note_searched_change")


def _make(name: str, body: str) -> None:
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
    )


def _drop(trigger: str, function: str) -> None:
    op.execute(f"DROP TRIGGER {trigger} ON customers")
    op.execute(f"DROP FUNCTION {function}()")


def _on_change(trigger: str, columns: tuple[str, ...], function: str) -> None:
    old, new = (", ".join(f"{row}.{name}" for name in columns) for row in ("OLD", "NEW"))
    op.execute(
        f"CREATE TRIGGER {trigger} AFTER UPDATE OF {', '.join(columns)} ON customers FOR EACH ROW "
        f"WHEN (({old}) IS DISTINCT FROM ({new})) EXECUTE FUNCTION {function}()"
    )


def downgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    _drop("customers_counted", "note_counted_change")
    _drop("customers_searched", "note_searched_change")
    _make("note_inserted_customers", INSERTED_BEFORE)
    _make("note_new_tags", TAGGED_FIRST)
    op.execute(
        "CREATE TRIGGER customers_tagged_first AFTER INSERT ON customers "
        "REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note_new_tags()"
    )
    _make("note_changed_customers", CHANGED_BEFORE)
    op.execute(
        "CREATE TRIGGER customers_changed AFTER UPDATE ON customers "
        "REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows "
        "FOR EACH STATEMENT EXECUTE FUNCTION note_changed_customers()"
    )
