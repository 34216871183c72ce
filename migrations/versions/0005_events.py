"""Add the events: what was changed, by whom, in which request."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REMOVALS = sa.text("kind = 'customer.removed'")


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("id", ID, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(50), nullable=False),
        sa.Column("actor_kind", sa.String(20), nullable=False),
        sa.Column("actor_name", sa.String(255), nullable=False),
        sa.Column("token_id", ID, nullable=True),
        sa.Column("operator_id", ID, nullable=True),
        sa.Column("request_id", sa.String(64), nullable=True),
        sa.Column("subject_type", sa.String(20), nullable=False),
        sa.Column("subject_id", ID, nullable=True),
        sa.Column("customer_id", sa.String(50), nullable=True),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("old_values", sa.Text(), nullable=True),
        sa.Column("new_values", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_actor_name", "events", ["actor_name", "id"])
    op.create_index("ix_events_at", "events", ["at"])
    op.create_index("ix_events_kind", "events", ["kind", "id"])
    op.create_index(
        "ix_events_removed_customer_id",
        "events",
        ["customer_id"],
        postgresql_where=REMOVALS,
        sqlite_where=REMOVALS,
    )
    op.create_index("ix_events_request_id", "events", ["request_id", "id"])
    op.create_index("ix_events_subject_type", "events", ["subject_type", "id"])
    op.create_index(
        "ix_events_subject_type_subject_id", "events", ["subject_type", "subject_id", "id"]
    )


def downgrade() -> None:
    op.drop_table("events")
