"""Let customers sign in: credentials, recovery codes, sessions; and count failures to sign in.

A customer who is no longer active has no sessions: the database ends them itself, so that no way of
writing a customer can forget them, and being active again does not bring them back.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
WHEN = "OLD.customer_status = 'active' AND NEW.customer_status <> 'active'"
END_SESSIONS = "DELETE FROM customer_sessions WHERE customer_id = NEW.id;"
TRIGGERS = {
    "postgresql": (
        "CREATE FUNCTION end_customer_sessions() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {END_SESSIONS} RETURN NULL; END $$",
        "CREATE TRIGGER customers_deactivated AFTER UPDATE OF customer_status ON customers "
        f"FOR EACH ROW WHEN ({WHEN}) EXECUTE FUNCTION end_customer_sessions()",
    ),
    "sqlite": (
        "CREATE TRIGGER customers_deactivated AFTER UPDATE OF customer_status ON customers "
        f"FOR EACH ROW WHEN {WHEN} BEGIN {END_SESSIONS} END",
    ),
}


def upgrade() -> None:
    op.create_table(
        "login_failures",
        sa.Column("account", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", INSTANT, nullable=False),
        sa.Column("blocked_until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_login_failures")),
    )
    op.create_index("ix_login_failures_failed_at", "login_failures", ["failed_at"])

    op.create_table(
        "customer_credentials",
        sa.Column("customer_id", ID, autoincrement=False, nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=True),
        sa.Column("password_set_at", INSTANT, nullable=True),
        sa.Column("reset_hash", sa.String(64), nullable=True),
        sa.Column("reset_email_key", sa.String(510), nullable=True),
        sa.Column("reset_expires_at", INSTANT, nullable=True),
        sa.Column("totp_secret", sa.String(64), nullable=True),
        sa.Column("totp_confirmed_at", INSTANT, nullable=True),
        sa.Column("totp_step", ID, nullable=True),
        sa.CheckConstraint(
            "(password_hash IS NULL) = (password_set_at IS NULL)",
            name=op.f("ck_customer_credentials_password"),
        ),
        sa.CheckConstraint(
            "(reset_hash IS NULL) = (reset_expires_at IS NULL) "
            "AND (reset_hash IS NULL) = (reset_email_key IS NULL)",
            name=op.f("ck_customer_credentials_reset"),
        ),
        sa.CheckConstraint(
            "totp_confirmed_at IS NULL OR totp_secret IS NOT NULL",
            name=op.f("ck_customer_credentials_totp"),
        ),
        _of_a_customer("customer_credentials"),
        sa.PrimaryKeyConstraint("customer_id", name=op.f("pk_customer_credentials")),
    )
    op.create_index(
        "uq_customer_credentials_reset_hash", "customer_credentials", ["reset_hash"], unique=True
    )

    op.create_table(
        "customer_recovery_codes",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        _of_a_customer("customer_recovery_codes"),
        sa.PrimaryKeyConstraint(
            "customer_id", "code_hash", name=op.f("pk_customer_recovery_codes")
        ),
    )

    op.create_table(
        "customer_sessions",
        sa.Column("id", ID, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("jti", sa.String(32), nullable=False),
        sa.Column("refresh_jti", sa.String(32), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("refreshed_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        _of_a_customer("customer_sessions"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_sessions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_sessions_customer_id", "customer_sessions", ["customer_id"])
    op.create_index("uq_customer_sessions_jti", "customer_sessions", ["jti"], unique=True)

    for statement in TRIGGERS[op.get_context().dialect.name]:
        op.execute(statement)


def _of_a_customer(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_customer_id")
    return sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER customers_deactivated ON customers")
        op.execute("DROP FUNCTION end_customer_sessions()")
    else:
        op.execute("DROP TRIGGER customers_deactivated")
    for table in (
        "customer_sessions",
        "customer_recovery_codes",
        "customer_credentials",
        "login_failures",
    ):
        op.drop_table(table)
