"""Reads of customers: exactly the columns asked for, in one statement and one round trip."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Executable,
    FromClause,
    Integer,
    Select,
    String,
    and_,
    bindparam,
    extract,
    false,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy import cast as sql_cast
from sqlalchemy.sql.functions import coalesce

from customers_api.core import clock, database
from customers_api.core.customers import identity
from customers_api.core.customers.model import CUSTOMERS, Status
from customers_api.core.errors import NotFound
from customers_api.core.paging import Sort
from customers_api.core.statements import AnyRow, Prepared
from customers_api.core.types import LARGEST_ID

C = CUSTOMERS.c
Fields = tuple[str, ...]
# What tells a customer from every other, at the end of a row where whoever reads the row by its
# fields does not see it.
IDENTITY_COLUMNS = (C.id, C.customer_id, C.uuid)
IDENTITY_NAMES = ("row_id", "row_customer_id", "row_uuid")
IDENTITY = tuple(
    column.label(name) for column, name in zip(IDENTITY_COLUMNS, IDENTITY_NAMES, strict=True)
)
WITH_CUSTOMER_ID = C.customer_id.in_(bindparam("wanted", expanding=True))
# A customer is named by its id, in capitals by its customer_id, or by its UUID.
Who = int | str | UUID
Unique = Literal["id", "customer_id", "username", "email_key", "uuid"]


class CustomerNotFound(NotFound):
    """Customer not found"""

    code = "customer-not-found"


def _joined(separator: str, *parts: ColumnElement[Any]) -> ColumnElement[str]:
    # concat_ws, which SQLite lacks before 3.44: each part that has text brings its separator.
    # Written out, as parameters they would be sent with every request.
    nothing: ColumnElement[str] = literal_column("''", String)
    before: ColumnElement[str] = literal_column(f"'{separator}'", String)
    whole = nothing
    for part in parts:
        whole = whole + coalesce(before + func.nullif(part, nothing), nothing)
    return func.substr(whole, literal_column(str(len(separator) + 1)))


def _number(day: ColumnElement[Any]) -> ColumnElement[int]:
    year, month, date = (sql_cast(extract(part, day), Integer) for part in ("year", "month", "day"))
    return year * literal_column("10000") + month * literal_column("100") + date


def _today_number() -> int:
    today = clock.today()
    return today.year * 10_000 + today.month * 100 + today.day


def _age() -> ColumnElement[int]:
    # Dates as the numbers yyyymmdd: the difference, cut to whole ten thousands, is whole years.
    today = bindparam("today_number", callable_=_today_number, type_=Integer)
    return (today - _number(C.date_of_birth)) // literal_column("10000", Integer)


# Which customer, and which state of it: no two states of any two customers have the same. An id
# can be given again after a removal, and an email can move to somebody else.
EDITION = "edition"
EXPRESSIONS: Mapping[str, ColumnElement[Any]] = {
    EDITION: C.customer_id + literal_column("'-'", String) + sql_cast(C.version, String),
    **{column.name: column for column in C if column is not C.email_key},
    **dict(zip(IDENTITY_NAMES, IDENTITY_COLUMNS, strict=True)),
    "is_active": C.customer_status == literal_column(f"'{Status.ACTIVE.value}'", String),
    "is_verified": and_(C.email_verified, C.phone_verified),
    "full_name": _joined(" ", C.first_name, C.last_name),
    "full_address": _joined(
        ", ",
        C.address_line1,
        C.address_line2,
        C.city,
        C.state,
        C.postal_code,
        C.country,
    ),
    "age": _age(),
}
SORTABLE = (
    "id",
    "first_name",
    "last_name",
    "email",
    "username",
    "age",
    "city",
    "country",
    "created_at",
    "updated_at",
    "lifetime_value",
)
TEXT_SORTS = frozenset({"first_name", "last_name", "email", "username", "city", "country"})


def columns(fields: Fields) -> list[ColumnElement[Any]]:
    """The select list for these field names, each labelled with its name."""
    return [EXPRESSIONS[name].label(name) for name in fields]


def get(who: Who, fields: Fields) -> AnyRow:
    """The customer whom this names; raises CustomerNotFound."""
    column, value = name(who)
    return get_by(column, value, fields)


def name(who: Who) -> tuple[Unique, Who]:
    """The column by which this names a customer, and its value there.

    Raises CustomerNotFound where no customer can have it: PostgreSQL refuses even to compare.
    """
    if isinstance(who, int):
        if not 0 < who <= LARGEST_ID:
            raise CustomerNotFound
        return "id", who
    if isinstance(who, UUID):
        return "uuid", who
    if "\0" in who:
        raise CustomerNotFound
    return "customer_id", who


def named(who: Who) -> ColumnElement[bool]:
    """That a customer is the one whom this names."""
    try:
        column, value = name(who)
    except CustomerNotFound:
        return false()
    return having(column, literal(value, C[column].type))


def having(column: Unique, value: ColumnElement[Any]) -> ColumnElement[bool]:
    """That a customer has this value in a column of unique values.

    A UUID is looked up by the customer_id, which holds its beginning: one index serves both.
    """
    if column != "uuid":
        return C[column] == value
    beginning = func.substr(sql_cast(value, String), literal_column("1"), literal_column("8"))
    customer_id = literal_column(f"'{identity.PREFIX}'", String) + func.upper(beginning)
    return and_(C.customer_id == customer_id, C.uuid == value)


def get_by(column: Unique, value: Who, fields: Fields) -> AnyRow:
    """The customer who has this value in a column of unique values; raises CustomerNotFound."""
    # PostgreSQL refuses even to compare with a NUL, which no customer has.
    comparable = not isinstance(value, str) or "\0" not in value
    row = database.first(_by(column, fields), {"wanted": value}) if comparable else None
    if row is None:
        raise CustomerNotFound
    return row


def by_email(email: str, fields: Fields) -> AnyRow:
    """The customer with this email, without regard to case; raises CustomerNotFound."""
    return get_by("email_key", identity.email_key(email), fields)


def uuids_in_use(uuids: Sequence[UUID]) -> frozenset[UUID]:
    """Which of these UUIDs are customers'."""
    return frozenset(row.uuid for row in _of_uuids(_uuids(), uuids)) & frozenset(uuids)


