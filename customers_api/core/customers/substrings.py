r"""Substrings of customers' texts, found by an index or by reading all of them: see decision 0009.

`%`, `_` and `\` are ordinary characters, and case is that of Unicode's lower case.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    TableClause,
    and_,
    bindparam,
    column,
    func,
    literal_column,
    or_,
    select,
    table,
)

from customers_api.core import database
from customers_api.core.customers import rarity, statistics
from customers_api.core.customers.model import CUSTOMERS
from customers_api.core.statements import Prepared
from customers_api.core.types import Id

C = CUSTOMERS.c
SEARCH = table("customer_search", column("customer_id"), column("rowid"), column("key"))
# On PostgreSQL the indexed texts and those that wait to be: see text_index.py.
ALL_TEXTS = table(
    "customer_texts", column("customer_id"), column("key"), column("created_at", C.created_at.type)
)
# The same texts, as SQLite keeps them beside their index: quicker to read whole.
TEXTS = table("customer_search_content", column("id"), column("c0"))
# These are part of `query`'s text, so its index narrows them down.
NAMES = frozenset({"first_name", "last_name", "company_name"})
INDEXED = NAMES | {"query"}
SHORTEST_INDEXED = 3
# So long is each of the three parts of a text for which SQLite's index is asked.
LONGEST_PIECE = 8
# FTS5 knows the capitals of an older Unicode; in these ranges the two agree, or there are none.
FOLDED_ALIKE = re.compile(
    "[\u0020-\u007e\u00a0-\u017f\u03ac-\u03ce\u0430-\u045f\u0590-\u06ff\u0900-\u0dff\u3040-\u9fff\uac00-\ud7a3]*"
)
# The capitals whose lower case is a k, and an i and a dot to go on it: nothing else that is not
# ASCII has ASCII letters in its lower case.
KELVIN, DOTTED_I = "\u212a", "\u0130"
# What makes a substring frequent on SQLite.
FREQUENT_ONE_IN = 16


@dataclass(frozen=True, slots=True)
class Shape:
    """Which filters a search has, and how their texts are found: what a statement needs to know.

    `indexed` are the texts found by the index. Without `walks`, all of the others are read first,
    and not one by one along the order of the sort.
    """

    names: tuple[str, ...]
    indexed: frozenset[str]
    dialect: str
    walks: bool = True

    @property
    def is_selective(self) -> bool:
        """Whether so few match, as far as can be told, that they are best found first."""
        return bool(self.indexed) or "email" in self.names


def parameters(name: str, value: str, dialect: str) -> Iterator[tuple[str, Any]]:
    """What the conditions on the text `name` are to be told."""
    folded = value.lower()
    yield name, folded
    if dialect == "postgresql":
        yield f"{name}_parts", _like(*rarity.rare_parts(folded))
        return
    yield f"{name}_like", _like(folded)
    yield f"{name}_match", _matching(_asked(folded))
    yield f"{name}_far", not folded.isascii()
    yield f"{name}_kelvin", KELVIN if "k" in folded else None
    yield f"{name}_dotted", DOTTED_I if folded.endswith("i") else None


def indexed(names: Sequence[str], parameters: Mapping[str, Any], dialect: str) -> frozenset[str]:
    """Which of the texts among these filters are quicker found by the index than by reading all."""
    texts = [name for name in names if name in INDEXED]
    if dialect == "postgresql":
        long = [name for name in texts if len(parameters[name]) >= SHORTEST_INDEXED]
        return frozenset(name for name in long if not rarity.is_frequent(parameters[name]))
    long = [name for name in texts if _asked(parameters[name])]
    # What else is asked for is looked up in the order of ids, which the index gives.
    is_frequent = list(names) == ["query"] == long and _is_frequent_query(parameters)
    return frozenset() if is_frequent else frozenset(long)


def _is_frequent_query(parameters: Mapping[str, Any]) -> bool:
    """Whether many have it: SQLite's index counts quickly, and no further than it has to."""
    most = statistics.count(None) // FREQUENT_ONE_IN
    found = database.rows(_matched(), {**parameters, "enough": most + 1})
    return int(found[0][0]) > most


