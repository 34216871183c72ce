"""Kept answers that show customers: with one of their customers they are forgotten.

Whom an answer shows is noted where it is kept. What stays of a forgotten one says that its request
was done: who sent it, under which key, its fingerprint and when.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Insert, Select, Update, and_, bindparam, select, update

from customers_api.core import bulk, database
from customers_api.core.customers.model import CUSTOMERS
from customers_api.core.idempotency.model import KEPT, SHOWN
from customers_api.core.idempotency.queries import FORGOTTEN, Request

K, S = KEPT.c, SHOWN.c
NAMES = ("customer_id", "caller", "key")
RECORD: bulk.Types = {"customer_id": S.customer_id.type}


def note(request: Request, ids: Sequence[int]) -> bool:
    """Note that the answer to be kept for a request shows these customers.

    False where one of them has been removed: then the answer must not be kept. Nobody else removes
    one until the unit of work has ended, and whoever does so then finds what is kept.
    """
    records = [{"customer_id": id} for id in ids]
    values = {"caller": request.caller, "key": request.key}
    return bulk.run(_noting(database.dialect()), RECORD, records, values) == len(records)


def forget(id: int) -> None:
    """Forget the answers that show a customer, who is removed in the open unit of work.

    By a statement of its own: only one that begins once the customer is locked sees all that was
    kept before.
    """
    database.write(_forgetting(), {"removed": id})


@lru_cache(maxsize=2)
def _noting(dialect: str) -> Insert:
    same = [bindparam(name, type_=S[name].type) for name in ("caller", "key")]

    def selection(record: bulk.Source) -> Select[*tuple[Any, ...]]:
        wanted = record["customer_id"]
        each = select(CUSTOMERS.c.id).where(CUSTOMERS.c.id == wanted)
        if dialect == "sqlite":
            return each.add_columns(*same)
        # Lateral, so that each is looked up by the index, whatever PostgreSQL believes of the size.
        there = each.with_for_update(read=True, key_share=True).lateral("there")
        return select(wanted, *same).where(there.c.id == wanted)

    return bulk.insert(SHOWN, NAMES, RECORD, selection)


@lru_cache(maxsize=1)
def _forgetting() -> Update:
    told = KEPT.alias("told")
    shown = and_(told.c.caller == S.caller, told.c.key == S.key)
    # In one order for all who remove, so that they do not wait for each other in a circle.
    of_removed = (
        select(told.c.caller, told.c.key)
        .join(SHOWN, shown)
        .where(S.customer_id == bindparam("removed"), told.c.body != FORGOTTEN)
        .order_by(told.c.caller, told.c.key)
        .with_for_update(of=told)
        .subquery("of_removed")
    )
    same = K.caller == of_removed.c.caller, K.key == of_removed.c.key
    return update(KEPT).where(*same).values(headers={}, body=FORGOTTEN)
