"""Make the registry: groups, customers, their tags, operators, tokens."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.DateTime(timezone=True)
# SQLite has no decimals and keeps whole hundredths.
MONEY = sa.Numeric(14, 2).with_variant(sa.BigInteger(), "sqlite")
# Every order of every choice of the three.
CHANNELS = (
    "'', 'email', 'text', 'phone', 'email,text', 'email,phone', 'text,email', 'text,phone', "
    "'phone,email', 'phone,text', 'email,text,phone', 'email,phone,text', 'text,email,phone', "
    "'text,phone,email', 'phone,email,text', 'phone,text,email'"
)


def upgrade() -> None:
    op.create_table(
        "groups",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_groups")),
        sqlite_autoincrement=True,
    )
    op.create_index("uq_groups_name", "groups", ["name"], unique=True)

    op.create_table(
        "operators",
        sa.Column("id", ID, nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("last_login_at", INSTANT, nullable=True),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.Column("signed_out_at", INSTANT, nullable=True),
        sa.CheckConstraint("role IN ('reader', 'editor', 'admin')", name=op.f("ck_operators_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_operators_updated_at", "operators", ["updated_at"])
    op.create_index("uq_operators_username", "operators", ["username"], unique=True)

    op.create_table(
        "customers",
        sa.Column("id", ID, nullable=False),
        sa.Column("uuid", sa.Uuid(), nullable=False),
        sa.Column("customer_id", sa.String(50), nullable=False),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("group_id", ID, nullable=True),
        sa.Column("first_name", sa.String(100), nullable=False),
        sa.Column("last_name", sa.String(100), nullable=False),
        sa.Column("email", sa.String(255), nullable=False),
        sa.Column("email_key", sa.String(510), nullable=False),
        sa.Column("phone", sa.String(20), nullable=True),
        sa.Column("address_line1", sa.String(255), nullable=True),
        sa.Column("address_line2", sa.String(255), nullable=True),
        sa.Column("city", sa.String(100), nullable=True),
        sa.Column("state", sa.String(100), nullable=True),
        sa.Column("postal_code", sa.String(20), nullable=True),
        sa.Column("country", sa.String(100), nullable=True),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("gender", sa.String(20), nullable=True),
        sa.Column("company_name", sa.String(255), nullable=True),
        sa.Column("tax_id", sa.String(50), nullable=True),
        sa.Column("customer_status", sa.String(20), server_default="active", nullable=False),
        sa.Column("email_verified", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("phone_verified", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("marketing_emails", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("marketing_sms", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_loyalty_member", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("lifetime_value", MONEY, server_default=sa.text("0"), nullable=False),
        sa.Column(
            "preferred_communication_channels", sa.String(50), server_default="", nullable=False
        ),
        sa.Column("customer_acquisition_date", INSTANT, nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("metadata", sa.Text(), server_default="{}", nullable=False),
        sa.Column("version", ID, server_default=sa.text("1"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.Column("last_login_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "customer_status IN ('active', 'inactive', 'canceled')",
            name=op.f("ck_customers_customer_status"),
        ),
        sa.CheckConstraint(
            "preferred_communication_channels = '' OR preferred_communication_channels IN "
            f"({CHANNELS})",
            name=op.f("ck_customers_preferred_communication_channels"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_customers_version")),
        sa.ForeignKeyConstraint(["group_id"], ["groups.id"], name=op.f("fk_customers_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customers_city", "customers", ["city"])
    op.create_index("ix_customers_country_city", "customers", ["country", "city"])
    op.create_index("ix_customers_country_state", "customers", ["country", "state"])
    op.create_index("ix_customers_created_at", "customers", ["created_at", "id"])
    op.create_index("ix_customers_customer_status", "customers", ["customer_status", "id"])
    op.create_index("ix_customers_group_id", "customers", ["group_id", "id"])
    op.create_index("ix_customers_phone", "customers", ["phone"])
    op.create_index("uq_customers_customer_id", "customers", ["customer_id"], unique=True)
    op.create_index("uq_customers_email_key", "customers", ["email_key"], unique=True)
    op.create_index("uq_customers_username", "customers", ["username"], unique=True)
    op.create_index("uq_customers_uuid", "customers", ["uuid"], unique=True)

    op.create_table(
        "tokens",
        sa.Column("id", ID, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("jti", sa.String(32), nullable=False),
        sa.Column("refresh_jti", sa.String(32), nullable=True),
        sa.Column("operator_id", ID, nullable=True),
        sa.Column("name", sa.String(100), nullable=True),
        sa.Column("role", sa.String(20), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=True),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "(kind = 'service' AND role IS NOT NULL AND name IS NOT NULL AND operator_id IS NULL) "
            "OR (kind = 'session' AND operator_id IS NOT NULL)",
            name=op.f("ck_tokens_owner"),
        ),
        sa.CheckConstraint("kind IN ('service', 'session')", name=op.f("ck_tokens_kind")),
        sa.CheckConstraint("role IN ('reader', 'editor', 'admin')", name=op.f("ck_tokens_role")),
        sa.ForeignKeyConstraint(
            ["operator_id"],
            ["operators.id"],
            name=op.f("fk_tokens_operator_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tokens_operator_id", "tokens", ["operator_id"])
    op.create_index("ix_tokens_revoked_at", "tokens", ["revoked_at"])
    op.create_index("uq_tokens_jti", "tokens", ["jti"], unique=True)

    op.create_table(
        "customer_tags",
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"],
            ["customers.id"],
            name=op.f("fk_customer_tags_customer_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", "position", name=op.f("pk_customer_tags")),
    )
    op.create_index("ix_customer_tags_tag", "customer_tags", ["tag", "customer_id"])
    op.create_index(
        "uq_customer_tags_customer_id_tag", "customer_tags", ["customer_id", "tag"], unique=True
    )


def downgrade() -> None:
    for table in ("customer_tags", "tokens", "customers", "operators", "groups"):
        op.drop_table(table)
