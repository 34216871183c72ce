"""Column types that mean the same on SQLite and on PostgreSQL."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, Numeric, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

# SQLite hands out row ids only to columns declared exactly INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")
LARGEST_ID = 2**63 - 1


class Instant(TypeDecorator[datetime]):
    """A moment in UTC; SQLite keeps no zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment in UTC."""
        return value.astimezone(UTC) if value is not None else None

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """None for PostgreSQL, whose moments are in UTC, as every session of ours is."""
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The moment, aware, in UTC."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Money(TypeDecorator[Decimal]):
    """An exact amount with two places; SQLite has no decimals, so it keeps whole hundredths."""

    impl = Numeric(14, 2)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Decimal] | TypeEngine[int]:
        """BIGINT hundredths on SQLite, NUMERIC elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(Numeric(14, 2))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | int | None:
        """Hundredths for SQLite."""
        if value is None or dialect.name != "sqlite":
            return value
        return int(value.scaleb(2))

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any] | None:
        """None for PostgreSQL, whose driver gives exact amounts."""
        return None if dialect.name == "postgresql" else super().result_processor(dialect, coltype)

    def process_result_value(self, value: Decimal | int | None, dialect: Dialect) -> Decimal | None:
        """The amount, always with two places."""
        if value is None or isinstance(value, Decimal):
            return value
        return Decimal(value).scaleb(-2)


class Choices(TypeDecorator[Sequence[str]]):
    """An ordered choice from a few words without repeats, kept as `email,phone`."""

    impl = String(50)
    cache_ok = True

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self.allowed = allowed
        super().__init__()

    def every_value(self) -> list[str]:
        """Each text the column may hold, for its check constraint."""
        lengths = range(len(self.allowed) + 1)
        return [",".join(order) for n in lengths for order in permutations(self.allowed, n)]

    def process_bind_param(self, value: Sequence[str] | None, dialect: Dialect) -> str | None:
        """The words joined by commas."""
        return None if value is None else ",".join(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> list[str] | None:
        """The words as a list."""
        if value is None:
            return None
        return value.split(",") if value else []
