"""How Alembic runs our migrations: on the application's engine, all of them or none."""

from alembic import context
from sqlalchemy import Connection, text

from customers_api.core.engine import patient
from customers_api.extensions import db

# Any number, as long as it is always the same: two servers that start at once take turns.
MIGRATION_LOCK = 7_307_199_018


def is_compared(_thing: object, name: str | None, kind: str, *_: object) -> bool:
    """Whether autogenerate looks at it: the index of text has no model (see 0002)."""
    return kind != "table" or not (name or "").startswith("customer_search")


def run(connection: Connection) -> None:
    """Migrate within the transaction that is open on this connection."""
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        compare_type=True,
        include_object=is_compared,
        render_as_batch=connection.dialect.name == "sqlite",
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    context.configure(
        url=db.engine.url,
        dialect_name=db.engine.dialect.name,
        target_metadata=db.metadata,
        literal_binds=True,
    )
    with context.begin_transaction():
        context.run_migrations()
elif db.engine.dialect.name == "postgresql":
    with db.engine.connect().execution_options(isolation_level="READ COMMITTED") as connection:
        # An index of a large table takes its time, and so does another server's turn.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        with patient(connection):
            connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
            run(connection)
        connection.commit()
else:
    with db.engine.connect().execution_options(begin_immediate=True) as connection:
        connection.begin()
        run(connection)
        connection.commit()
