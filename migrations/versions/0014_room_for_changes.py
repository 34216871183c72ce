"""Leave room in PostgreSQL's pages of customers, so that a change that no index shows stays there.

Else the changed row goes to another page, and is entered anew in all nine indexes. Only pages that
are filled from now on have the room; see docs/operating.md. SQLite changes rows where they are.
"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE customers SET (fillfactor = 90)")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("ALTER TABLE customers RESET (fillfactor)")
