"""Nothing acknowledged is lost, nothing is half done: whatever is killed, and however often.

    [WEB_SERVER=granian] python -m faults.crashes postgresql
    [WEB_SERVER=granian] python -m faults.crashes sqlite

Eight clients create, change and remove customers, one at a time and 500 at a time, each knowing
what must be there at the end, while workers, the whole server and PostgreSQL are killed. Then
everything is compared with what the clients were told.
"""

import random
import sys
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from http import HTTPStatus
from typing import Any

from faults.client import Client, Seen
from faults.databases import database_of, token
from tests.support import postgres
from tests.support.gunicorn import Gunicorn

CLIENTS = 8
LIST = 500
WORKER_KILLS, SERVER_KILLS = 20, 5
DATABASE_RESTARTS = (False, True, False)  # Immediate, or fast.
PAUSE_SECONDS = (0.3, 1.5)
TAGS = ("vip", "new", "press", "sale")
# Of the customers, those whose events are compared with what they are.
ASKED_FOR_EVENTS = 500
CITIES = ("Paris", "Bern", "Oslo", "Montréal")

Customer = dict[str, Any]


class Worker:
    """A client at work on customers of its own, of whom it knows what each must be."""

    def __init__(self, number: int, port: int, bearer: str) -> None:
        self.client = Client(port, bearer, number)
        self.there: dict[int, Customer] = {}
        self.gone: set[int] = set()
        self._number, self._made = number, 0
        self._chance = random.Random(number)

    def work(self, stop: threading.Event) -> None:
        """Do one thing after the other until told to stop."""
        doing: list[Callable[[], None]] = [
            *[self.create] * 4,
            *[self.change] * 6,
            *[self.remove] * 2,
            self.create_list,
            self.change_many,
        ]
        while not stop.is_set():
            self._chance.choice(doing)()

    def create(self) -> None:
        """Create one customer."""
        status, customer = self.client.settle("POST", "/api/customers/", self._new())
        if self._expected(status, HTTPStatus.CREATED, customer):
            self.there[customer["id"]] = customer

    def create_list(self) -> None:
        """Create many customers, all or none."""
        body = {"customers": [self._new() for _ in range(LIST)]}
        status, answer = self.client.settle("POST", "/api/customers/?size=list", body)
        if self._expected(status, HTTPStatus.CREATED, answer):
            self.there |= {customer["id"]: customer for customer in answer["customers"]}

    def change(self) -> None:
        """Change one of them."""
        if not self.there:
            return
        id = self._chance.choice([*self.there])
        changes = {"city": self._chance.choice(CITIES), "tags": self._tags()}
        status, customer = self.client.settle("PATCH", f"/api/customers/{id}", changes)
        if self._expected(status, HTTPStatus.OK, customer):
            if customer["version"] != self.there[id]["version"] + 1:
                self._strange(f"version {customer['version']} of {id}, changed once")
            self.there[id] = customer

    def change_many(self) -> None:
        """Change many of them alike."""
        ids = self._chance.sample([*self.there], min(LIST, len(self.there)))
        if not ids:
            return
        updates = {"company_name": f"Firm {self._chance.randrange(1000)}", "tags": self._tags()}
        body = {"customer_ids": ids, "updates": updates}
        status, answer = self.client.settle("POST", "/api/customers/bulk-update", body)
        if self._expected(status, HTTPStatus.OK, answer):
            if answer != {"updated": len(ids), "not_found": []}:
                self._strange(f"bulk update: {answer}")
            for id in ids:
                known = self.there[id]
                # When it was changed only the server knows.
                changed = updates | {"version": known["version"] + 1, "updated_at": None}
                self.there[id] = known | changed

    def remove(self) -> None:
        """Remove one of them."""
        if not self.there:
            return
        id = self._chance.choice([*self.there])
        status, answer = self.client.settle("DELETE", f"/api/customers/{id}")
        if self._expected(status, HTTPStatus.OK, answer):
            del self.there[id]
            self.gone.add(id)

    def _new(self) -> Customer:
        self._made += 1
        return {
            "first_name": "Client",
            "last_name": f"Nr {self._number}",
            "email": f"{self._number}.{self._made}@example.com",
            "tags": self._tags(),
            "country": "Testland",
        }

    def _tags(self) -> str:
        return ",".join(self._chance.sample(TAGS, self._chance.randrange(len(TAGS))))

    def _expected(self, status: int, wanted: int, answer: Any) -> bool:
        if status != wanted:
            self._strange(f"{status}, not {wanted}: {str(answer)[:200]}")
        return status == wanted

    def _strange(self, what: str) -> None:
        self.client.seen.unexpected.append(f"client {self._number}: {what}")


def run(kind: str) -> bool:
    """Break everything while clients work; prints a table and returns whether nothing was lost."""
    with database_of(kind) as (url, server):
        gunicorn = Gunicorn(url)
        gunicorn.start()
        bearer = token(url, "admin")
        workers = [Worker(n, gunicorn.port, bearer) for n in range(CLIENTS)]
        stop = threading.Event()
        began = time.monotonic()
        with ThreadPoolExecutor(CLIENTS) as pool:
            working = [pool.submit(worker.work, stop) for worker in workers]
            try:
                _break(gunicorn, server)
            finally:
                stop.set()
            for each in working:
                each.result()
        seconds = time.monotonic() - began
        wrong = [*_compared(workers, Client(gunicorn.port, bearer, 99))]
        wrong += [each for worker in workers for each in worker.client.seen.unexpected]
        gunicorn.stop()
    _report(kind, workers, seconds, wrong)
    return not wrong


