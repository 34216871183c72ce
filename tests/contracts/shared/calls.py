"""What tests of the shared directory do: follow links, search, count statements, move on ids."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text
from werkzeug.test import TestResponse

from customers_api.core import database
from customers_api.extensions import db
from tests.contracts.main.calls import unchecked
from tests.support.api import Api

PREFIXES = ("/api/customers", "/api/v1/customers")
NEXT_ID = {
    "postgresql": "SELECT setval(pg_get_serial_sequence('customers', 'id'), :last)",
    "sqlite": "UPDATE sqlite_sequence SET seq = :last WHERE name = 'customers'",
}
Json = dict[str, Any]


def invalid(prefix: str) -> int:
    """The status of input that fails its schema."""
    return 422 if prefix == "/api/v1/customers" else 400


def ids(customers: Any) -> list[int]:
    """The ids of these customers, or of those of an answer, in their order."""
    if isinstance(customers, TestResponse):
        assert customers.status_code == 200, customers.get_data(as_text=True)
        customers = customers.get_json()
    return [customer["id"] for customer in customers]


def next_of(answer: TestResponse) -> str | None:
    """Where the list goes on."""
    link = answer.headers.get("Link")
    if link is None:
        return None
    found = re.fullmatch(r'<(/[^>]*)>; rel="next"', link)
    assert found, link
    return found[1]


def walked(api: Api, path: str) -> list[list[int]]:
    """The ids of every page from this one to the end."""
    client, headers = unchecked(api)
    pages = []
    going: str | None = path
    while going:
        answer = client.get(going, headers=headers)
        pages.append(ids(answer))
        going = next_of(answer)
        assert len(pages) < 500
    return pages


def everybody(api: Api) -> list[Json]:
    """All customers, by id."""
    client, headers = unchecked(api)
    shown: list[Json] = []
    going: str | None = "/api/customers/?limit=1000"
    while going:
        answer = client.get(going, headers=headers)
        shown += answer.get_json()
        going = next_of(answer)
    return shown


def found(api: Api, prefix: str = PREFIXES[0], /, **body: Any) -> Json:
    """What a search answers; its form is held against the reference where it is printed."""
    client, headers = unchecked(api)
    answer = client.post(f"{prefix}/search", json=body, headers=headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return dict(answer.get_json())


def bulk(api: Api, prefix: str, ids: Any, **updates: Any) -> TestResponse:
    """The answer to a bulk update."""
    return api.post(f"{prefix}/bulk-update", {"customer_ids": ids, "updates": updates})


def go_on_after(api: Api, last: int) -> None:
    """Have the next customer get the id after `last`."""
    with api.app.app_context(), db.engine.connect() as connection:
        connection.execute(text(NEXT_ID[database.dialect()]), {"last": last})


@contextmanager
def statements(api: Api) -> Iterator[list[tuple[str, Any]]]:
    """The statements run meanwhile, with their parameters; twice if run for many rows in turn."""
    seen: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        seen.extend([(arguments[2], arguments[3])] * (2 if arguments[5] else 1))

    with api.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


def without(customer: Mapping[str, Any], *names: str) -> Json:
    """The customer but for these fields."""
    return {name: value for name, value in customer.items() if name not in names}
