"""The customer's record, and what the database keeps beside it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from customers_api.core.types import Choices, Id, Instant, Money
from customers_api.extensions import Base


class Status(StrEnum):
    """Where a customer stands; `is_active` is another way to say `active`."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    CANCELED = "canceled"


# Written out wherever it is asked for: a database uses a partial index only where it sees that.
INACTIVE = f"customer_status <> '{Status.ACTIVE.value}'"
CHANNELS = ("email", "text", "phone")
_channels = Choices(CHANNELS)


def _one_of(column: str, values: Sequence[str]) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({_quoted(values)})", name=column)


def _quoted(values: Sequence[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


class Customer(Base):
    """One customer; the columns are those of the registry contract and the union's own."""

    __tablename__ = "customers"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    uuid: Mapped[UUID] = mapped_column(Uuid)
    customer_id: Mapped[str] = mapped_column(String(50))
    username: Mapped[str] = mapped_column(String(50))
    group_id: Mapped[int | None] = mapped_column(Id, ForeignKey("groups.id"))

    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    email: Mapped[str] = mapped_column(String(255))
    # What makes an email the same as another: see identity.email_key.
    email_key: Mapped[str] = mapped_column(String(510))
    phone: Mapped[str | None] = mapped_column(String(20))

    address_line1: Mapped[str | None] = mapped_column(String(255))
    address_line2: Mapped[str | None] = mapped_column(String(255))
    city: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str | None] = mapped_column(String(100))
    postal_code: Mapped[str | None] = mapped_column(String(20))
    country: Mapped[str | None] = mapped_column(String(100))
    # A JSON object as text, as a client gave it; the six above win: see addresses.py.
    address: Mapped[str | None] = mapped_column(Text)

    date_of_birth: Mapped[date | None]
    gender: Mapped[str | None] = mapped_column(String(20))
    company_name: Mapped[str | None] = mapped_column(String(255))
    tax_id: Mapped[str | None] = mapped_column(String(50))

    customer_status: Mapped[str] = mapped_column(
        String(20), default=Status.ACTIVE.value, server_default=Status.ACTIVE.value
    )
    email_verified: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    phone_verified: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    marketing_emails: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    marketing_sms: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    is_loyalty_member: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    lifetime_value: Mapped[Decimal] = mapped_column(
        Money, default=Decimal("0.00"), server_default=text("0")
    )
    preferred_communication_channels: Mapped[Sequence[str]] = mapped_column(
        _channels, default=(), server_default=""
    )
    customer_acquisition_date: Mapped[datetime | None] = mapped_column(Instant)

    notes: Mapped[str | None] = mapped_column(Text)
    # Separated by commas, as they are shown; triggers keep a row for each in `customer_tags`.
    tags: Mapped[str | None] = mapped_column(String(500))
    # A JSON object as text: no number and no order of keys is rewritten.
    # `metadata` is the declarative base's own name, so the attribute carries an underscore.
    metadata_: Mapped[str] = mapped_column("metadata", Text, default="{}", server_default="{}")

    version: Mapped[int] = mapped_column(Id, default=1, server_default=text("1"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)
    last_login_at: Mapped[datetime | None] = mapped_column(Instant)

    __table_args__ = (
        # It holds the beginning of the UUID, so no two customers have the same one of that either.
        Index("uq_customers_customer_id", "customer_id", unique=True),
        Index("uq_customers_username", "username", unique=True),
        Index("uq_customers_email_key", "email_key", unique=True),
        Index("ix_customers_group_id", "group_id", "id"),
        Index("ix_customers_country", "country", "id"),
        Index("ix_customers_city", "city", "id"),
        Index(
            "ix_customers_inactive",
            "id",
            postgresql_where=text(INACTIVE),
            sqlite_where=text(INACTIVE),
        ),
        Index("ix_customers_created_at", "created_at", "id"),
        _one_of("customer_status", [status.value for status in Status]),
        # Most have none, and need not be looked up among all orders of all choices. PostgreSQL has
        # these in a function, `is_order_of_channels`; see docs/decisions/0025.
        CheckConstraint(
            "preferred_communication_channels = '' OR preferred_communication_channels IN "
            f"({_quoted(_channels.every_value())})",
            name="preferred_communication_channels",
        ),
        CheckConstraint("version >= 1", name="version"),
        {"sqlite_autoincrement": True},
    )


class CustomerTag(Base):
    """One tag of a customer, written by triggers as the customer's `tags` change.

    It refers to no customer, as each tag would be checked anew: the triggers remove it.
    """

    __tablename__ = "customer_tags"

    tag: Mapped[str] = mapped_column(String(500), primary_key=True)
    customer_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)


class CustomerCount(Base):
    """How many customers have something in common; see statistics.py, and the triggers."""

    __tablename__ = "customer_counts"

    dimension: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    part: Mapped[str] = mapped_column(Text, primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger)


# What changed of the counts since they were last brought up to date; rows are never told apart.
CUSTOMER_CHANGES = Table(
    "customer_changes",
    Base.metadata,
    Column("id", BigInteger, nullable=False),
    Column("n", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("verified", Boolean, nullable=False),
    Column("country", Text),
    Column("state", Text),
    Column("city", Text),
    Column("gender", Text),
    Column("born", Date),
    Column("created", Date, nullable=False),
)

CUSTOMERS = cast(Table, Customer.__table__)
TAGS = cast(Table, CustomerTag.__table__)


def length_of(column: str) -> int:
    """The most characters that the customers' text column `column` holds."""
    length = getattr(CUSTOMERS.c[column].type, "length", None)
    if length is None:
        raise LookupError(f"customers.{column} has no length")
    return int(length)