def _break(gunicorn: Gunicorn, server: postgres.Server | None) -> None:
    """All faults, in an order of chance, with a little time between them."""
    doing: list[Callable[[], None]] = [gunicorn.kill_worker] * WORKER_KILLS
    doing += [gunicorn.kill] * SERVER_KILLS
    if server is not None:
        for immediate in DATABASE_RESTARTS:
            doing.append(lambda immediate=immediate: _restart(server, immediate))  # type: ignore[misc]
    random.shuffle(doing)
    for fault in doing:
        time.sleep(random.uniform(*PAUSE_SECONDS))
        fault()
    time.sleep(PAUSE_SECONDS[1])


def _restart(server: postgres.Server, immediate: bool) -> None:
    server.stop(immediate=immediate)
    server.start()


def _compared(workers: list[Worker], client: Client) -> Iterator[str]:
    """Where what is there differs from what the clients were told."""
    there = {customer["id"]: customer for customer in _everybody(client)}
    known = {id: customer for worker in workers for id, customer in worker.there.items()}
    gone = {id for worker in workers for id in worker.gone}
    for id in gone & there.keys():
        yield f"customer {id} was removed and is there"
    for id in known.keys() - there.keys():
        yield f"customer {id} was acknowledged and is lost"
    for id in there.keys() - known.keys():
        yield f"customer {id} ({there[id]['email']}) is there and was never acknowledged"
    for id in known.keys() & there.keys():
        if differing := _differing(known[id], there[id]):
            yield f"customer {id} differs in {', '.join(differing)}"
    yield from _miscounted(there.values(), client)
    yield from _untold_of_some(there, gone, client)


def _untold_of_some(
    there: Mapping[int, Customer], gone: Collection[int], client: Client
) -> Iterator[str]:
    """Where the events of some do not lead to what they are, or to their end."""
    for id in random.sample([*there], min(ASKED_FOR_EVENTS, len(there))):
        yield from _untold(there[id], client)
    for id in random.sample([*gone], min(ASKED_FOR_EVENTS, len(gone))):
        _, events = client.settle("GET", f"/api/customers/{id}/activity")
        if events[0]["kind"] != "customer.removed":
            yield f"customer {id} was removed, and its last event is {events[0]['kind']}"


def _untold(customer: Customer, client: Client) -> Iterator[str]:
    """Where a customer's events do not lead to what the customer is."""
    path = f"/api/customers/{customer['id']}/activity?limit=1000"
    _, events = client.settle("GET", path)
    if len(events) != customer["version"]:
        yield f"customer {customer['id']}: version {customer['version']}, {len(events)} events"
    told: Customer = {}
    for event in reversed(events):
        told |= {change["field"]: change["new"] for change in event["changes"]}
    for name in ("city", "company_name", "tags"):
        if told.get(name) != customer[name]:
            yield f"customer {customer['id']}: events end in another {name}"


def _differing(known: Customer, found: Customer) -> list[str]:
    """The names of the fields that are not as the client was told; None is not known to it."""
    # No tags at all are null.
    told = known | {"tags": known["tags"] or None}
    unknown = {"updated_at"} if told["updated_at"] is None else set()
    return sorted(name for name in told.keys() - unknown if found[name] != told[name])


def _miscounted(there: Collection[Customer], client: Client) -> Iterator[str]:
    """Where the tags' own table, the texts and the kept counts do not agree with the customers."""
    _, counted = client.settle("GET", "/api/customers/statistics/overview")
    if counted["total_customers"] != len(there):
        yield f"statistics count {counted['total_customers']} customers, not {len(there)}"
    for tag in TAGS:
        having = sum(tag in (each["tags"] or "").split(",") for each in there)
        body = {"tags": tag, "limit": 1}
        found = client.settle("POST", "/api/customers/search", body)[1]["total"]
        if found != having:
            yield f"{found} customers are found by the tag {tag}, not {having}"
    for number in range(100, 1000, 45):
        name = f"Firm {number}"
        having = sum(name in (each["company_name"] or "") for each in there)
        found = client.settle("POST", "/api/customers/search", {"query": name, "limit": 1})[1][
            "total"
        ]
        if found != having:
            yield f"{found} customers are found by the text {name}, not {having}"


def _everybody(client: Client) -> Iterator[Customer]:
    skip = 0
    while True:
        _, page = client.settle("GET", f"/api/customers/?limit=1000&skip={skip}")
        yield from page
        if not page:
            return
        skip += len(page)


def _report(kind: str, workers: list[Worker], seconds: float, wrong: list[str]) -> None:
    counted = [each.name for each in fields(Seen) if each.name not in ("longest", "unexpected")]
    total = {name: sum(getattr(worker.client.seen, name) for worker in workers) for name in counted}
    print(f"{kind}: {WORKER_KILLS} workers and {SERVER_KILLS} servers killed", end="")
    print(f", {len(DATABASE_RESTARTS)} restarts of PostgreSQL" if kind == "postgresql" else "")
    print(f"  {seconds:.0f} s, {total}")
    print(f"  longest call {max(worker.client.seen.longest for worker in workers):.1f} s")
    print(f"  {sum(len(worker.there) for worker in workers)} customers there at the end")
    print(f"  wrong: {len(wrong)}")
    for each in wrong[:20]:
        print(f"    {each}")


if __name__ == "__main__":
    sys.exit(0 if run(sys.argv[1] if len(sys.argv) > 1 else "postgresql") else 1)
