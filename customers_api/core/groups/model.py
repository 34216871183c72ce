"""A group of customers."""

from datetime import datetime

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from customers_api.core.types import Id, Instant
from customers_api.extensions import Base


class Group(Base):
    """A named set of customers; a customer is in one group or in none."""

    __tablename__ = "groups"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        Index("uq_groups_name", "name", unique=True),
        {"sqlite_autoincrement": True},
    )
