"""The answers that are kept for requests that may be sent again."""

from datetime import datetime

from sqlalchemy import JSON, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from customers_api.core.types import Instant
from customers_api.extensions import Base


class KeptAnswer(Base):
    """What a caller was answered to the request with this key; the body is compressed."""

    __tablename__ = "kept_answers"

    caller: Mapped[str] = mapped_column(String(60), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_kept_answers_created_at", "created_at"),)
