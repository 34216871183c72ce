"""Everything wrong with customers about to be written, found in one go.

The rules are asked first; what stands in the database is looked up only where something failed
anyway, so that a good write pays nothing for it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from sqlalchemy import not_

from customers_api.core import database
from customers_api.core.customers import identity, rules
from customers_api.core.customers.model import CUSTOMERS
from customers_api.core.customers.queries import Who, named
from customers_api.core.errors import Invalid, Path, Problem
from customers_api.core.groups import queries as groups

Fields = Mapping[str, Any]
Records = Sequence[Fields]
Paths = Sequence[Path]


class EmailTaken(Invalid):
    """Customer with this email already exists"""

    code = "email-taken"


EMAIL_TAKEN = str(EmailTaken.__doc__)
EMAIL_REPEATED = "This email stands more than once in the list"
GROUP_MISSING = "Group not found"
ID_TAKEN = "There is a customer with this id already"


def paths_below(at: Path, records: Records) -> list[Path]:
    """Where each of the records stands, when the list of them stands at `at`."""
    return [(*at, i) for i in range(len(records))]


def creation(fields: Fields) -> Iterator[Problem]:
    """Everything wrong with the fields of a new customer."""
    yield from broken_rules([fields], [()])
    yield from conflicts([fields], [()])


def creations(records: Records, *, at: Path) -> Iterator[Problem]:
    """Everything wrong with a list of new customers that stands at `at`."""
    paths = paths_below(at, records)
    yield from broken_rules(records, paths)
    yield from conflicts(records, paths)


def changes(who: Who) -> Callable[[Fields], Iterator[Problem]]:
    """What finds everything wrong with changes to this customer."""

    def review(fields: Fields) -> Iterator[Problem]:
        yield from rules.problems(fields)
        yield from conflicts([fields], [()], besides=who)

    return review


def changes_of_many(fields: Fields, *, at: Path) -> Iterator[Problem]:
    """Everything wrong with changes, standing at `at`, to whichever customers."""
    yield from broken_rules([fields], [at])
    yield from conflicts([fields], [at])


def broken_rules(records: Records, paths: Paths) -> Iterator[Problem]:
    """What is wrong with the records themselves, an email that stands twice among them too."""
    if len(records) == 1 or not rules.hold(records):
        for fields, path in zip(records, paths, strict=True):
            for problem in rules.problems(fields):
                yield Problem((*path, *problem.path), problem.message)
    keys = _email_keys(records)
    if len({*keys.values()}) == len(keys):
        return
    counts = Counter(keys.values())
    for i, key in keys.items():
        if counts[key] > 1:
            yield Problem((*paths[i], "email"), EMAIL_REPEATED)


def conflicts(records: Records, paths: Paths, *, besides: Who | None = None) -> Iterator[Problem]:
    """What stands against the records in the database: emails and ids in use, groups not there.

    The customer `besides` may keep the email it has.
    """
    # PostgreSQL cannot be asked for a NUL; the rules have refused it already.
    keys = {i: key for i, key in _email_keys(records).items() if "\0" not in key}
    taken = _keys_in_use([*keys.values()], besides) if keys else frozenset()
    for i, key in keys.items():
        if key in taken:
            yield Problem((*paths[i], "email"), EMAIL_TAKEN)
    chosen = {i: id for i, fields in enumerate(records) if (id := fields.get("id"))}
    used = database.in_use(CUSTOMERS.c.id, [*chosen.values()]) if chosen else frozenset()
    for i, id in chosen.items():
        if id in used:
            yield Problem((*paths[i], "id"), ID_TAKEN)
    given = enumerate(fields.get("group_id") for fields in records)
    wanted = {i: group_id for i, group_id in given if group_id is not None}
    there = groups.ids_in_use(wanted.values()) if wanted else frozenset()
    for i, group_id in wanted.items():
        if group_id not in there:
            yield Problem((*paths[i], "group_id"), GROUP_MISSING)


def refuse(problems: Sequence[Problem]) -> NoReturn:
    """Raise what these problems amount to: EmailTaken where they are nothing else."""
    if all(problem.message in (EMAIL_TAKEN, EMAIL_REPEATED) for problem in problems):
        raise EmailTaken(problems)
    raise Invalid(problems)


def _email_keys(records: Records) -> dict[int, str]:
    return {
        i: identity.email_key(email)
        for i, fields in enumerate(records)
        if (email := fields.get("email"))
    }


def _keys_in_use(keys: Sequence[str], besides: Who | None) -> frozenset[str]:
    if besides is None:
        return database.in_use(CUSTOMERS.c.email_key, keys)
    return database.in_use(CUSTOMERS.c.email_key, keys, not_(named(besides)))
