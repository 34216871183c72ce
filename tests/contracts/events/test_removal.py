"""What stays of a removed customer: that things happened, and nothing personal."""

from typing import Any

from sqlalchemy import text

from customers_api.core import database
from customers_api.core.acting import acting
from customers_api.core.actor import Actor, Role
from customers_api.core.customers import service as customers
from customers_api.extensions import db
from tests.contracts.events.calls import activity, all_events, changes, kinds
from tests.contracts.main.calls import created
from tests.contracts.shared.calls import bulk, statements
from tests.support.api import Api

PERSONAL: dict[str, Any] = {
    "first_name": "Wilhelmine",
    "last_name": "Zäunemann",
    "email": "wilhelmine@example.org",
    "phone": "+49 361 7654321",
    "address_line1": "Anger 17",
    "address_line2": "Hinterhaus",
    "city": "Erfurt-Gispersleben",
    "state": "Thüringen",
    "postal_code": "99084",
    "country": "Deutschland",
    "date_of_birth": "1911-01-01",
    "gender": "undisclosed",
    "company_name": "Poetische Rosen",
    "tax_id": "DE-4711-0815",
    "lifetime_value": "4711.08",
    "customer_acquisition_date": "2019-09-09T09:09:09Z",
    "notes": "Writes odes.",
    "tags": "laureate,rider",
    "metadata": {"poem": "Die Bergwerke"},
}
CHANGED = {
    "first_name": "Sidonia",
    "email": "sidonia@example.org",
    "city": "Göttingen-Weende",
    "tags": "crowned",
    "notes": "x" * 3000,
    "metadata": {"poem": "Andreasnacht"},
}


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    return str(value).split(",") if value else []


def raw(api: Api) -> str:
    """All that the table holds, as text."""
    with api.app.app_context(), db.engine.connect() as connection:
        return "\n".join(map(repr, connection.execute(text("SELECT * FROM events")).all()))


def test_no_personal_value_stays_in_the_table(admin: Api) -> None:
    made = created(admin, **PERSONAL)
    path = f"/api/customers/{made['id']}"
    admin.patch(path, CHANGED)
    bulk(admin, "/api/customers", [made["id"]], city="Halle an der Saale", phone="+49 345 1234567")
    personal = {*texts(PERSONAL), *texts(CHANGED), "Halle an der Saale", "345 1234567"}
    personal |= {made["username"], made["uuid"], made["full_name"]}
    assert sum(value in raw(admin) for value in personal) >= len(personal) - 6
    assert admin.delete(path).status_code == 200
    left = raw(admin)
    assert [value for value in personal if value in left] == []


def test_the_events_stay_with_the_names_of_the_fields(admin: Api) -> None:
    made = created(admin, **PERSONAL)
    admin.patch(f"/api/customers/{made['id']}", {"city": "Jena", "phone": None})
    admin.patch(f"/api/customers/{made['id']}", {"city": "Jena"})
    admin.delete(f"/api/v1/customers/{made['customer_id']}/hard", headers={"X-Request-ID": "bye"})
    for name in (made["id"], made["customer_id"], made["customer_id"].lower()):
        told = activity(admin, name)
        assert kinds(told) == ["customer.removed", *["customer.changed"] * 2, "customer.created"]
    removed, nothing, changed, first = told
    assert (removed["changes"], removed["request_id"]) == ([], "bye")
    assert removed["actor_name"] == "admin"
    assert changes(nothing) == {}
    gone = ("[removed]", "[removed]")
    assert changes(changed) == {"city": gone, "phone": gone}
    assert changes(first) == dict.fromkeys(PERSONAL, gone)
    assert {event["customer_id"] for event in told} == {made["customer_id"]}


def test_nobody_elses_events_are_touched(admin: Api) -> None:
    one = created(admin, **PERSONAL)
    other = created(admin, **{**PERSONAL, "email": "other@example.org"})
    group = admin.post("/api/groups/", {"name": "Poets"}).get_json()["id"]
    admin.patch(f"/api/groups/{group}", {"name": "Writers"})
    assert group == one["id"] == 1
    before = all_events(admin)
    admin.delete(f"/api/customers/{one['id']}")
    after = all_events(admin)[1:]
    untouched = [event for event in before if event["customer_id"] != one["customer_id"]]
    assert [event for event in after if event["customer_id"] != one["customer_id"]] == untouched
    assert changes(activity(admin, other["id"])[0])["city"] == (None, PERSONAL["city"])


def test_the_name_of_a_customer_who_acted_goes_too(admin: Api) -> None:
    made = created(admin, **PERSONAL)
    herself = Actor("customer", "Wilhelmine Zäunemann", Role.READER)  # type: ignore[arg-type]
    with admin.app.app_context(), acting(herself, "her-own"):
        change = {"city": "Jena"}
        database.in_unit_of_work(lambda: customers.change(made["id"], change, ("id",)))
    assert activity(admin, made["id"])[0]["actor_name"] == "Wilhelmine Zäunemann"
    admin.delete(f"/api/customers/{made['id']}")
    assert "Wilhelmine" not in raw(admin)
    told = activity(admin, made["id"])
    assert [event["actor_name"] for event in told] == ["admin", "[removed]", "admin"]


def test_a_removal_costs_two_statements_more(admin: Api, backend: str) -> None:
    made = created(admin, **PERSONAL)
    with statements(admin) as seen:
        admin.delete(f"/api/customers/{made['id']}")
    # Nor what is folded afterwards, in a transaction of its own.
    others = ("tokens", "BEGIN", "customer_counts", "customer_change", "advisory")
    told = [s for s, _ in seen if not any(word in s for word in others)]
    # One for the events, which SQLite needs two for, and one for the answers that are kept.
    assert len(told) == (3 if backend == "postgresql" else 4), told
