"""How ids are handed out beside those that clients choose: one space, and none given twice.

The next id is the next number nobody has. It does not follow the largest one there is: a client
may choose that, and nothing would be left after it.
"""

from sqlalchemy import (
    ColumnElement,
    and_,
    cast,
    exists,
    func,
    literal,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import REGCLASS

from customers_api.core import database
from customers_api.core.customers.model import CUSTOMERS
from customers_api.core.types import LARGEST_ID

C = CUSTOMERS.c
# PostgreSQL has a sequence; SQLite a row of this name among the counters that it keeps itself.
COUNTER = "customers_id_seq"
# Named, as looking up a column's sequence takes longer than drawing from it.
SEQUENCE = cast(literal_column(f"'{COUNTER}'"), REGCLASS)
# Numbers to take from a sequence in one statement.
MOST_SKIPPED = 1_000_000


def next_id() -> ColumnElement[int]:
    """PostgreSQL's next id, as SQL: another one in each row."""
    return func.nextval(SEQUENCE)


def take(count: int) -> list[int]:
    """The next `count` ids that nobody has, in SQLite, whose one writer is the caller."""
    taken: list[int] = []
    while len(taken) < count:
        drawn = _drawn(count - len(taken))
        chosen = select(C.id).where(C.id.between(drawn[0], drawn[-1]))
        in_use = {row.id for row in database.rows(chosen)}
        taken += [id for id in drawn if id not in in_use]
    return taken


def room_for(count: int) -> int:
    """The first of `count` ids in a row that nobody has, for who has the customers alone."""
    last = _counter() if database.dialect() == "sqlite" else _last_of_sequence()
    row = None
    while row is None or row.id is not None:
        last = row.id if row else last
        chosen = select(func.max(C.id).label("id")).where(C.id.between(last + 1, last + count))
        row = database.first(chosen)
    return last + 1


def begin_after(last: int) -> None:
    """Hand out the ids after this one, for who has the customers alone."""
    if database.dialect() == "sqlite":
        _remember(last)
    else:
        database.rows(select(func.setval(SEQUENCE, last)))


def _remember(last: int) -> None:
    named = {"counter": COUNTER, "last": last}
    kept = text("UPDATE sqlite_sequence SET seq = :last WHERE name = :counter")
    if not database.write(kept, named).rowcount:
        added = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:counter, :last)")
        database.write(added, named)


def skip_chosen() -> None:
    """Move PostgreSQL's sequence past the ids right before it that clients have chosen.

    Numbers are taken from it, not set in it: who is handed one at this moment keeps it.
    """
    last = _last_of_sequence()
    count = min(_end_of_run(last + 1) - last, MOST_SKIPPED)
    database.rows(select(func.max(next_id())).select_from(func.generate_series(1, count)))


def _end_of_run(first: int) -> int:
    """The last of the ids in use from `first` on without a gap; less than `first` if it is free."""
    following = CUSTOMERS.alias("following")
    is_last = ~exists().where(following.c.id == C.id + 1)
    run = select(C.id).where(and_(C.id >= first, C.id < LARGEST_ID, is_last))
    begins = exists().where(following.c.id == literal(first))
    row = database.first(run.where(begins).order_by(C.id).limit(1))
    return row.id if row else first - 1


def _last_of_sequence() -> int:
    last = func.coalesce(func.pg_sequence_last_value(SEQUENCE), 0)
    return int(database.rows(select(last))[0][0])


def _drawn(count: int) -> range:
    """The next numbers of SQLite's counter, which has moved on behind them."""
    moved = "UPDATE sqlite_sequence SET seq = seq + :count WHERE name = :counter RETURNING seq"
    row = database.write(text(moved), {"counter": COUNTER, "count": count}).first()
    if row is None:
        _remember(count)
    last = int(row.seq) if row else count
    return range(last - count + 1, last + 1)


def _counter() -> int:
    named = text("SELECT seq FROM sqlite_sequence WHERE name = :counter")
    row = database.first(named, {"counter": COUNTER})
    return row.seq if row else 0
