"""flask events purge."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from customers_api.core.events import service
from tests.cli.test_operators import invoke
from tests.contracts.events.calls import all_events, changes, kinds
from tests.contracts.main.calls import created, person
from tests.support.api import Api


def test_earlier_events_go_and_later_ones_stay(admin: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "BATCH", 2)
    with time_machine.travel(datetime(2020, 1, 1, tzinfo=UTC), tick=False) as time:
        for n in range(5):
            assert (
                invoke(admin.app, "tokens", "create", "--role", "reader", "--name", f"{n}")[0] == 0
            )
            time.shift(timedelta(days=1))
    code, said = invoke(admin.app, "events", "purge", "--before", "2020-01-04")
    assert (code, said) == (0, "Removed 3 events from before 2020-01-04 00:00 UTC.\n")
    purged, *left = all_events(admin)
    assert (purged["kind"], purged["actor_kind"]) == ("events.purged", "command line")
    assert changes(purged) == {"before": (None, "2020-01-04T00:00:00Z")}
    assert [event["at"][:10] for event in left if event["at"] < "2021"] == [
        "2020-01-05",
        "2020-01-04",
    ]


def test_a_day_in_the_future_is_refused(admin: Api) -> None:
    created(admin, **person())
    code, said = invoke(admin.app, "events", "purge", "--before", "2999-01-01")
    assert code == 2
    assert "future" in said
    assert kinds(all_events(admin))[0] == "customer.created"


def test_the_date_is_needed(admin: Api) -> None:
    assert invoke(admin.app, "events", "purge")[0] == 2
    assert invoke(admin.app, "events", "purge", "--before", "soon")[0] == 2
