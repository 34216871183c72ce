"""What is checked before anybody is timed, held against ourselves."""

import json
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from flask import Flask

from benchmarks.compare import answers
from benchmarks.compare.answers import Customer, Wrong
from benchmarks.compare.contestants import Answer
from benchmarks.compare.jobs import JOBS, Call, Terms, customer
from benchmarks.costs.calls import Caller
from tests.support.api import Api, service_token

PEOPLE, GROUPS = 500, 5
LOAD = (answers.__file__ or "").replace("answers.py", "load.lua")


@dataclass
class Asker:
    """Asks the application; `lie` is done to what it answers."""

    app: Flask
    token: str
    lies: dict[str, Any] = field(default_factory=dict)

    def ask(self, call: Call, *, token: str | None = None) -> Answer:
        token = self.token if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        body = json.loads(call.body) if call.body else None
        answer = self.app.test_client().open(
            call.path, method=call.method, headers=headers, json=body
        )
        shown = answer.get_json()
        return Answer(answer.status_code, shown | self.lies if self.lies else shown)


@dataclass
class Sent:
    """What was sent is what is true."""

    people: list[Customer]

    def customer(self, id: int) -> Customer | None:
        return self.people[id - 1]

    def group(self, id: int) -> list[Customer]:
        found = [each for each in self.people if each["group_id"] == id]
        return sorted(found, key=lambda each: (each["last_name"], each["id"]))

    def found(self, term: str) -> tuple[int, list[int]]:
        ids = [each["id"] for each in self.people if term in each["last_name"].lower()]
        return len(ids), ids[:10]

    def terms(self) -> Terms:
        return Terms(few=["lindqvist123", "lindqvist4"], many=["lindqvist"])


@pytest.fixture
def people(editor: Api, admin: Api) -> Sent:
    """Customers in groups, their ids from 1 on."""
    for n in range(GROUPS):
        admin.post("/api/groups", {"name": f"group {n}"})
    new = [
        customer(f"p{n}", 1 + n % GROUPS) | {"last_name": f"Lindqvist{n * 7919 % 1000}"}
        for n in range(1, PEOPLE + 1)
    ]
    made = editor.post("/api/customers?size=list", {"customers": new})
    assert made.status_code == 201
    known = [
        {"id": n, **each, "date_of_birth": date.fromisoformat(each["date_of_birth"])}
        for n, each in enumerate(new, 1)
    ]
    return Sent(known)


def test_we_do_each_job(app: Flask, people: Sent) -> None:
    asker = Asker(app, service_token(app, "editor", "benchmark"))
    for job in JOBS.values():
        answers.check(job, ours=True, asker=asker, truth=people)


def test_a_wrong_answer_is_noticed(app: Flask, people: Sent) -> None:
    liar = Asker(app, service_token(app, "editor", "benchmark"), {"city": "Elsewhere"})
    for name in ("W1", "W3", "W5"):
        with pytest.raises(Wrong, match=r"W\d, .*city"):
            answers.check(JOBS[name], ours=True, asker=liar, truth=people)


def test_costs_asks_for_each_job(app: Flask, people: Sent) -> None:
    token = service_token(app, "editor", "benchmark")
    caller = Caller(app, token, PEOPLE, vars(people.terms()))
    for job in JOBS.values():
        assert caller.call(caller.prepared(job)) > 0


def test_the_load_fills_in_all_that_jobs_leave_open() -> None:
    with open(LOAD) as load:
        known = re.findall(r"^  (\w+) = ", load.read(), re.MULTILINE)
    calls = [call for job in JOBS.values() for call in (job.ours, job.peers)]
    assert {name for call in calls for name in re.findall(r"<(\w+)>", str(call))} == {*known}
