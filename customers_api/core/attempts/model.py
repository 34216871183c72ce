"""Failures to sign in, by account, whether there is such an account or not."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from customers_api.core.types import Instant
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
