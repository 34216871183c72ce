"""The answers that are kept for requests that may be sent again."""

from datetime import datetime
from typing import cast

from sqlalchemy import JSON, Index, LargeBinary, String, Table
from sqlalchemy.orm import Mapped, mapped_column

from customers_api.core.types import Id, Instant
from customers_api.extensions import Base


class KeptAnswer(Base):
    """What a caller was answered to the request with this key; the body is compressed.

    One that must not be told again has no headers and nothing, not even compressed, as its body.
    """

    __tablename__ = "kept_answers"

    caller: Mapped[str] = mapped_column(String(60), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    headers: Mapped[dict[str, str]] = mapped_column(JSON)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Instant)

    __table_args__ = (Index("ix_kept_answers_created_at", "created_at"),)


class KeptAnswerCustomer(Base):
    """A customer whom a kept answer shows; see core/customers/answers.py.

    It refers to neither, as each would be looked up anew: a trigger removes it with the answer.
    """

    __tablename__ = "kept_answer_customers"

    customer_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    caller: Mapped[str] = mapped_column(String(60), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)

    __table_args__ = (Index("ix_kept_answer_customers_caller", "caller", "key"),)


KEPT = cast(Table, KeptAnswer.__table__)
SHOWN = cast(Table, KeptAnswerCustomer.__table__)
