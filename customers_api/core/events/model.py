"""An event, as the database keeps it."""

from datetime import datetime
from typing import cast

from sqlalchemy import Index, String, Table, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from customers_api.core.types import Id, Instant
from customers_api.extensions import Base

# Written out wherever it is asked for: a database uses a partial index only where it sees that.
REMOVALS = "kind = 'customer.removed'"
# Nearly all are customers', so these are met on any walk along the ids.
CUSTOMER = "customer"
OTHERS = f"subject_type <> '{CUSTOMER}'"


class Event(Base):
    """One thing that happened; it refers to no row, so that what it names may go and it stays.

    `fields` names what changed, separated by commas; the values stand in the same order in
    `old_values` and `new_values`, JSON arrays. No old values: there were none. No new ones where
    fields are named: the values were taken out when the customer was removed.
    """

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(50))
    actor_kind: Mapped[str] = mapped_column(String(20))
    actor_name: Mapped[str] = mapped_column(String(255))
    token_id: Mapped[int | None] = mapped_column(Id)
    operator_id: Mapped[int | None] = mapped_column(Id)
    request_id: Mapped[str | None] = mapped_column(String(64))
    subject_type: Mapped[str] = mapped_column(String(20))
    subject_id: Mapped[int | None] = mapped_column(Id)
    customer_id: Mapped[str | None] = mapped_column(String(50))
    fields: Mapped[str] = mapped_column(Text)
    old_values: Mapped[str | None] = mapped_column(Text)
    new_values: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        Index("ix_events_at", "at"),
        Index("ix_events_kind", "kind", "id"),
        Index("ix_events_actor_name", "actor_name", "id"),
        Index("ix_events_request_id", "request_id", "id"),
        Index(
            "ix_events_subject_type",
            "subject_type",
            "id",
            postgresql_where=text(OTHERS),
            sqlite_where=text(OTHERS),
        ),
        Index("ix_events_subject_type_subject_id", "subject_type", "subject_id", "id"),
        # By which a removed customer is found, whose row no longer tells the number.
        Index(
            "ix_events_removed_customer_id",
            "customer_id",
            postgresql_where=text(REMOVALS),
            sqlite_where=text(REMOVALS),
        ),
        {"sqlite_autoincrement": True},
    )


EVENTS = cast(Table, Event.__table__)
