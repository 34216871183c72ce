"""What is counted of requests and of the database, and that clients cannot make it grow."""

import threading
from math import inf
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, event

from customers_api.extensions import db
from customers_api.version import VERSION
from customers_api.web import metrics
from tests.conftest import JOHN, make_app
from tests.support.api import Api
from tests.support.checkout import ROOT
from tests.support.metrics import Samples, samples, total, values
from tests.support.stalling import stalled_writers

ROUTE = "/api/customers/<int:customer_id>"


@pytest.fixture
def scrape(anonymous: Api, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Reads /metrics, without a token; what is told is never told again, however long it took."""
    monkeypatch.setattr(metrics, "LONG_SECONDS", inf)

    def read() -> Samples:
        answer = anonymous.get("/metrics")
        assert answer.status_code == 200
        assert answer.content_type.startswith("text/plain; version=")
        return samples(answer.get_data(as_text=True))

    return read


def test_requests_are_counted_by_route_method_and_status(
    editor: Api, john: dict[str, Any], scrape: Any
) -> None:
    before = scrape()
    for id in (john["id"], john["id"], 999_999):
        editor.get(f"/api/customers/{id}")
    editor.patch(f"/api/customers/{john['id']}", {})
    after = scrape()

    def more(name: str, **labels: str) -> float:
        return total(after, name, **labels) - total(before, name, **labels)

    counted = {
        ("GET", "200"): 2,
        ("GET", "404"): 1,
        ("PATCH", "400"): 1,
    }
    for (method, status), times in counted.items():
        labels = {"route": ROUTE, "method": method, "status": status}
        assert more("http_requests_total", **labels) == times
    assert more("http_request_duration_seconds_count", route=ROUTE, method="GET") == 3
    assert more("http_request_duration_seconds_bucket", route=ROUTE, method="GET", le="+Inf") == 3
    assert 0 < more("http_request_duration_seconds_sum", route=ROUTE, method="GET") < 3
    assert more("database_statements_total", route=ROUTE) >= 3
    assert more("database_seconds_total", route=ROUTE) > 0
    # Each scrape sees the one before it.
    assert more("http_requests_total", route="/metrics") == 1


def test_the_time_of_a_commit_is_time_in_the_database(editor: Api, scrape: Any) -> None:
    before = scrape()
    editor.post("/api/customers/", JOHN)
    after = scrape()
    waited = [
        total(each, "database_seconds_total", route="/api/customers") for each in (before, after)
    ]
    assert waited[0] < waited[1]


def test_what_clients_invent_makes_no_labels(editor: Api, scrape: Any) -> None:
    for n in range(3):
        editor.get(f"/nothing/{n}")
        editor(f"BREW{n}", f"/nothing/{n}")
        editor(f"BREW{n}", "/api/groups/")
    before = scrape()
    for n in range(3, 30):
        editor.get(f"/nothing/{n}?{n}={n}")
        editor(f"BREW{n}", f"/nothing/{n}")
        editor(f"BREW{n}", "/api/groups/")
        editor.get(f"/api/customers/{n + 5000}")
    after = scrape()
    made = {name for name in after if name not in before}
    assert {dict(labels)["route"] for _, labels in made} <= {ROUTE}
    assert values(after, "method", ["http_requests_total"]) <= {
        *("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "other")
    }
    assert not any("nothing" in route for route in values(after, "route", ["http_requests_total"]))
    assert total(after, "http_requests_total", route="", method="other") > total(
        before, "http_requests_total", route="", method="other"
    )


def test_a_streamed_answer_is_counted_once_it_is_sent(editor: Api, scrape: Any) -> None:
    people = [JOHN | {"email": f"{n}@example.com"} for n in range(1200)]
    editor.post("/api/customers/?size=list", {"customers": people})
    before = scrape()
    for method in ("GET", "HEAD"):
        editor(method, "/customers/")
    after = scrape()
    for method in ("GET", "HEAD"):
        labels = {"route": "/customers", "method": method, "status": "200"}
        counted = [total(each, "http_requests_total", **labels) for each in (before, after)]
        assert counted[1] - counted[0] == 1
    assert total(after, "http_requests_in_progress") == 1


def test_what_is_at_work_is_seen(app: Flask, editor: Api, scrape: Any) -> None:
    idle = scrape()
    with stalled_writers(app.config["DATABASE_URL"]):
        writing = threading.Thread(target=editor.post, args=("/api/customers/", JOHN))
        writing.start()
        for _ in range(1000):
            busy = scrape()
            if total(busy, "database_pool_connections", state="in_use") > total(
                idle, "database_pool_connections", state="in_use"
            ):
                break
        # The scrape itself is one.
        assert total(busy, "http_requests_in_progress") == 2
    writing.join()
    after = scrape()
    assert total(after, "http_requests_in_progress") == 1
    assert total(after, "database_pool_connections", state="in_use") == total(
        idle, "database_pool_connections", state="in_use"
    )


def test_a_connection_that_cannot_be_had_anew_is_not_in_use(scrape: Any, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/customers.db")
    metrics.watch(engine)
    with engine.connect() as connection:
        connection.invalidate()
    before = scrape()

    def refuse(*_: object) -> None:
        raise OSError

    event.listen(engine, "do_connect", refuse)
    for _ in range(3):
        with pytest.raises(OSError):  # noqa: PT011
            engine.connect()
    states = [
        total(each, "database_pool_connections", state="in_use") for each in (before, scrape())
    ]
    assert states[0] == states[1]


def test_a_request_whose_answer_cannot_be_made_is_not_at_work_for_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make_app(f"sqlite:///{tmp_path}/customers.db")
    failing = make_app(f"sqlite:///{tmp_path}/customers.db")
    failing.config["PROPAGATE_EXCEPTIONS"] = False
    failing.after_request(lambda _: {}[0])
    monkeypatch.setattr(metrics, "LONG_SECONDS", inf)
    for each in (failing, failing, app):
        answer = each.test_client().get("/metrics")
    assert total(samples(answer.get_data(as_text=True)), "http_requests_in_progress") == 1


def test_connections_that_are_closed_are_gone(app: Flask, reader: Api, scrape: Any) -> None:
    with app.app_context():
        db.engine.dispose()
    none = scrape()
    reader.get("/api/groups/")
    one = scrape()
    with app.app_context():
        db.engine.dispose()
    states = [total(each, "database_pool_connections") for each in (none, one, scrape())]
    assert states[1] - states[0] >= 1
    assert states[2] == states[0]


def test_the_version_is_told(scrape: Any) -> None:
    assert total(scrape(), "customers_api_info", version=VERSION) == 1
    assert total(scrape(), "database_pool_size") >= 5


def test_metrics_have_the_names_that_the_documentation_says(scrape: Any) -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    ends = ("_bucket", "_count", "_sum")
    for name, _ in scrape():
        for end in ends:
            name = name.removesuffix(end)  # noqa: PLW2901
        assert f"`{name}`" in page


def test_what_took_long_to_tell_is_told_again_for_a_while(
    scrape: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "LONG_SECONDS", 0)
    monkeypatch.setattr(metrics, "TIMES_AS_LONG", 1_000_000)
    monkeypatch.setattr(metrics, "exposition", metrics.Exposition())
    assert scrape() == scrape()
