"""Add the addresses that accounts are known to have been signed in to from, as digests.

The account is in the digest, by its name, so those of a customer whose email changes are of no use
any more: a trigger removes them, so that no way of writing a customer can forget them. See
docs/decisions/0022.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WHEN = "OLD.email_key <> NEW.email_key"
FORGET = "DELETE FROM known_addresses WHERE customer_id = NEW.id;"
TRIGGERS = {
    "postgresql": (
        "CREATE FUNCTION forget_known_addresses() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {FORGET} RETURN NULL; END $$",
        "CREATE TRIGGER customers_email_changed AFTER UPDATE OF email_key ON customers "
        f"FOR EACH ROW WHEN ({WHEN}) EXECUTE FUNCTION forget_known_addresses()",
    ),
    "sqlite": (
        "CREATE TRIGGER customers_email_changed AFTER UPDATE OF email_key ON customers "
        f"FOR EACH ROW WHEN {WHEN} BEGIN {FORGET} END",
    ),
}


def upgrade() -> None:
    op.create_table(
        "known_addresses",
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("customer_id", ID, nullable=True),
        sa.Column("operator_id", ID, nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(customer_id IS NULL) <> (operator_id IS NULL)", name=op.f("ck_known_addresses_owner")
        ),
        _of("customer"),
        _of("operator"),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_known_addresses")),
    )
    for column in ("customer_id", "operator_id", "seen_at"):
        op.create_index(f"ix_known_addresses_{column}", "known_addresses", [column])
    for statement in TRIGGERS[op.get_context().dialect.name]:
        op.execute(statement)


def _of(noun: str) -> sa.ForeignKeyConstraint:
    name, whose = op.f(f"fk_known_addresses_{noun}_id"), [f"{noun}s.id"]
    return sa.ForeignKeyConstraint([f"{noun}_id"], whose, name=name, ondelete="CASCADE")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER customers_email_changed ON customers")
        op.execute("DROP FUNCTION forget_known_addresses()")
    else:
        op.execute("DROP TRIGGER customers_email_changed")
    op.drop_table("known_addresses")
