"""Documents for any schema: right, nearly right and wrong, drawn from what its fields say."""

from functools import cache
from typing import Any

from hypothesis import strategies as st
from marshmallow import Schema, ValidationError, validate

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WORDS = [
    *("", " ", "a", " a ", "\x1ca", "\u3000a", "a\nb", "a\0", "x" * 1001, "a,b, a ,,c", "none"),
    *("0", "1", "-1", "007", "1000", "1001", "9" * 30, "٣", "1_0", "1.50", "1.505", "NaN", "1e9"),
    *("true", "false", "yes", "no", "y", "n", "Y", "1990-01-15", "1990-01-15T00:00:00"),
    *("1990-02-30", "19900115", "1990-W01-1", "2024-01-15T10:30:00Z", "2024-01-15 10:30:00+02:00"),
    *("0001-01-01T00:00:00+14:00", "YWZ0ZXI6Nw", "YWZ0ZXI6", "555-0123", "a@b.co", "id", "asc"),
    *("CUST_a1b2c3d4", "one", "list", "email", "active", "reader", "editor"),
]
NUMBERS = st.sampled_from([0, 1, 7, 1000, 1001, 2**63 - 1, 2**63, -(2**63) - 1, 10**41])
SCALARS = (
    st.sampled_from(WORDS)
    | TEXT
    | st.none()
    | st.booleans()
    | NUMBERS
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TEXTS = st.sampled_from(WORDS) | TEXT
LISTS = st.lists(st.sampled_from(["email", "sms", "phone", "x", 7]), max_size=3)


def wire(name: str, field: Any) -> str:
    return name if field.data_key is None else str(field.data_key)


def takes(field: Any, value: Any) -> bool:
    try:
        field.deserialize(value)
    except ValidationError:
        return False
    return True


def allowed(field: Any) -> list[Any]:
    checks = [check for check in field.validators if isinstance(check, validate.OneOf)]
    return [choice for check in checks for choice in check.choices]


def values(field: Any) -> st.SearchStrategy[Any]:
    """What suits the field, and what does not."""
    nested = getattr(field, "record", None) or getattr(field, "schema", None)
    if nested is not None:
        inner = documents(nested, ANYTHING)
        return inner | st.lists(inner, max_size=3) | ANYTHING
    return ANYTHING | LISTS | st.sampled_from([*allowed(field), None])


def suiting(field: Any, junk: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly what suits the field."""
    nested = getattr(field, "record", None) or getattr(field, "schema", None)
    if nested is not None:
        inner = documents(nested, junk)
        return inner if hasattr(field, "schema") else st.lists(inner, min_size=1, max_size=3)
    pool = [*WORDS, *allowed(field), None, True, False, 0, 1, 7, {}, {"a": [1]}, [], ["email"]]
    good = [each for each in pool if isinstance(each, str) or junk is ANYTHING]
    good = [each for each in good if takes(field, each)]
    return st.sampled_from(good) if good else junk


@cache
def documents(schema: Schema, junk: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Valid documents, nearly valid ones, and those that are anything but."""
    declared = {wire(name, field): field for name, field in schema.load_fields.items()}
    good = {name: suiting(field, junk) for name, field in declared.items()}
    needed = {name for name, field in declared.items() if field.required and not schema.partial}
    valid = st.fixed_dictionaries(
        {name: good[name] for name in needed},
        optional={name: each for name, each in good.items() if name not in needed},
    )
    name = st.sampled_from([*declared, "unknown", "_schema"]) | TEXT
    any_value = st.one_of(junk, *(map(values, declared.values()) if junk is ANYTHING else ()))
    changed = st.builds(lambda document, key, value: {**document, key: value}, valid, name, junk)
    lacking = st.builds(
        lambda document, key: {k: v for k, v in document.items() if k != key}, valid, name
    )
    return valid | valid | changed | lacking | st.dictionaries(name, any_value, max_size=4)
