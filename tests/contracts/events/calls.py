"""Events as the API shows them, short enough to be compared."""

from typing import Any

from tests.support.api import Api

Json = dict[str, Any]


def all_events(admin: Api, **filters: Any) -> list[Json]:
    """The events that match, the newest first."""
    query = {"limit": 1000, **filters}
    answer = admin.get("/api/events", query_string=query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(answer.get_json())


def activity(api: Api, who: int | str, **query: Any) -> list[Json]:
    """What happened to a customer, the newest first."""
    answer = api.get(f"/api/customers/{who}/activity", query_string=query)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(answer.get_json())


def changes(event: Json) -> dict[str, tuple[Any, Any]]:
    """The old and the new value of each field."""
    named = {each["field"]: (each["old"], each["new"]) for each in event["changes"]}
    assert len(named) == len(event["changes"])
    return named


def kinds(events: list[Json]) -> list[str]:
    """The kinds, the newest first."""
    return [event["kind"] for event in events]
