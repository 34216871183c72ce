"""Whether a contestant does the job: each answer is held against the database."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, Protocol

import jwt
import psycopg
from psycopg.rows import dict_row

from benchmarks.compare.contestants import Answer
from benchmarks.compare.databases import People
from benchmarks.compare.jobs import A_LIST, JOBS, Call, Job, Terms, customer, filled

REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.CONFLICT)
# flask-jwt-extended says the second of any token that is not good.
FORGED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY)
SEARCHED = ("first_name", "last_name", "email", "company_name")
NOBODY = 2_000_000_000
PAGE = 10
Customer = Mapping[str, Any]


class Wrong(Exception):
    """An answer that is not right; the message says of whom, to what, and what it was."""


class Asker(Protocol):
    """Whom the requests go to."""

    def ask(self, call: Call, *, token: str | None = None) -> Answer:
        """The answer to a request, made with another token if one is given."""


class Truth(Protocol):
    """What is true of the people."""

    def customer(self, id: int) -> Customer | None:
        """All that the peers have of a customer."""

    def group(self, id: int) -> Sequence[Customer]:
        """A group's customers by last name, then id."""

    def found(self, term: str) -> tuple[int, Sequence[int]]:
        """How many have this in their names, email or company, and the ids of the latest ten."""

    def terms(self) -> Terms:
        """What is searched for."""


class DatabaseTruth:
    """What the peers' database says."""

    def __init__(self, people: People) -> None:
        self._people = people
        self._terms = people.terms()

    def customer(self, id: int) -> Customer | None:
        """All that the peers have of a customer."""
        return next(iter(self._rows("SELECT * FROM customers WHERE id = %s", id)), None)

    def group(self, id: int) -> Sequence[Customer]:
        """A group's customers by last name, then id."""
        return self._rows("SELECT * FROM customers WHERE group_id = %s ORDER BY last_name, id", id)

    def found(self, term: str) -> tuple[int, Sequence[int]]:
        """How many have this in their names, email or company, and the ids of the latest ten."""
        matches = " OR ".join(f"strpos(lower({name}), %s) > 0" for name in SEARCHED)
        wanted = f"SELECT id FROM customers WHERE {matches} ORDER BY created_at DESC, id"
        ids = [row["id"] for row in self._rows(wanted, *[term.lower()] * len(SEARCHED))]
        return len(ids), ids[:PAGE]

    def terms(self) -> Terms:
        """What is searched for."""
        return self._terms

    def _rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        with psycopg.connect(self._people.peers, row_factory=dict_row) as database:
            return database.execute(query, parameters).fetchall()


@dataclass(frozen=True)
class Checking:
    """One job of one contestant."""

    job: Job
    call: Call
    reading: Call
    asker: Asker
    truth: Truth

    def ask(self, **values: object) -> Answer:
        """The answer to the job with its places filled in."""
        return self.asker.ask(filled(self.call, values))

    def get(self, id: int) -> Answer:
        """The customer of this id."""
        return self.asker.ask(filled(self.reading, {"id": id}))

    def hold(self, condition: object, *what: object) -> None:
        """Raise Wrong unless the condition is true."""
        if not condition:
            shown = " ".join(str(each) for each in what)
            raise Wrong(f"{self.job.name}, {self.job.title}: {shown[:600]}")


def check(job: Job, *, ours: bool, asker: Asker, truth: Truth) -> None:
    """Ask for the job and hold the answers against what is true; raises Wrong."""
    reading = JOBS["W1"]
    checking = Checking(
        job=job,
        call=job.ours if ours else job.peers,
        reading=reading.ours if ours else reading.peers,
        asker=asker,
        truth=truth,
    )
    CHECKS[job.name](checking)


def _get(checking: Checking) -> None:
    for id in (1, 7, 500):
        answer = checking.ask(id=id)
        checking.hold(answer.status == HTTPStatus.OK, answer)
        _is(checking, answer.json, checking.truth.customer(id))
    refused = checking.asker.ask(filled(checking.call, {"id": 1}), token="")
    checking.hold(refused.status == HTTPStatus.UNAUTHORIZED, "no token gives", refused)
    forged = checking.asker.ask(filled(checking.call, {"id": 1}), token=_forged())
    checking.hold(forged.status in FORGED, "a forged token gives", forged)
    nobody = checking.ask(id=NOBODY)
    checking.hold(nobody.status == HTTPStatus.NOT_FOUND, "nobody gives", nobody)


def _group(checking: Checking) -> None:
    for id in (1, 3):
        answer, expected = checking.ask(group=id), checking.truth.group(id)
        checking.hold(answer.status == HTTPStatus.OK, answer)
        checking.hold(expected, "nobody is in group", id)
        checking.hold(len(answer.json) == len(expected), len(answer.json), "customers")
        for shown, known in zip(answer.json, expected, strict=True):
            _is(checking, shown, known)
            age = _age(known["date_of_birth"])
            checking.hold(shown["age"] == age, shown["age"], "is not the age", age)


