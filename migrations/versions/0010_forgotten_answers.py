"""Add whom kept answers show, so that with a customer what they tell is forgotten.

A trigger removes it with the answer. See docs/decisions/0021.
"""

import zlib

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
ANSWERS = sa.table("kept_answers", sa.column("body", sa.LargeBinary()))
FUNCTION = """
    CREATE FUNCTION note_removed_answers() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            DELETE FROM kept_answer_customers s USING old_rows o
            WHERE s.caller = o.caller AND s.key = o.key;
            RETURN NULL;
        END
    $$
"""
TRIGGERS = {
    "postgresql": "AFTER DELETE ON kept_answers REFERENCING OLD TABLE AS old_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION note_removed_answers()",
    "sqlite": "AFTER DELETE ON kept_answers BEGIN DELETE FROM kept_answer_customers "
    "WHERE caller = old.caller AND key = old.key; END",
}


def upgrade() -> None:
    op.create_table(
        "kept_answer_customers",
        sa.Column("customer_id", ID, autoincrement=False, nullable=False),
        sa.Column("caller", sa.String(60), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint(
            "customer_id", "caller", "key", name=op.f("pk_kept_answer_customers")
        ),
    )
    op.create_index("ix_kept_answer_customers_caller", "kept_answer_customers", ["caller", "key"])
    dialect = op.get_context().dialect.name
    if dialect == "postgresql":
        op.execute(FUNCTION)
    op.execute(f"CREATE TRIGGER kept_answers_removed {TRIGGERS[dialect]}")


def downgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP TRIGGER kept_answers_removed ON kept_answers")
        op.execute("DROP FUNCTION note_removed_answers()")
    else:
        op.execute("DROP TRIGGER kept_answers_removed")
    op.drop_table("kept_answer_customers")
    # What is forgotten is told again as nothing: the code before reads whatever is kept.
    op.execute(sa.update(ANSWERS).where(ANSWERS.c.body == b"").values(body=zlib.compress(b"")))
