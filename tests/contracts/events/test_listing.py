"""GET /api/events."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.contracts.events.calls import all_events, kinds
from tests.contracts.main.calls import created, new_group, person
from tests.contracts.shared.calls import next_of, walked
from tests.support.api import Api

REQUEST = {"X-Request-ID": "u"}
# After the tokens that the calls are made with.
START = datetime(2031, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def history(anonymous: Api, admin: Api, editor: Api) -> list[dict[str, Any]]:
    """Some events, each a day after the one before; all that there are, the newest first."""
    with time_machine.travel(START, tick=False) as time:
        calls = (
            lambda: new_group(editor, "Retail"),
            lambda: created(editor, **person(1)),
            lambda: created(admin, **person(2)),
            lambda: editor.patch(
                "/api/customers/1", {"city": "Ulm"}, headers={"X-Request-ID": "u"}
            ),
            lambda: admin.patch("/api/customers/2", {"city": "Bonn"}),
            lambda: admin.delete("/api/customers/1"),
        )
        for call in calls:
            call()
            time.shift(timedelta(days=1))
    return all_events(admin)


def test_all_events_come_newest_first(admin: Api, history: list[dict[str, Any]]) -> None:
    assert kinds(history)[:6] == [
        "customer.removed",
        "customer.changed",
        "customer.changed",
        "customer.created",
        "customer.created",
        "group.created",
    ]
    assert {event["kind"] for event in history[6:]} == {"token.created"}
    pages = walked(admin, "/api/events?limit=2")
    assert [id for page in pages for id in page] == [event["id"] for event in history]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"kind": "customer.changed"}, [4, 3]),
        ({"kind": "group.removed"}, []),
        ({"subject_type": "customer"}, [5, 4, 3, 2, 1]),
        ({"subject_type": "customer", "subject_id": 1}, [5, 3, 1]),
        ({"subject_type": "group", "subject_id": 1}, [0]),
        ({"subject_id": 2, "kind": "customer.changed"}, [4]),
        ({"actor": "editor", "subject_type": "customer"}, [3, 1]),
        ({"actor": "editor"}, [3, 1, 0]),
        ({"actor": "nobody"}, []),
        ({"request_id": "u"}, [3]),
        ({"request_id": "U"}, []),
        ({"since": "2031-03-04T12:00:00Z", "subject_type": "customer"}, [5, 4, 3]),
        ({"since": "2031-03-04T12:00:01Z", "subject_type": "customer"}, [5, 4]),
        ({"until": "2031-03-03T12:00:00Z"}, [2, 1, 0]),
        ({"until": "2031-03-03T11:59:59Z"}, [1, 0]),
        ({"since": "2031-03-02", "until": "2031-03-04"}, [2, 1]),
        ({"since": "2031-03-03T13:30:00+01:30", "until": "2031-03-03T12:00:00Z"}, [2]),
        ({"until": "2025-01-01"}, []),
        ({"since": "2031-03-05", "actor": "admin", "kind": "customer.removed"}, [5]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_every_filter_that_is_given_must_match(
    admin: Api, history: list[dict[str, Any]], query: dict[str, Any], wanted: list[int]
) -> None:
    by_day = {event["id"]: n for n, event in enumerate(history[:6][::-1])}
    found = all_events(admin, **query)
    assert [by_day[event["id"]] for event in found if event["id"] in by_day] == wanted
    one_by_one = walked(admin, "/api/events?limit=1&" + "&".join(_pairs(query)))
    assert [id for page in one_by_one for id in page] == [event["id"] for event in found]


def _pairs(query: dict[str, Any]) -> list[str]:
    return [f"{name}={str(value).replace('+', '%2B')}" for name, value in query.items()]


def test_nothing_follows_the_last_page(admin: Api, history: list[dict[str, Any]]) -> None:
    assert next_of(admin.get(f"/api/events?limit={len(history)}")) is None
    assert next_of(admin.get(f"/api/events?limit={len(history) - 1}")) is not None


@pytest.mark.parametrize(
    "query",
    [
        "kind=customer",
        "subject_type=person",
        "subject_id=x",
        "since=yesterday",
        "until=1",
        "who=me",
    ],
)
def test_what_is_wrong_with_a_filter_is_told(admin: Api, query: str) -> None:
    answer = admin.get(f"/api/events?{query}")
    assert answer.status_code == 400
    assert [each["parameter"] for each in answer.get_json()["errors"]] == [query.partition("=")[0]]


def test_only_an_admin_sees_all_events(reader: Api, editor: Api) -> None:
    for api in (reader, editor):
        assert api.get("/api/events").status_code == 403
