"""What a customer signs in with, and the sessions that come of it."""

from datetime import datetime
from typing import cast

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from customers_api.core.types import Id, Instant
from customers_api.extensions import Base


class CustomerCredentials(Base):
    """A customer's password and second factor, and the token that may reset the password.

    A reset is good for the email it was asked for. `totp_step` is the last one that was used;
    the second factor is asked for once it has been confirmed.
    """

    __tablename__ = "customer_credentials"

    customer_id: Mapped[int] = mapped_column(
        Id, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    password_hash: Mapped[str | None] = mapped_column(String(255))
    password_set_at: Mapped[datetime | None] = mapped_column(Instant)
    reset_hash: Mapped[str | None] = mapped_column(String(64))
    reset_email_key: Mapped[str | None] = mapped_column(String(510))
    reset_expires_at: Mapped[datetime | None] = mapped_column(Instant)
    totp_secret: Mapped[str | None] = mapped_column(String(64))
    totp_confirmed_at: Mapped[datetime | None] = mapped_column(Instant)
    totp_step: Mapped[int | None] = mapped_column(Id)

    __table_args__ = (
        Index("uq_customer_credentials_reset_hash", "reset_hash", unique=True),
        CheckConstraint("(password_hash IS NULL) = (password_set_at IS NULL)", name="password"),
        CheckConstraint(
            "(reset_hash IS NULL) = (reset_expires_at IS NULL) "
            "AND (reset_hash IS NULL) = (reset_email_key IS NULL)",
            name="reset",
        ),
        CheckConstraint("totp_confirmed_at IS NULL OR totp_secret IS NOT NULL", name="totp"),
    )


class RecoveryCode(Base):
    """A code that stands in once for the second factor; used, it is gone."""

    __tablename__ = "customer_recovery_codes"

    customer_id: Mapped[int] = mapped_column(
        Id, ForeignKey("customers.id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)


class CustomerSession(Base):
    """A customer's session; ended, it is gone. `refresh_jti` is the refresh token still good."""

    __tablename__ = "customer_sessions"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    customer_id: Mapped[int] = mapped_column(Id, ForeignKey("customers.id", ondelete="CASCADE"))
    jti: Mapped[str] = mapped_column(String(32))
    refresh_jti: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(Instant)
    refreshed_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (
        Index("uq_customer_sessions_jti", "jti", unique=True),
        Index("ix_customer_sessions_customer_id", "customer_id"),
        {"sqlite_autoincrement": True},
    )


CREDENTIALS = cast(Table, CustomerCredentials.__table__)
RECOVERY_CODES = cast(Table, RecoveryCode.__table__)
SESSIONS = cast(Table, CustomerSession.__table__)
