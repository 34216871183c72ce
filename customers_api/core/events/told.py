"""Changes as the columns of an event, put together by PostgreSQL where it updates the rows.

What changes.py does with values, for columns: what it would tell, the database tells alike, and
neither the old nor the new values make the journey to us and back.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    Integer,
    String,
    Text,
    case,
    cast,
    func,
    literal_column,
    or_,
)

from customers_api.core.events.changes import LONGEST_VALUE
from customers_api.core.types import Choices, Instant, Money

Column = ColumnElement[object]
Json = ColumnElement[str]
NULL: Json = literal_column("'null'", Text)
MOST: ColumnElement[int] = literal_column(str(LONGEST_VALUE), Integer)


def columns(
    changes: Mapping[str, tuple[Column, Column]], *, objects: Sequence[str] = ()
) -> dict[str, Json]:
    """The columns `fields`, `old_values` and `new_values` of an event, of old and new columns.

    `objects` are those that hold a JSON object as text.
    """
    different = {name: old.is_distinct_from(new) for name, (old, new) in changes.items()}
    old, new = (
        [
            case((different[name], _json(pair[place], raw=name in objects)))
            for name, pair in changes.items()
        ]
        for place in (0, 1)
    )
    had_values = or_(*(different[n] & pair[0].is_not(None) for n, pair in changes.items()))
    names = [case((each, _quoted(name))) for name, each in different.items()]
    return {
        "fields": func.concat_ws(_quoted(","), *names),
        "old_values": case((had_values, _array(old))),
        "new_values": case((or_(*different.values()), _array(new))),
    }


def _array(values: Sequence[Json]) -> Json:
    return _quoted("[") + func.concat_ws(_quoted(","), *values) + _quoted("]")


def _json(column: Column, *, raw: bool) -> Json:
    """The column's value as JSON, one that is too long as changes.py tells such a one."""
    written = func.coalesce(_written(column, raw=raw), NULL)
    if isinstance(column.type, Text):
        length = func.octet_length if raw else func.char_length
        return case((length(column) > MOST, _brief(column)), else_=written)
    return written


def _written(column: Column, *, raw: bool) -> Json:
    if raw:
        return cast(column, Text)
    kind = column.type
    if isinstance(kind, Choices):
        listed = func.replace(column, _quoted(","), _quoted('","'))
        full = _quoted('["') + listed + _quoted('"]')
        return case((cast(column, Text) == _quoted(""), _quoted("[]")), else_=full)
    if isinstance(kind, Money):
        return _quoted('"') + cast(column, Text) + _quoted('"')
    if isinstance(kind, Instant):
        return _quoted('"') + _moment(column) + _quoted('"')
    written: Json = cast(func.to_json(column), Text)
    if not isinstance(kind, String | Boolean | Date | Integer):
        raise LookupError(f"{column} is of a kind that no event tells yet")
    return written


def _moment(column: Column) -> Json:
    """With six digits of its second, or none: to_json leaves zeros at the end out."""
    form = _quoted('YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    moment = func.to_char(func.timezone(_quoted("UTC"), column), form)
    return func.replace(moment, _quoted(".000000Z"), _quoted("Z"))


def _brief(column: Column) -> Json:
    digest = func.encode(func.sha256(func.convert_to(column, _quoted("UTF8"))), _quoted("hex"))
    told = func.json_build_object(
        _quoted("characters"), func.char_length(column), _quoted("sha256"), digest
    )
    return cast(told, Text)


def _quoted(text: str) -> Json:
    # Written out: as parameters they would be sent with every request.
    return literal_column(f"'{text}'", Text)
