"""What is recorded of customers: by whom, in which request, old and new values."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.contracts.events.calls import activity, all_events, changes, kinds
from tests.contracts.main.calls import created, created_list, new_group, person
from tests.contracts.shared.calls import PREFIXES, bulk, statements
from tests.support.api import Api

REQUEST = {"X-Request-ID": "request-of-the-test"}


def test_a_creation_tells_the_given_fields(editor: Api) -> None:
    before = datetime.now(UTC)
    fields = {
        "city": "Köln",
        "date_of_birth": "1990-01-15",
        "lifetime_value": 37.5,
        "tags": "vip, new",
        "metadata": {"source": "shop", "n": 1},
        "preferred_communication_channels": ["phone", "email"],
        "customer_acquisition_date": "2024-01-15T10:30:00Z",
        "marketing_emails": False,
        "phone": None,
    }
    answer = editor.post("/api/customers/", person(**fields), headers=REQUEST)
    [event] = activity(editor, answer.get_json()["id"])
    assert changes(event) == {
        "first_name": (None, "Ann"),
        "last_name": (None, "Lee"),
        "email": (None, "ann.1@example.com"),
        "city": (None, "Köln"),
        "date_of_birth": (None, "1990-01-15"),
        "lifetime_value": (None, "37.50"),
        "tags": (None, "vip,new"),
        "metadata": (None, {"source": "shop", "n": 1}),
        "preferred_communication_channels": (None, ["phone", "email"]),
        "customer_acquisition_date": (None, "2024-01-15T10:30:00Z"),
        "marketing_emails": (None, False),
    }
    assert event["kind"] == "customer.created"
    assert event["request_id"] == "request-of-the-test"
    assert (event["actor_kind"], event["actor_name"]) == ("service", "editor")
    assert (event["token_id"], event["operator_id"]) == (1, None)
    assert (event["subject_type"], event["subject_id"]) == ("customer", answer.get_json()["id"])
    assert event["customer_id"] == answer.get_json()["customer_id"]
    at = datetime.fromisoformat(event["at"])
    assert before - timedelta(seconds=1) < at < datetime.now(UTC) + timedelta(seconds=1)


def test_each_of_a_list_has_an_event_of_its_own(editor: Api, admin: Api) -> None:
    made = created_list(editor, *(person(n, city=f"City {n}") for n in range(25)))
    found = all_events(admin, kind="customer.created")
    assert [event["subject_id"] for event in found[::-1]] == [each["id"] for each in made]
    assert [event["customer_id"] for event in found[::-1]] == [each["customer_id"] for each in made]
    assert [changes(event)["city"] for event in found[::-1]] == [
        (None, f"City {n}") for n in range(25)
    ]
    assert len({event["request_id"] for event in found}) == 1


@pytest.mark.parametrize(
    ("field", "first", "second"),
    [
        ("city", "Paris", "Berlin"),
        ("city", "Paris", None),
        ("date_of_birth", "1990-01-15", "1991-02-16"),
        ("lifetime_value", "10.00", "-3.20"),
        ("is_loyalty_member", False, True),
        ("customer_status", "active", "canceled"),
        ("tags", "a,b", "b,a"),
        ("tags", "a", None),
        ("metadata", {"a": [1, 2.50]}, {}),
        ("preferred_communication_channels", ["email"], ["phone", "email"]),
        ("customer_acquisition_date", "2024-01-15T10:30:00Z", None),
    ],
)
def test_a_change_tells_the_old_value_and_the_new(
    editor: Api, field: str, first: object, second: object
) -> None:
    made = created(editor, **person(**{field: first}))
    editor.patch(f"/api/customers/{made['id']}", {field: second})
    event = activity(editor, made["id"])[0]
    assert event["kind"] == "customer.changed"
    assert changes(event) == {field: (first, second)}


def test_what_stays_the_same_is_not_told(editor: Api) -> None:
    fields = person(city="Paris", metadata={"a": 1}, tags="a,b", lifetime_value="1.00")
    made = created(editor, **fields)
    editor.patch(f"/api/customers/{made['id']}", {**fields, "country": "France"})
    assert changes(activity(editor, made["id"])[0]) == {"country": (None, "France")}


def test_every_version_has_an_event_also_where_nothing_is_different(editor: Api) -> None:
    made = created(editor, **person(city="Paris"))
    path = f"/api/customers/{made['id']}"
    editor.patch(path, {"city": "Paris"})
    editor.patch(path, {"city": "Rome"})
    assert editor.get(path).get_json()["version"] == 3 == len(activity(editor, made["id"]))
    assert changes(activity(editor, made["id"])[1]) == {}


def test_a_refused_change_leaves_no_event(editor: Api, admin: Api) -> None:
    one, two = created_list(editor, person(1), person(2))
    before = len(all_events(admin))
    path = f"/api/customers/{one['id']}"
    for body in ({"email": two["email"]}, {"group_id": 999}, {"phone": "x"}):
        assert editor.patch(path, body).status_code == 400
    assert editor.post("/api/customers/", person(1)).status_code == 400
    body = {"customers": [person(3), person(1)]}
    assert editor.post("/api/customers/?size=list", body).status_code == 400
    assert editor.patch("/api/customers/999", {"city": "x"}).status_code == 404
    assert len(all_events(admin)) == before


def test_a_changed_email_tells_that_it_is_no_longer_verified(editor: Api) -> None:
    made = created(editor, **person(phone="+1-555-0123"))
    path = f"/api/customers/{made['id']}"
    editor.patch(f"{path}/verify-email")
    editor.patch(f"{path}/verify-phone")
    editor.patch(path, {"email": "New@example.com", "phone": "+1-555-0123"})
    changed, phone, email, _ = activity(editor, made["id"])
    assert changes(changed) == {
        "email": (made["email"], "New@example.com"),
        "email_verified": (True, False),
    }
    assert (phone["kind"], changes(phone)) == (
        "customer.phone_verified",
        {"phone_verified": (False, True)},
    )
    assert (email["kind"], changes(email)) == (
        "customer.email_verified",
        {"email_verified": (False, True)},
    )


@pytest.mark.parametrize("fraction", ["", ".214640", ".000001", ".9"])
def test_a_moment_is_told_as_it_is_shown(editor: Api, fraction: str) -> None:
    made = created(editor, **person())
    moment = {"customer_acquisition_date": f"2024-01-15T10:30:00{fraction}Z"}
    changed = editor.patch(f"/api/customers/{made['id']}", moment).get_json()
    shown = changed["customer_acquisition_date"]
    assert datetime.fromisoformat(shown) == datetime.fromisoformat(moment.popitem()[1])
    assert changes(activity(editor, made["id"])[0]) == {"customer_acquisition_date": (None, shown)}


def test_deactivating_and_logging_in_have_names_of_their_own(editor: Api) -> None:
    made = created(editor, **person())
    path = f"/api/v1/customers/{made['customer_id']}"
    seen = editor.patch(f"{path}/last-login").get_json()["last_login_at"]
    editor.delete(path)
    deactivated, logged_in, _ = activity(editor, made["id"])
    assert (deactivated["kind"], changes(deactivated)) == (
        "customer.deactivated",
        {"customer_status": ("active", "inactive")},
    )
    assert (logged_in["kind"], changes(logged_in)) == (
        "customer.logged_in",
        {"last_login_at": (None, seen)},
    )


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_bulk_update_tells_the_old_values_of_each(editor: Api, prefix: str) -> None:
    made = created_list(
        editor, person(1, city="Rome", tags="x,y"), person(2), person(3, city="Köln", tags="new")
    )
    ids = [made[0]["id"], made[1]["customer_id"], made[2]["id"], 999]
    assert bulk(editor, prefix, ids, city="Köln", tags="new").status_code == 200
    told = [activity(editor, each["id"])[0] for each in made]
    assert kinds(told) == ["customer.changed"] * 3
    assert [changes(event) for event in told] == [
        {"city": ("Rome", "Köln"), "tags": ("x,y", "new")},
        {"city": (None, "Köln"), "tags": (None, "new")},
        {},
    ]


def test_customers_of_a_removed_group_tell_where_they_went(admin: Api) -> None:
    old, new = new_group(admin, "Old"), new_group(admin, "New")
    made = created_list(admin, *(person(n, group_id=old) for n in range(3)), person(9))
    admin.delete(f"/api/groups/{old}?reassign_to={new}")
    for each in made[:3]:
        event = activity(admin, each["id"])[0]
        assert event["customer_id"] == each["customer_id"]
        assert (event["kind"], changes(event)) == ("customer.changed", {"group_id": (old, new)})
    assert len(activity(admin, made[3]["id"])) == 1
    admin.delete(f"/api/groups/{new}?reassign_to=none")
    assert changes(activity(admin, made[0]["id"])[0]) == {"group_id": (new, None)}
    assert len(all_events(admin, request_id=activity(admin, made[0]["id"])[0]["request_id"])) == 4


def test_a_very_long_text_is_told_by_its_length_and_digest(editor: Api) -> None:
    # sha256 of 5000 times ä in UTF-8, by sha256sum.
    digest = "1be92b276031d63eaa6744019876e3d5711b6c12cf5d6d8c732f27ff3162aaec"
    made = created(editor, **person(notes="ä" * 1000))
    editor.patch(f"/api/customers/{made['id']}", {"notes": "ä" * 5000})
    told = changes(activity(editor, made["id"])[0])["notes"]
    assert told == ("ä" * 1000, {"characters": 5000, "sha256": digest})


def test_an_object_is_very_long_by_its_bytes_when_it_is_made_and_when_it_is_changed(
    editor: Api,
) -> None:
    long = {"a": "€" * 400}
    made = created(editor, **person(metadata=long))
    editor.patch(f"/api/customers/{made['id']}", {"metadata": {}})
    was_made, was_changed = activity(editor, made["id"])[::-1]
    told = changes(was_made)["metadata"][1]
    assert told["characters"] == 408
    assert changes(was_changed)["metadata"][0] == told


def test_one_write_is_one_statement_on_postgresql(editor: Api, backend: str) -> None:
    made = created(editor, **person(city="Rome", tags="a"))
    path = f"/api/customers/{made['id']}"
    editor.get(path)
    with statements(editor) as seen:
        editor.patch(path, {"city": "Ulm"})
    _check(seen, 1 if backend == "postgresql" else 3)
    with statements(editor) as seen:
        created(editor, **person(2))
    # SQLite's next id is told by two of its own.
    _check(seen, 1 if backend == "postgresql" else 5)


def _check(seen: list[tuple[str, Any]], wanted: int) -> None:
    told = [s[0] for s in seen if "tokens" not in s[0] and not s[0].startswith("BEGIN")]
    assert len(told) == wanted, told
