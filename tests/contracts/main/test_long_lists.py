"""Long lists of new customers, which PostgreSQL is given another way than short ones."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import psycopg
import pytest

from customers_api.core.customers import copying
from tests.contracts.events.calls import activity, changes
from tests.contracts.main.calls import (
    created,
    created_list,
    draw_first,
    new_group,
    person,
    unchecked,
)
from tests.support.api import Api

LONG = copying.LEAST + 10
# What a text format could take for something else, in every field that takes text.
ODD = "a\\b\t|N \\N \"c\" 'd', {e} é 李"


SOMEBODY_WITH_AN_EMAIL = """
INSERT INTO customers (uuid, customer_id, username, first_name, last_name, created_at, updated_at,
    email, email_key)
VALUES (gen_random_uuid(), 'CUST_00000001', 'z', 'Z', 'Z', now(), now(), %s, %s)
"""


def varied(number: int, group: int) -> dict[str, Any]:
    """A customer of another kind than the one before."""
    kinds: list[dict[str, Any]] = [
        {},
        {"last_name": "L", "phone": None, "city": None, "notes": None, "tags": ""},
        {"notes": ODD, "company_name": ODD.replace("\t", " "), "tags": "vip,new", "city": "\\N"},
        {"metadata": {"n": 1.50, "text": ODD}, "preferred_communication_channels": ["text"]},
        {"lifetime_value": "-12.5", "date_of_birth": "1990-01-15", "is_loyalty_member": True},
        {"customer_status": "canceled", "marketing_emails": False, "marketing_sms": True},
        {"customer_acquisition_date": "2024-01-15T10:30:00.120000+02:00", "group_id": group},
        {
            "address_line1": "1 Main St", "address_line2": "", "state": "NY",
            "postal_code": "10001", "country": "USA", "gender": "x", "tax_id": "DE 1",
        },
    ]  # fmt: skip
    return person(number, **kinds[number % len(kinds)])


def test_everybody_is_shown_as_they_are_read(editor: Api) -> None:
    group = new_group(editor, "A")
    people = [varied(number, group) for number in range(LONG)]
    made = created_list(editor, *people)
    assert [each["email"] for each in made] == [each["email"] for each in people]
    assert sorted(each["id"] for each in made) == [each["id"] for each in made]
    for each in made:
        assert editor.get(f"/api/customers/{each['id']}").get_json() == each


def test_one_alone_is_shown_as_it_is_read(editor: Api) -> None:
    group = new_group(editor, "A")
    for number in range(8):
        made = created(editor, **varied(number, group))
        answer = editor.get(f"/api/customers/{made['id']}")
        assert answer.get_json() == made


def test_everybody_has_the_event_that_each_would_have_alone(editor: Api) -> None:
    group = new_group(editor, "A")
    made = created_list(editor, *(varied(number, group) for number in range(LONG)))
    alone = [
        created(editor, **varied(number, group) | {"email": f"alone.{number}@example.com"})
        for number in range(8)
    ]
    for one, other in zip(made, alone, strict=False):
        [told], [expected] = activity(editor, one["id"]), activity(editor, other["id"])
        assert {**changes(told), "email": None} == {**changes(expected), "email": None}
        assert told["kind"] == expected["kind"]
        assert told["customer_id"] == one["customer_id"]


def test_everybody_is_found_by_text_and_by_tag(editor: Api) -> None:
    made = created_list(editor, *(person(n, tags=f"tag{n}") for n in range(LONG)))
    for n in (0, 1, LONG - 1):
        body = {"query": f"ann.{n}@example"}
        assert editor.post("/api/customers/search", body).get_json()["total"] == 1
        [found] = editor.get(f"/api/customers/tags/tag{n}").get_json()
        assert found["id"] == made[n]["id"]


def test_an_email_in_use_refuses_the_list_and_leaves_nothing(editor: Api) -> None:
    created(editor, **person(7))
    answer = editor.post(
        "/api/customers/?size=list", {"customers": [person(n) for n in range(LONG)]}
    )
    assert answer.status_code == 400
    assert [each["pointer"] for each in answer.get_json()["errors"]] == ["/customers/7/email"]
    assert len(editor.get("/api/customers/?limit=1000").get_json()) == 1


def test_a_group_that_is_not_there_refuses_the_list(editor: Api) -> None:
    people = [person(n, **({"group_id": 999} if n == 5 else {})) for n in range(LONG)]
    answer = editor.post("/api/customers/?size=list", {"customers": people})
    assert answer.status_code == 400
    assert [each["pointer"] for each in answer.get_json()["errors"]] == ["/customers/5/group_id"]
    assert editor.get("/api/customers/?limit=1000").get_json() == []


def test_usernames_in_use_are_passed_over(editor: Api) -> None:
    before = [created(editor, **person(1000 + n))["username"] for n in range(3)]
    made = created_list(editor, *(person(n) for n in range(LONG)))
    usernames = [*before, *(each["username"] for each in made)]
    assert len({*usernames}) == len(usernames)


def test_a_customer_id_in_use_is_drawn_anew(
    editor: Api, john: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_first(monkeypatch, UUID(hex=UUID(john["uuid"]).hex[:8] + "ffffffff4fff8fffffffffff"))
    made = created_list(editor, *(person(n) for n in range(LONG)))
    assert john["customer_id"] not in {each["customer_id"] for each in made}
    for each in made:
        assert each["customer_id"] == "CUST_" + UUID(each["uuid"]).hex[:8].upper()


def test_a_long_list_waits_for_a_lock_as_long_as_a_statement_may(
    editor: Api,
) -> None:
    """What the network's own patience, three seconds, would take for a broken connection."""
    if editor.app.config["DATABASE_URL"].startswith("sqlite"):
        pytest.skip("on SQLite nobody sends what another process has to receive")
    people = [person(n, notes="x" * 4500) for n in range(3000)]
    client, headers = unchecked(editor)
    with ThreadPoolExecutor(1) as pool, psycopg.connect(plain_url(editor)) as other:
        other.execute(SOMEBODY_WITH_AN_EMAIL, ["ann.2@example.com"] * 2)
        body = {"customers": people}
        waiting = pool.submit(client.post, "/api/customers/?size=list", json=body, headers=headers)
        time.sleep(2)
        waits = blocked(editor)
        time.sleep(6)
        assert waits == blocked(editor) != []
        other.rollback()
        assert waiting.result(30).status_code == 201


def blocked(api: Api) -> list[int]:
    """The processes of the database that wait for a lock."""
    with psycopg.connect(plain_url(api)) as connection:
        found = connection.execute(
            "SELECT pid FROM pg_stat_activity"
            " WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return [pid for (pid,) in found.fetchall()]


def plain_url(api: Api) -> str:
    """The database's address as libpq has it."""
    return str(api.app.config["DATABASE_URL"]).replace("+psycopg", "")
