"""Failures to sign in, whether there is such an account or not, and addresses known to accounts."""

from datetime import datetime
from typing import cast

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from customers_api.core.types import Id, Instant
from customers_api.extensions import Base


class LoginFailure(Base):
    """How often in a row signing in to an account failed, and when it may be tried again.

    The account is a hash, as unknown names are counted, too, and are nobody's business.
    """

    __tablename__ = "login_failures"

    account: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    failed_at: Mapped[datetime] = mapped_column(Instant)
    blocked_until: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_login_failures_failed_at", "failed_at"),)


class KnownAddress(Base):
    """An address from which an account was signed in to, as a digest that has both in it.

    It goes with its customer or operator; a trigger takes it when the customer's email changes.
    """

    __tablename__ = "known_addresses"

    address: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer_id: Mapped[int | None] = mapped_column(
        Id, ForeignKey("customers.id", ondelete="CASCADE")
    )
    operator_id: Mapped[int | None] = mapped_column(
        Id, ForeignKey("operators.id", ondelete="CASCADE")
    )
    seen_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        CheckConstraint("(customer_id IS NULL) <> (operator_id IS NULL)", name="owner"),
        Index("ix_known_addresses_customer_id", "customer_id"),
        Index("ix_known_addresses_operator_id", "operator_id"),
        Index("ix_known_addresses_seen_at", "seen_at"),
    )


KNOWN_ADDRESSES = cast(Table, KnownAddress.__table__)
