"""What several tests of the main contract do: bodies to send, racing calls, flags set by hand."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from sqlalchemy import update
from werkzeug.test import TestResponse

from customers_api.core import database
from customers_api.core.customers import identity
from customers_api.core.customers.model import CUSTOMERS
from tests.support.api import Api

# The database outlives the examples of a property: each must leave it as it found it.
property_of_the_api = settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def person(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A new customer's fields: the least there must be, an email of its own, and `fields`."""
    email = f"ann.{number}@example.com"
    return {"first_name": "Ann", "last_name": "Lee", "email": email, **fields}


def draw_first(monkeypatch: pytest.MonkeyPatch, uuid: UUID) -> None:
    """Have this UUID drawn for the next new customer, and random ones from then on."""
    left = iter([uuid])
    monkeypatch.setattr(
        identity, "uuids", lambda count: [next(left, None) or uuid4() for _ in range(count)]
    )


def created(editor: Api, **fields: Any) -> dict[str, Any]:
    """A new customer of these fields, as the API shows it."""
    answer = editor.post("/api/customers/", fields)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return dict(answer.get_json())


def created_list(editor: Api, *records: Mapping[str, Any]) -> list[dict[str, Any]]:
    """New customers of these fields, as the API shows them."""
    answer = editor.post("/api/customers/?size=list", {"customers": records})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return list(answer.get_json()["customers"])


def new_group(editor: Api, name: str) -> int:
    """The id of a new group."""
    return int(editor.post("/api/groups/", {"name": name}).get_json()["id"])


def send_text(api: Api, method: str, path: str, body: str | bytes) -> TestResponse:
    """The answer to a body that is sent to the letter."""
    return api(method, path, data=body, content_type="application/json")


def unchecked(api: Api) -> tuple[FlaskClient, dict[str, str]]:
    """A client for large answers, which would take long to hold against the reference."""
    return api.app.test_client(), {"Authorization": f"Bearer {api.token}"}


def at_once(api: Api, calls: Sequence[Callable[[Api], TestResponse]]) -> list[TestResponse]:
    """The answers to calls that are made at the same time, each by a thread of its own."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[Api], TestResponse]) -> TestResponse:
        own = api.with_token(api.token)
        barrier.wait(timeout=30)
        return call(own)

    with ThreadPoolExecutor(len(calls)) as pool:
        return [*pool.map(run, calls)]


def set_columns(api: Api, id: int, **values: Any) -> None:
    """Write columns that the main contract only reads."""
    statement = update(CUSTOMERS).where(CUSTOMERS.c.id == id).values(values)
    with api.app.app_context():
        database.in_unit_of_work(lambda: database.write(statement))