def in_customer(name: str, shape: Shape) -> ColumnElement[bool]:
    """That the text of a row of `customers` holds the value."""
    found = ids(name, shape)
    if name in shape.indexed or not shape.walks:
        return C.id.in_(found)
    return found.where(found.selected_columns.id == C.id).correlate(CUSTOMERS).exists()


def ids(name: str, shape: Shape) -> Select[int]:
    """The ids of all customers whose text holds the value."""
    if shape.dialect == "postgresql":
        id: ColumnElement[Any] = ALL_TEXTS.c.customer_id
    else:
        id = SEARCH.c.rowid if name in shape.indexed else TEXTS.c.id
    return select(id.label("id")).where(*in_text(name, shape))


def texts(name: str, shape: Shape) -> TableClause:
    """The table in which `in_text` looks for it."""
    if shape.dialect == "postgresql":
        return ALL_TEXTS
    return SEARCH if name in shape.indexed else TEXTS


def in_text(name: str, shape: Shape) -> Iterator[ColumnElement[bool]]:
    """That a row of `texts` holds the value, by the index where that is quicker."""
    if shape.dialect == "postgresql":
        if name in shape.indexed:
            yield ALL_TEXTS.c.key.like(bindparam(f"{name}_parts"), escape="\\")
        yield func.strpos(ALL_TEXTS.c.key, bindparam(name)) > 0
    elif name in shape.indexed:
        # The index folds a little more than lower case does.
        yield _match(name)
        yield _folded_holds(SEARCH.c.key, name)
    else:
        yield _folded_holds(TEXTS.c.c0, name)


def in_field(name: str, shape: Shape) -> ColumnElement[bool]:
    """That the customer's own field holds the value."""
    if shape.dialect == "postgresql":
        found: ColumnElement[bool] = func.strpos(func.folded(C[name]), bindparam(name)) > 0
        return found
    return _folded_holds(C[name], name)


def _like(*parts: str) -> str:
    """The pattern of what holds these, one after the other."""
    held = [part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for part in parts]
    return f"%{'%'.join(held)}%"


def _asked(folded: str) -> str:
    """What SQLite's index is asked for; nothing where it folds otherwise than lower case does."""
    # A final i may be the first half of a dotted capital, which the index does not take apart.
    asked = folded.removesuffix("i")
    return asked if len(asked) >= SHORTEST_INDEXED and FOLDED_ALIKE.fullmatch(asked) else ""


def _matching(asked: str) -> str:
    """The query for SQLite's index: of a long text its beginning, middle and end.

    Each three characters of what is asked for are looked up for each text that has all of them.
    """
    pieces = [asked]
    if len(asked) > 3 * LONGEST_PIECE:
        middle = (len(asked) - LONGEST_PIECE) // 2
        starts = 0, middle, len(asked) - LONGEST_PIECE
        pieces = [asked[start : start + LONGEST_PIECE] for start in starts]
    quoted = ['"' + piece.replace('"', '""') + '"' for piece in dict.fromkeys(pieces)]
    return " AND ".join(quoted)


@lru_cache(maxsize=1)
def _matched() -> Prepared:
    found = select(SEARCH.c.rowid).where(_match("query")).limit(bindparam("enough", type_=Id))
    return Prepared(select(func.count()).select_from(found.subquery()))


def _match(name: str) -> ColumnElement[bool]:
    return literal_column("customer_search").op("MATCH")(bindparam(f"{name}_match"))


def _folded_holds(text: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """That the text's lower case holds the value, on SQLite.

    LIKE there ignores the case of ASCII; calling Python for each text costs ten times as much, so
    it is called only where LIKE cannot tell.
    """
    odd = [func.instr(text, bindparam(f"{name}_{letter}")) for letter in ("kelvin", "dotted")]
    folded_holds = func.instr(func.folded(text), bindparam(name)) > 0
    like = text.like(bindparam(f"{name}_like"), escape="\\")
    return or_(like, and_(or_(bindparam(f"{name}_far"), *odd), folded_holds))
