"""Have PostgreSQL read less of what it keeps as text anew for each write.

It takes the expressions of a table's checks, and of when its triggers fire, apart for each
statement that writes there: those of sixteen orders of channels and of eight columns took a fifth
of its work for changing a customer. In functions they are taken apart once a connection. SQLite
keeps them with the statement. See docs/decisions/0025.
"""

from itertools import permutations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CHECK = "ck_customers_preferred_communication_channels"
CHANNELS = ("email", "text", "phone")
ORDERS = ", ".join(
    f"'{','.join(order)}'" for count in range(4) for order in permutations(CHANNELS, count)
)
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
SEARCHED = (
    "first_name",
    "last_name",
    "email",
    "username",
    "customer_id",
    "company_name",
    "phone",
    "created_at",
)


def _change(row: str, n: int) -> str:
    """A customer as a row of `customer_changes`."""
    columns = ("country", "state", "city", "gender", "date_of_birth")
    values = ", ".join(f"{row}.{name}" for name in columns)
    return (
        f"{row}.id, {n}, {row}.customer_status = 'active', "
        f"{row}.email_verified AND {row}.phone_verified, {values}, "
        f"({row}.created_at AT TIME ZONE 'UTC')::date"
    )


TEXT = """key = folded(
    NEW.first_name || CASE NEW.last_name WHEN '' THEN '' ELSE ' ' || NEW.last_name END
    || E'\\x1f' || NEW.email || E'\\x1f' || NEW.username || E'\\x1f' || NEW.customer_id
    || E'\\x1f' || coalesce(NEW.company_name, '') || E'\\x1f' || coalesce(NEW.phone, '')
), created_at = NEW.created_at"""
COUNT = f"""
    INSERT INTO customer_changes VALUES ({_change("OLD", -1)}), ({_change("NEW", 1)});
"""
SEARCH = f"""
    UPDATE customer_search_waiting SET {TEXT} WHERE customer_id = NEW.id;
    IF NOT FOUND THEN
        UPDATE customer_search SET {TEXT} WHERE customer_id = NEW.id;
    END IF;
"""
# Each trigger, the columns it is about, its function, and what that does.
TRIGGERS = (
    ("customers_counted", COUNTED, "note_counted_change", COUNT),
    ("customers_searched", SEARCHED, "note_searched_change", SEARCH),
)


def upgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    op.execute(
        "CREATE FUNCTION is_order_of_channels(varchar) RETURNS boolean LANGUAGE plpgsql "
        f"IMMUTABLE PARALLEL SAFE AS $$ BEGIN RETURN $1 IN ({ORDERS}); END $$"
    )
    # Most have none, and then nothing is called.
    _check("is_order_of_channels(preferred_communication_channels)")
    for trigger, columns, function, work in TRIGGERS:
        _make(function, f"IF {_differs(columns)} THEN {work} END IF;")
        _on_change(trigger, columns, function, "")


def downgrade() -> None:
    if op.get_context().dialect.name != "postgresql":
        return
    for trigger, columns, function, work in TRIGGERS:
        _on_change(trigger, columns, function, f"WHEN ({_differs(columns)})")
        _make(function, work)
    _check(f"preferred_communication_channels IN ({ORDERS})")
    op.execute("DROP FUNCTION is_order_of_channels(varchar)")


def _check(condition: str) -> None:
    """Replace the check of the channels; all rows are read, at ten million for twelve seconds."""
    op.execute(f"ALTER TABLE customers DROP CONSTRAINT {CHECK}")
    op.execute(
        f"ALTER TABLE customers ADD CONSTRAINT {CHECK} "
        f"CHECK (preferred_communication_channels = '' OR {condition})"
    )


def _differs(columns: tuple[str, ...]) -> str:
    old, new = (", ".join(f"{row}.{name}" for name in columns) for row in ("OLD", "NEW"))
    return f"({old}) IS DISTINCT FROM ({new})"


def _make(name: str, work: str) -> None:
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        f"AS $$ BEGIN {work} RETURN NULL; END $$"
    )


def _on_change(trigger: str, columns: tuple[str, ...], function: str, when: str) -> None:
    op.execute(f"DROP TRIGGER {trigger} ON customers")
    op.execute(
        f"CREATE TRIGGER {trigger} AFTER UPDATE OF {', '.join(columns)} ON customers "
        f"FOR EACH ROW {when} EXECUTE FUNCTION {function}()"
    )
