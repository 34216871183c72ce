"""Made-up customers into the database, a chunk in each transaction."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, ProgrammingError

from customers_api.core import database
from customers_api.core.customers import (
    creation,
    folding,
    identity,
    ids,
    insertion,
    queries,
    statistics,
    tags,
)
from customers_api.core.customers.generation import storage, traits
from customers_api.core.customers.generation.derived import Count
from customers_api.core.customers.generation.draws import uuid, weighted
from customers_api.core.customers.generation.people import Record, customer
from customers_api.core.customers.generation.rows import Batch
from customers_api.core.customers.generation.workers import Workers
from customers_api.core.customers.model import CUSTOMERS
from customers_api.core.customers.text_index import mover
from customers_api.core.events import changes as changing
from customers_api.core.events import service as events
from customers_api.core.events.kinds import Kind
from customers_api.core.events.service import Entry
from customers_api.core.groups import service as groups
from customers_api.core.groups.queries import TABLE as GROUPS

C = CUSTOMERS.c
Groups = Sequence[str | None]
Progress = Callable[[int], object]

# What a worker makes at a time.
BATCH = 2_000
# Customers in a transaction that keeps the indexes up to date.
CHUNK = 5_000
# Customers in a transaction that builds them anew, which is quicker from the lower number on and
# as long as the table is not much larger already.
LEAST_LARGE_CHUNK = 5_000
LARGE_CHUNK = 1_000_000
MUCH_LARGER = 5


def add(wanted: int, progress: Progress = lambda stored: None) -> Iterator[int]:
    """Add so many made-up customers; gives how many each transaction has added.

    They are the next of an endless list, after those that are there already; whoever shares an
    email or an id with somebody in the registry is passed over. `progress` hears of customers as
    they are stored, and of a negative number when they were not kept after all.
    """
    group_ids = database.in_unit_of_work(_groups)
    number = _first_absent()
    may_be_large = True
    with Workers() as workers:
        while wanted:
            size = _large_chunk(wanted) if may_be_large else 0
            if size and _add_large(range(number, number + size), group_ids, workers, progress):
                added, number = size, number + size
            elif size:
                may_be_large, added = False, 0
            else:
                added, number = _add_few(range(number, number + CHUNK), group_ids, wanted)
                progress(added)
            wanted -= added
            if added:
                yield added


def _large_chunk(wanted: int) -> int:
    """The size of the next large chunk; none where a smaller one is quicker."""
    present = statistics.count(None)
    size = min(wanted, max(LARGE_CHUNK, present))
    return size if size >= LEAST_LARGE_CHUNK and present <= MUCH_LARGER * size else 0


def _add_large(numbers: range, group_ids: Groups, workers: Workers, progress: Progress) -> bool:
    """Add all of these customers; False, and nothing done, where that is not possible."""
    stored, counts = 0, Counter[Count]()
    try:
        with database.unit_of_work():
            with storage.tables_alone():
                first_id = ids.room_for(len(numbers))
                for made in workers.made(_batches(numbers, first_id, group_ids)):
                    storage.store(made)
                    counts.update(made.counts)
                    stored += len(made.numbers)
                    progress(len(made.numbers))
                ids.begin_after(first_id + stored - 1)
            storage.store_counts(counts)
            _record(stored, first_id, first_id + stored - 1)
            database.afterwards(storage.tell_planner)
    # Something is there already, or the operator's database role may not build indexes.
    except (IntegrityError, ProgrammingError):
        progress(-stored)
        return False
    return True


def _batches(numbers: range, first_id: int, group_ids: Groups) -> Iterator[Batch]:
    for start in range(0, len(numbers), BATCH):
        some = numbers[start : start + BATCH]
        yield Batch(some, first_id + start, group_ids, database.dialect() == "postgresql")


def _add_few(numbers: range, group_ids: Groups, wanted: int) -> tuple[int, int]:
    """Add those of these customers that are not there; returns how many, and where to go on."""
    uuids = {number: uuid(number) for number in numbers}
    there = queries.uuids_in_use([*uuids.values()])
    absent = [number for number in numbers if uuids[number] not in there][:wanted]
    if not absent:
        return 0, numbers.stop
    records = [_with_candidates(customer(number, group_ids)) for number in absent]
    return database.in_unit_of_work(lambda: _insert(records)), absent[-1] + 1


def _with_candidates(record: Record) -> Record:
    others = identity.usernames(record["username"][: identity.USERNAME_BASE_LENGTH], record["uuid"])
    tried = zip(creation.CANDIDATES, (record["username"], *others[1:]), strict=True)
    return {**creation.BLANK, **tags.as_kept(record), **dict(tried)}


def _insert(records: Sequence[Record]) -> int:
    refused = frozenset(insertion.insert_customers(records))
    added = [record for place, record in enumerate(records) if place not in refused]
    folding.note_changes(len(added))
    mover.note_new(len(added))
    if added:
        named = C.customer_id.in_([record["customer_id"] for record in added])
        # Not by min and max: PostgreSQL looks for these in the order of all ids.
        given = [row.id for row in database.rows(select(C.id).where(named))]
        _record(len(added), min(given), max(given))
    return len(added)


def _record(count: int, first_id: int, last_id: int) -> None:
    """One event for a transaction: a million about made-up customers would help nobody."""
    told = {"count": count, "first_id": first_id, "last_id": last_id}
    events.record(Kind.CUSTOMERS_SEEDED, [Entry(None, changing.given(told))])


def _first_absent() -> int:
    """A number whose customer is not there and whose predecessor is: in logarithmic time."""
    step = 1
    while _is_there(step):
        step *= 2
    # The customer `low` is there, or it is number 0, which nobody is; `step` is not.
    low = step // 2
    while step - low > 1:
        middle = (low + step) // 2
        low, step = (middle, step) if _is_there(middle) else (low, middle)
    return step


def _is_there(number: int) -> bool:
    return bool(queries.uuids_in_use([uuid(number)]))


def _groups() -> Groups:
    """The ids of the groups, made where missing, as often as customers are in them."""
    ids = {name: id for id, name in database.rows(select(GROUPS.c.id, GROUPS.c.name))}
    for name, (_, description) in traits.GROUPS.items():
        if name not in ids:
            ids[name] = groups.create({"name": name, "description": description}).id
    shares = [(share, str(ids[name])) for name, (share, _) in traits.GROUPS.items()]
    return weighted(*shares, (traits.NO_GROUP, None))
