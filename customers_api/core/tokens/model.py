"""Tokens: one row for each service token and for each operator's session."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from customers_api.core.types import Id, Instant
from customers_api.extensions import Base


class Token(Base):
    """The right to call the API until it expires or is revoked.

    A service token has a name and a role of its own. A session belongs to an operator; its role is
    the operator's, and `refresh_jti` is the one refresh token that is still good.
    """

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    jti: Mapped[str] = mapped_column(String(32))
    refresh_jti: Mapped[str | None] = mapped_column(String(32))
    operator_id: Mapped[int | None] = mapped_column(
        Id, ForeignKey("operators.id", ondelete="CASCADE")
    )
    name: Mapped[str | None] = mapped_column(String(100))
    role: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("uq_tokens_jti", "jti", unique=True),
        Index("ix_tokens_operator_id", "operator_id"),
        Index("ix_tokens_revoked_at", "revoked_at"),
        CheckConstraint("kind IN ('service', 'session')", name="kind"),
        CheckConstraint("role IN ('reader', 'editor', 'admin')", name="role"),
        CheckConstraint(
            "(kind = 'service' AND role IS NOT NULL AND name IS NOT NULL AND operator_id IS NULL) "
            "OR (kind = 'session' AND operator_id IS NOT NULL)",
            name="owner",
        ),
        {"sqlite_autoincrement": True},
    )
