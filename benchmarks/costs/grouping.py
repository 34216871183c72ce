"""Puts the people of a SQLite database into groups, as `databases` does on PostgreSQL."""

from sqlalchemy import text

from customers_api.extensions import db
from wsgi import app


def group(groups: int) -> None:
    """So many groups of the same size."""
    with app.app_context(), db.engine.begin() as connection:
        kept = connection.execute(text("SELECT count(*) FROM groups")).scalar_one()
        moment = connection.execute(text("SELECT created_at FROM groups LIMIT 1")).scalar_one()
        for n in range(kept + 1, groups + 1):
            values = {"name": f"benchmark {n}", "moment": moment}
            connection.execute(
                text(
                    "INSERT INTO groups (name, created_at, updated_at)"
                    " VALUES (:name, :moment, :moment)"
                ),
                values,
            )
        connection.execute(
            text("UPDATE customers SET group_id = 1 + id % :groups"), {"groups": groups}
        )
