"""Addresses from which an account was signed in to before: known to it for a while.

They are kept as keyed digests, each with the account in it: whoever reads the table learns no
address, nor that two accounts have one in common. See docs/decisions/0022.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, or_, select

from customers_api.core import clock, database, keyed
from customers_api.core.attempts.model import KNOWN_ADDRESSES

# Since an account was last signed in to from there.
MEMORY = timedelta(days=30)
# Of one account; of more, those go that were seen longest ago.
MOST = 20

K = KNOWN_ADDRESSES.c
# Under which of `digests` an address is known, or NULL.
KNOWN_AS = (
    select(K.address)
    .where(
        K.address.in_(bindparam("digests", expanding=True)),
        K.seen_at > bindparam("forgotten", type_=K.seen_at.type),
    )
    .limit(1)
    .scalar_subquery()
)


def digests(account: str, address: str | None) -> Sequence[str]:
    """What an account knows an address by: under the present secret, then under earlier ones.

    Nothing where there is no address, or none that tells anything.
    """
    if address is None:
        return ()
    text = f"known address:{account}:{address}".encode()
    return [digest.hex() for digest in keyed.digests(text)]


def note(digests: Sequence[str], known_as: str | None, **owner: int) -> None:
    """Note that an account was signed in to from an address, which was `known_as` one of `digests`.

    `owner` is whom it goes with: a `customer_id`, or an `operator_id`.
    """
    now, (current, *earlier) = clock.now(), digests
    if known_as != current:
        _make_room(earlier, now, *_of(owner))
    seen = database.upsert(KNOWN_ADDRESSES).values(address=current, seen_at=now, **owner)
    again = seen.on_conflict_do_update(index_elements=[K.address], set_={"seen_at": now, **owner})
    database.write(again)


def forget(*, but: Sequence[str], **owner: int) -> None:
    """Let an account know no address any more but one."""
    database.write(delete(KNOWN_ADDRESSES).where(*_of(owner), K.address.not_in(but)))


def _make_room(earlier: Sequence[str], now: datetime, *own: ColumnElement[bool]) -> None:
    """Remove what has expired, whosever it is, the same address under earlier secrets, the oldest.

    In this order, so that no two who do it wait for each other in a circle.
    """
    database.write(delete(KNOWN_ADDRESSES).where(K.seen_at <= now - MEMORY))
    latest = select(K.address).where(*own).order_by(K.seen_at.desc()).limit(MOST - 1)
    beyond = K.address.not_in(latest.correlate(None))
    database.write(delete(KNOWN_ADDRESSES).where(*own, or_(K.address.in_(earlier), beyond)))


def _of(owner: dict[str, int]) -> Iterator[ColumnElement[bool]]:
    return (K[name] == id for name, id in owner.items())
