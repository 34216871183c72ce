"""Add the address of a customer as the JSON object that a client gave."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("address", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("customers", "address")