def _create(checking: Checking) -> None:
    new = customer(_unique(), 1)
    answer = checking.asker.ask(_with_body(checking.call, new))
    checking.hold(answer.status == HTTPStatus.CREATED, answer)
    _has(checking, answer.json, new)
    _has(checking, checking.get(answer.json["id"]).json, new)
    another = customer(_unique(), 1)
    without = {name: value for name, value in another.items() if name != "last_name"}
    for bad in (
        new,
        without,
        {**another, "email": "nobody"},
        {**another, "no_such_field": 1},
        {**another, "city": "x" * 5000},
        {**another, "date_of_birth": "1985-13-17"},
    ):
        refused = checking.asker.ask(_with_body(checking.call, bad))
        checking.hold(refused.status in REFUSED, refused.status, "for", bad)


def _create_many(checking: Checking) -> None:
    new = [customer(_unique(), 1) for _ in range(A_LIST)]
    answer = checking.asker.ask(_with_body(checking.call, {"customers": new}))
    checking.hold(answer.status == HTTPStatus.CREATED, answer.status, answer)
    shown = answer.json["customers"]
    checking.hold(len(shown) == A_LIST, len(shown), "customers")
    for made, wanted in zip(shown, new, strict=True):
        _has(checking, made, wanted)
    last = shown[-1]["id"]
    _has(checking, checking.get(last).json, new[-1])
    good = [customer(_unique(), 1) for _ in range(10)]
    for bad in ({**good[0], "email": "nobody"}, new[0]):
        refused = checking.asker.ask(_with_body(checking.call, {"customers": [*good, bad]}))
        checking.hold(refused.status in REFUSED, refused.status, "for a list with", bad)
    # All or none: what was refused above is not there, or this would be refused as well.
    again = checking.asker.ask(_with_body(checking.call, {"customers": good}))
    checking.hold(again.status == HTTPStatus.CREATED, again.status, "after a refusal")


def _change(checking: Checking) -> None:
    id, n = 5, _unique()
    answer = checking.ask(id=id, n=n)
    checking.hold(answer.status == HTTPStatus.OK, answer)
    expected = {"id": id, "city": f"Town {n}", "notes": f"Changed {n} times"}
    _has(checking, answer.json, expected)
    _has(checking, checking.get(id).json, expected)
    nobody = checking.ask(id=NOBODY, n=n)
    checking.hold(nobody.status == HTTPStatus.NOT_FOUND, "nobody gives", nobody)


def _search(checking: Checking) -> None:
    terms = getattr(checking.truth.terms(), checking.job.terms)
    for term in [*terms[:4], "nobody has this"]:
        answer = checking.ask(term=term.replace(" ", "%20" if "?" in checking.call.path else " "))
        checking.hold(answer.status == HTTPStatus.OK, answer)
        total, ids = checking.truth.found(term)
        shown = answer.json["total"], [each["id"] for each in answer.json["customers"]]
        checking.hold(shown == (total, ids), shown, "is not", (total, ids), "for", term)


CHECKS: Mapping[str, Callable[[Checking], None]] = {
    "W1": _get,
    "W2": _group,
    "W3": _create,
    "W4": _create_many,
    "W5": _change,
    "W6": _search,
    "W6b": _search,
}


def _is(checking: Checking, shown: Customer, known: Customer | None) -> None:
    checking.hold(known is not None, "there is no such customer to compare with")
    for name, value in (known or {}).items():
        checking.hold(name in shown, name, "is missing in", shown)
        same = _plain(name, shown[name]) == _plain(name, value)
        checking.hold(same, name, "is", shown[name], "and not", value)


def _has(checking: Checking, shown: Customer, wanted: Customer) -> None:
    for name, value in wanted.items():
        checking.hold(shown.get(name) == value, name, "is", shown.get(name), "and not", value)


def _plain(name: str, value: Any) -> Any:
    if name.endswith("_at") and isinstance(value, str):
        return datetime.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    # No tags: an empty text of ours, nothing at the peers.
    return None if value == "" else value


def _age(born: date | None) -> int | None:
    today = datetime.now(UTC).date()
    if born is None:
        return None
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _with_body(call: Call, body: object) -> Call:
    return Call(call.method, call.path, json.dumps(body))


def _forged() -> str:
    claims = {"sub": "benchmark", "type": "access", "exp": int(time.time()) + 3600}
    return jwt.encode(claims, "a secret that nobody else knows of", "HS256")


def _unique() -> str:
    return f"{time.time_ns():x}"
