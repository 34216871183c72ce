"""What the directory costs at the size of the database that DATABASE_URL names.

One client, warm cache, no network: python -m benchmarks.directory
"""

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from statistics import median
from typing import Any

from flask import Flask
from sqlalchemy import event

from config import load
from customers_api import create_app
from customers_api.core import database
from customers_api.core.tokens import service as tokens
from customers_api.extensions import db

RUNS, WARMING_RUNS = 30, 3
PREFIX = "/api/v1/customers"
NAME = "benchmark"


@dataclass
class Timed:
    """The middle of the milliseconds that a call took, in all and in the database."""

    whole: float
    in_database: float


class Client:
    """Calls the application, and knows how long the database took of each call."""

    def __init__(self, app: Flask, token: str) -> None:
        self._client = app.test_client()
        self._headers = {"Authorization": f"Bearer {token}"}
        self._spent = 0.0
        self._began = 0.0
        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", self._begin)
            event.listen(db.engine, "after_cursor_execute", self._end)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The answer's JSON; fails unless the call succeeded."""
        self._spent = 0.0
        answer = self._client.open(path, method=method, json=body, headers=self._headers)
        if answer.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.get_json()

    def timed(self, method: str, path: str, body: Any = None) -> Timed:
        """How long this call takes, once warm."""
        whole, spent = [], []
        for run in range(RUNS + WARMING_RUNS):
            began = time.perf_counter()
            self.call(method, path, body)
            if run >= WARMING_RUNS:
                whole.append((time.perf_counter() - began) * 1000)
                spent.append(self._spent * 1000)
        return Timed(median(whole), median(spent))

    def _begin(self, *_: Any) -> None:
        self._began = time.perf_counter()

    def _end(self, *_: Any) -> None:
        self._spent += time.perf_counter() - self._began


def main() -> None:
    """Print what each request costs, and what it may cost."""
    app = create_app(load())
    with app.app_context(), benchmark_token() as token:
        client = Client(app, token)
        total = client.call("GET", f"{PREFIX}/statistics/overview")["total_customers"]
        print(f"{database.dialect()}, {total:,} customers, the middle of {RUNS} runs, in ms")
        look_ups(client, total)
        pages(client, total)
        searches(client)
        directory(client)


def look_ups(client: Client, total: int) -> None:
    """A customer by each of its names, beside a bare read by primary key."""
    someone = client.call("GET", f"{PREFIX}/?skip={total // 2}&limit=1")[0]
    bare = client.timed("GET", f"/api/customers/{someone['id']}")
    show("by id, main contract", bare, "the measure of the next four")
    for name, path in (
        ("id", str(someone["id"])),
        ("customer_id", someone["customer_id"]),
        ("username", f"username/{someone['username']}"),
        ("email", f"email/{someone['email']}"),
    ):
        cost = client.timed("GET", f"{PREFIX}/{path}")
        show(f"by {name}", cost, f"{cost.whole / bare.whole:.2f} of it, at most 1.5")


def pages(client: Client, total: int) -> None:
    """A page of 100 at the start and far along."""
    first = client.timed("GET", f"{PREFIX}/?limit=100")
    show("first page", first, "the measure of the next two")
    deep = client.call("GET", f"{PREFIX}/?skip={total * 9 // 10}&limit=1")[0]
    cursor = cursor_after(deep["id"])
    by_cursor = client.timed("GET", f"{PREFIX}/?limit=100&cursor={cursor}")
    show("90% along, by cursor", by_cursor, f"{by_cursor.whole / first.whole:.2f}, 0.8 to 1.2")
    by_skip = client.timed("GET", f"{PREFIX}/?limit=100&skip={total * 9 // 10}")
    show("90% along, by skip", by_skip, f"{by_skip.whole / first.whole:.2f}, at most 10")


def searches(client: Client) -> None:
    """Substrings that few have, that many have, and the usual filters."""
    path = f"{PREFIX}/search"
    somebody = client.call("GET", f"{PREFIX}/?limit=1")[0]["username"]
    for title, body, limit in (
        ("few match", {"query": somebody[2:]}, 20),
        ("few match, one trigram", {"query": "99999"}, 20),
        ("few match, by name", {"last_name": "köhl", "first_name": "zey"}, 20),
        ("many match", {"query": "an"}, 500),
        ("many match, three letters", {"query": "example"}, 500),
        ("many, with a country", {"query": "mar", "country": "germany", "is_active": True}, 500),
        ("nobody is left out", {}, 500),
    ):
        found = client.call("POST", path, body)["total"]
        cost = client.timed("POST", path, body)
        show(f"search: {title} ({found:,})", cost, f"at most {limit} in the database")


def directory(client: Client) -> None:
    """Statistics, places and tags."""
    for title, path in (
        ("statistics", "statistics/overview"),
        ("countries", "available/countries"),
        ("cities", "available/cities"),
        ("states of a country", "available/states?country=Germany"),
        ("customers of a city", "location/search?city=Berlin"),
        ("customers of a country", "location/search?country=Germany"),
        ("any of two tags", "tags/premium,vip"),
        ("both of two tags", "tags/premium,vip?match=all"),
    ):
        cost = client.timed("GET", f"{PREFIX}/{path}")
        show(title, cost, "at most 20")


def show(title: str, cost: Timed, limit: str) -> None:
    """Print one line."""
    print(f"  {title:44} {cost.whole:9.2f}  of which database {cost.in_database:9.2f}   {limit}")


def cursor_after(id: int) -> str:
    """The cursor that a page which ends with this id gives."""
    return base64.urlsafe_b64encode(f"after:{id}".encode()).decode().rstrip("=")


@contextmanager
def benchmark_token() -> Iterator[str]:
    """An admin's token for as long as this takes."""
    fields = {"name": NAME, "role": "admin"}
    work: Callable[[], str] = lambda: tokens.service_jwt(tokens.create(fields))  # noqa: E731
    try:
        yield database.in_unit_of_work(work)
    finally:
        database.in_unit_of_work(lambda: tokens.revoke_named(NAME))


if __name__ == "__main__":
    main()
