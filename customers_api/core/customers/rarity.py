"""How rare a substring is among the searched texts, told from some that each process keeps a while.

PostgreSQL's planner cannot tell, and to have it count each time takes as long as a search for few.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic
from weakref import WeakKeyDictionary

from sqlalchemy import (
    ColumnElement,
    Engine,
    Float,
    String,
    column,
    func,
    literal,
    literal_column,
    select,
    table,
    tablesample,
)

from customers_api.core import database
from customers_api.core.statements import Prepared
from customers_api.extensions import db

WORD = re.compile(r"[^\W_]+")
TEXTS = table("customer_search", column("key", String))
# About fifty pages, as those beside each other are often alike, and of all their texts so many.
PERCENT: ColumnElement[float] = literal_column(
    "least(100, 5000 / greatest(1.0, pg_relation_size('customer_search') / 8192))", Float
)
MOST_TEXTS = 500
PAGES = tablesample(TEXTS, func.system(PERCENT))
SAMPLED = Prepared(select(PAGES.c.key).order_by(func.random()).limit(literal(MOST_TEXTS)))
# Where there are fewer than so many, they may soon be others.
GOOD_SECONDS, ENOUGH, FEW_GOOD_SECONDS = 30.0, 200, 1.0
FREQUENT_ONE_IN = 8
# So few are soon looked at.
RARE_ONE_IN = 400
# The index looks each three characters up for each text that has the others, so parts are quicker.
LENGTH, MOST_PARTS = 6, 3
LEAST_STEP, MOST_PLACES = 3, 8


@dataclass(frozen=True, slots=True)
class Sample:
    """Some of the texts, as `_spaced` has them, and until when they stand for all."""

    texts: Sequence[str]
    good_until: float


_samples: WeakKeyDictionary[Engine, Sample] = WeakKeyDictionary()


def is_frequent(text: str) -> bool:
    """Whether the index would leave so many to look at that it is quicker to read all."""
    texts = _sample().texts
    return len(_left(text, texts)) > len(texts) / FREQUENT_ONE_IN


def rare_parts(text: str) -> Sequence[str]:
    """Short parts, in their order, for which the index leaves as few to look at as for all of it.

    Or nearly as few; all of it where there are none.
    """
    left, chosen = _sample().texts, list[int]()
    enough = max(len(left) // RARE_ONE_IN, len(_left(text, left)))
    while len(chosen) < MOST_PARTS:
        apart = [at for at in _places(text) if all(abs(at - each) >= LENGTH for each in chosen)]
        if not apart:
            break
        best, left = _best(text, apart, left, enough)
        chosen.append(best)
        if len(left) <= enough:
            return [text[at : at + LENGTH] for at in sorted(chosen)]
    return [text]


def _best(
    text: str, places: Sequence[int], texts: Sequence[str], enough: int
) -> tuple[int, Sequence[str]]:
    """Where the part begins that leaves the fewest, or enough that are few, and those."""
    found = []
    for at in places:
        left = _left(text[at : at + LENGTH], texts)
        found.append((at, left))
        if len(left) <= enough:
            return found[-1]
    return min(found, key=lambda each: len(each[1]))


def _places(text: str) -> Iterator[int]:
    """Where parts begin, from the last one, as numbers are at the end, to the first."""
    last = len(text) - LENGTH
    yield from range(last, 0, -max(LEAST_STEP, -(-last // MOST_PLACES)))
    yield 0


def _left(part: str, texts: Sequence[str]) -> Sequence[str]:
    """Those which the index leaves to look at, to find the ones that hold this."""
    wanted = _trigrams(part)
    return [text for text in texts if all(each in text for each in wanted)]


def _trigrams(part: str) -> Sequence[str]:
    """What pg_trgm's index is asked for, for texts that hold this part of them.

    Three letters or digits of a word that follow each other; a word begins with two spaces and ends
    with one where it is known to: see "Index Support" of pg_trgm in PostgreSQL's documentation.
    """
    spaced = [
        f"{'  ' if word.start() else ''}{word.group()}{' ' if word.end() < len(part) else ''}"
        for word in WORD.finditer(part)
    ]
    return [word[start : start + 3] for word in spaced for start in range(len(word) - 2)]


def _spaced(text: str) -> str:
    """A text in which each three characters are what pg_trgm's index has of it."""
    return "".join([f"  {word} " for word in WORD.findall(text)])


def _sample() -> Sample:
    sample = _samples.get(db.engine)
    if sample is None or monotonic() >= sample.good_until:
        texts = [_spaced(row.key) for row in database.rows(SAMPLED)]
        seconds = GOOD_SECONDS if len(texts) >= ENOUGH else FEW_GOOD_SECONDS
        sample = _samples[db.engine] = Sample(texts, monotonic() + seconds)
    return sample
