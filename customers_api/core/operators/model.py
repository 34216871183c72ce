"""The people who run the registry."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from customers_api.core.types import Id, Instant
from customers_api.extensions import Base


class Operator(Base):
    """Somebody who signs in with a username and a password, and has a role."""

    __tablename__ = "operators"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(50))
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    last_login_at: Mapped[datetime | None] = mapped_column(Instant)
    disabled_at: Mapped[datetime | None] = mapped_column(Instant)
    # Sessions begun before this moment are over.
    signed_out_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        Index("uq_operators_username", "username", unique=True),
        Index("ix_operators_updated_at", "updated_at"),
        CheckConstraint("role IN ('reader', 'editor', 'admin')", name="role"),
        {"sqlite_autoincrement": True},
    )
