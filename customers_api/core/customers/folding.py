"""Changes of the counts are folded into them now and then; see docs/decisions/0010.

A change is a row in `customer_changes`, which only grows and so makes no writer wait for another.
"""

from sqlalchemy import Connection, text

from customers_api.core import database

# So many changes may wait to be folded before a writer of this process does it.
MOST_WAITING = 2_000
# Any number, as long as it is always the same: one folds at a time, and nobody waits for it.
FOLDING_LOCK = 7_307_199_019
FOLDED = """
    INSERT INTO customer_counts (dimension, key, part, n)
    SELECT dimension, key, part, sum(n) FROM customer_change_parts AS parts WHERE true
    GROUP BY dimension, key, part HAVING sum(n) <> 0 ORDER BY dimension, key, part
    ON CONFLICT (dimension, key, part) DO UPDATE SET n = customer_counts.n + excluded.n
"""
# How many counts came to nothing when what is `changed` was folded, and removed.
AT_ONCE = """
    WITH changed AS (DELETE FROM customer_changes RETURNING *), folded AS (%s RETURNING n)
    SELECT count(*) FROM folded WHERE n = 0
"""
VIEW = text("SELECT pg_get_viewdef('customer_change_parts'::regclass)")
EMPTIED = text("DELETE FROM customer_counts WHERE n = 0")

_waiting = 0


def note_changes(count: int) -> None:
    """Have the waiting changes folded after this unit of work, if many have come together."""
    global _waiting  # noqa: PLW0603  one number for the process, which need not be exact
    _waiting += count
    if _waiting >= MOST_WAITING:
        _waiting = 0
        database.afterwards(_fold_many)


def fold() -> None:
    """Fold the waiting changes into the counts, unless somebody else is at it."""
    with database.apart(FOLDING_LOCK) as connection:
        if connection is None:
            return
        (_fold_at_once if database.dialect() == "postgresql" else _fold)(connection)


def _fold_many() -> None:
    fold()
    database.clear_away("customer_changes")


def _fold(connection: Connection) -> None:
    connection.execute(text(FOLDED))
    connection.execute(text("DELETE FROM customer_changes"))
    connection.execute(EMPTIED)


def _fold_at_once(connection: Connection) -> None:
    """The same; PostgreSQL need not read the changes once for each part of the view."""
    view = str(connection.scalar(VIEW)).rstrip(";")
    parts = f"({view.replace('customer_changes', 'changed')})"
    if connection.scalar(text(AT_ONCE % FOLDED.replace("customer_change_parts", parts))):
        connection.execute(EMPTIED)
