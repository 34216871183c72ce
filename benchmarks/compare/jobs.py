"""The six jobs, and how each is asked of us and of the peers.

In a path or a body <id>, <group>, <term>, <customer>, <customers> and <n> are filled in anew for
each request, here for the checks and in load.lua for the measurements.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

A_LIST = 1_000
IN_A_GROUP = 100
# What a client may set in the main contract; <unique> and <group> differ from one to the next.
CUSTOMER = {
    "first_name": "Amelia",
    "last_name": "Okafor",
    "email": "amelia.okafor.<unique>@example.com",
    "phone": "+1 212 555 0147",
    "address_line1": "12 Cedar Street",
    "address_line2": None,
    "city": "Salem",
    "state": "New York",
    "postal_code": "12865",
    "country": "United States",
    "date_of_birth": "1985-06-17",
    "gender": "female",
    "company_name": "Cedar Laboratories",
    "group_id": "<group>",
    "notes": "Created by the benchmark",
    "tags": "premium,newsletter",
}
CHANGES = '{"city": "Town <n>", "notes": "Changed <n> times"}'


@dataclass(frozen=True)
class Call:
    """One request."""

    method: str
    path: str
    body: str = ""


@dataclass(frozen=True)
class Job:
    """What is measured."""

    name: str
    title: str
    ours: Call
    peers: Call
    writes: bool = False
    most_clients: int = 1_000
    # Which file of terms is drawn from.
    terms: str = ""


@dataclass(frozen=True)
class Terms:
    """What is searched for: terms that few have, and terms that many have."""

    few: list[str] = field(default_factory=list)
    many: list[str] = field(default_factory=list)


CUSTOMERS = "/api/customers"
FIND = Call("POST", f"{CUSTOMERS}/search", '{"query": "<term>"}')
PEERS_FIND = Call("GET", f"{CUSTOMERS}/search?query=<term>")
GET = Call("GET", f"{CUSTOMERS}/<id>")
GROUP = Call("GET", f"{CUSTOMERS}/group/<group>?sort=last_name&age=true")
CREATE = Call("POST", CUSTOMERS, "<customer>")
LIST = Call("POST", f"{CUSTOMERS}?size=list", '{"customers": [<customers>]}')
CHANGE = Call("PATCH", f"{CUSTOMERS}/<id>", CHANGES)

JOBS = {
    job.name: job
    for job in (
        Job("W1", "read a customer", GET, GET),
        Job(
            "W2",
            f"list a group of {IN_A_GROUP}, by last name, with ages",
            GROUP,
            Call("GET", f"{CUSTOMERS}/group/<group>"),
        ),
        Job("W3", "create a customer", CREATE, CREATE, writes=True),
        Job(
            "W4",
            f"create {A_LIST:,} customers in one request",
            LIST,
            Call("POST", f"{CUSTOMERS}/list", LIST.body),
            writes=True,
            most_clients=4,
        ),
        Job("W5", "change two fields of a customer", CHANGE, CHANGE, writes=True),
        Job("W6", "search what few have", FIND, PEERS_FIND, terms="few"),
        Job("W6b", "search what many have", FIND, PEERS_FIND, terms="many"),
    )
}


def customer(unique: str, group: int) -> dict[str, Any]:
    """A new customer as a body has it."""
    return json.loads(customer_text().replace("<unique>", unique).replace("<group>", str(group)))


def customer_text() -> str:
    """The same with <unique> and <group> left to be filled in."""
    return json.dumps(CUSTOMER).replace('"<group>"', "<group>")


def filled(call: Call, values: Mapping[str, object]) -> Call:
    """The call with its places filled in."""
    path, body = call.path, call.body
    for name, value in values.items():
        path = path.replace(f"<{name}>", str(value))
        body = body.replace(f"<{name}>", str(value))
    return Call(call.method, path, body)
