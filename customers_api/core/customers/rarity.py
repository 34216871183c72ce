"""How rare a substring is among the searched texts, told from some that each process looks at.

PostgreSQL's planner cannot tell, and to have it count each time takes as long as a search for few.
"""

import re
from collections.abc import Iterator, Sequence
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


class Sample:
    """Which of some texts, each a bit, have which trigrams; and until when they stand for all."""

    def __init__(self, texts: Sequence[str], seconds: float) -> None:
        """Take the texts apart; they are not kept."""
        self.having: dict[str, int] = {}
        for place, text in enumerate(texts):
            for each in {*_trigrams_of(text)}:
                self.having[each] = self.having.get(each, 0) | 1 << place
        self.size = len(texts)
        self.all = (1 << self.size) - 1
        self.good_until = monotonic() + seconds

    def left(self, part: str, among: int) -> int:
        """Which of these texts the index leaves to look at, to find the ones that hold this."""
        for each in _trigrams(part):
            among &= self.having.get(each, 0)
        return among


_samples: WeakKeyDictionary[Engine, Sample] = WeakKeyDictionary()


def is_frequent(text: str) -> bool:
    """Whether the index would leave so many to look at that it is quicker to read all."""
    sample = _sample()
    return sample.left(text, sample.all).bit_count() > sample.size / FREQUENT_ONE_IN


def rare_parts(text: str) -> Sequence[str]:
    """Short parts, in their order, for which the index leaves as few to look at as for all of it.

    Or nearly as few; all of it where there are none.
    """
    sample, chosen = _sample(), list[int]()
    left = sample.all
    enough = max(sample.size // RARE_ONE_IN, sample.left(text, left).bit_count())
    while len(chosen) < MOST_PARTS:
        apart = [at for at in _places(text) if all(abs(at - each) >= LENGTH for each in chosen)]
        if not apart:
            break
        leaves = {at: sample.left(text[at : at + LENGTH], left) for at in apart}
        # The last of the best, as numbers are at the end.
        best = min(leaves, key=lambda at: leaves[at].bit_count())
        chosen.append(best)
        left = leaves[best]
        if left.bit_count() <= enough:
            return [text[at : at + LENGTH] for at in sorted(chosen)]
    return [text]


def _places(text: str) -> Iterator[int]:
    """Where parts begin, from the last one to the first."""
    last = len(text) - LENGTH
    yield from range(last, 0, -max(LEAST_STEP, -(-last // MOST_PLACES)))
    yield 0


def _trigrams(part: str) -> Sequence[str]:
    """What pg_trgm's index is asked for, for texts that hold this part of them.

    Three letters or digits of a word that follow each other; a word begins with two spaces and ends
    with one where it is known to: see "Index Support" of pg_trgm in PostgreSQL's documentation.
    """
    spaced = [
        f"{'  ' if word.start() else ''}{word.group()}{' ' if word.end() < len(part) else ''}"
        for word in WORD.finditer(part)
    ]
    return [each for word in spaced for each in _threes(word)]


def _trigrams_of(text: str) -> Iterator[str]:
    """What pg_trgm's index has of a text."""
    for word in WORD.findall(text):
        yield from _threes(f"  {word} ")


def _threes(word: str) -> Sequence[str]:
    return [word[start : start + 3] for start in range(len(word) - 2)]


def _sample() -> Sample:
    sample = _samples.get(db.engine)
    if sample is None or monotonic() >= sample.good_until:
        if sample is not None:
            # Meanwhile the others go on with it.
            sample.good_until = monotonic() + FEW_GOOD_SECONDS
        texts = [row.key for row in database.rows(SAMPLED)]
        seconds = GOOD_SECONDS if len(texts) >= ENOUGH else FEW_GOOD_SECONDS
        sample = _samples[db.engine] = Sample(texts, seconds)
    return sample