def by_uuid(uuids: Sequence[UUID], fields: Fields) -> list[AnyRow]:
    """The customers with these UUIDs, in their order, and their identity; each must exist."""
    found = {row.row_uuid: row for row in _of_uuids(_by_uuid(fields), uuids)}
    return [found[uuid] for uuid in uuids]


def lowest_id() -> int | None:
    """The lowest id there is, or None where there are no customers."""
    row = database.first(select(C.id).order_by(C.id).limit(1))
    return row.id if row else None


def order_by(sort: Sort, dialect: str, found: FromClause | None = None) -> list[ColumnElement[Any]]:
    """The sort as ORDER BY: unknown values last, ties by id, text by code point.

    Of customers, or of what was `found`: ids, each with the `key` to sort by.
    """
    key = EXPRESSIONS[sort.field] if found is None else found.c.key
    id = C.id if found is None else found.c.id
    if sort.field in TEXT_SORTS and dialect == "postgresql":
        # SQLite compares code points; PostgreSQL would follow the locale of its database.
        key = key.collate("C")
    directed = key.desc() if sort.descending else key.asc()
    if sort.field == "id":
        return [directed]
    # Only where there can be NULLs: an index in the other direction has them at its other end.
    has_unknown = sort.field not in C or C[sort.field].nullable
    return [directed.nulls_last() if has_unknown else directed, id.asc()]


@lru_cache(maxsize=256)
def _by(column: Unique, fields: Fields) -> Prepared:
    wanted = having(column, bindparam("wanted", type_=C[column].type))
    return Prepared(select(*columns(fields)).where(wanted))


@lru_cache(maxsize=64)
def _by_uuid(fields: Fields) -> Select[*tuple[Any, ...]]:
    return select(*columns(fields), *IDENTITY).where(WITH_CUSTOMER_ID)


def _uuids() -> Select[*tuple[Any, ...]]:
    return select(C.uuid).where(WITH_CUSTOMER_ID)


def _of_uuids(statement: Executable, uuids: Sequence[UUID]) -> Iterator[AnyRow]:
    """What a statement finds of the customers with the customer_ids that these UUIDs lead to."""
    for some in database.batches(uuids):
        wanted = [identity.customer_id(uuid) for uuid in some]
        yield from database.rows(statement, {"wanted": wanted})
