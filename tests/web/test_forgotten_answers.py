"""Kept answers that show a customer: they are forgotten when that customer is removed."""

import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
import time_machine
from flask import Flask
from marshmallow import Schema, fields
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from customers_api.core import database
from customers_api.core.idempotency import service
from customers_api.core.idempotency.model import KEPT, SHOWN
from customers_api.web.contract import registered
from customers_api.web.operation import schemas_of
from tests.contracts.main.calls import at_once, created, created_list, person
from tests.contracts.me.customers import log_in, make_customer
from tests.contracts.shared.calls import statements
from tests.support.api import Api
from tests.web.test_idempotency import JANE, REPLAYED, code, count, keyed

WILHELMINE = {
    "first_name": "Wilhelmine",
    "last_name": "Zäunemann",
    "email": "wilhelmine@example.org",
    "city": "Erfurt-Gispersleben",
}
PERSONAL = (*WILHELMINE.values(), "wilhelminezaunemann")
CAPABILITY = "/api/capabilities/customer-management"
Json = dict[str, Any]
Call = tuple[str, str, Any]

BASIC = {"id": 1, "name": "Wilhelmine Zäunemann", "email": "wilhelmine@example.org", "phone": None}
LOYALTY = {
    "first_name": "Wilhelmine",
    "last_name": "Zäunemann",
    "email_address": "wilhelmine@example.org",
}
CREATIONS: list[Call] = [
    ("POST", "/api/customers", WILHELMINE),
    ("POST", "/api/customers?size=list", {"customers": [WILHELMINE, JANE]}),
    ("POST", "/api/v1/customers", WILHELMINE),
    ("POST", "/customers", BASIC),
    ("POST", "/loyalty/customers", LOYALTY),
]
# Of the customer whom `fill` names.
CHANGES: list[Call] = [
    ("PATCH", "/api/customers/{id}", {"city": "Jena"}),
    ("PUT", "/api/v1/customers/{customer_id}", {"city": "Jena"}),
    ("PUT", "/api/v1/customers/{id}", {}),
    ("PUT", "/customers/{id}", BASIC),
    ("PUT", "/loyalty/customers/{uuid}", {"city": "Jena"}),
    ("PUT", "/loyalty/customers/{uuid}", {}),
    *(
        ("PATCH", f"{prefix}/{{id}}/{mark}", None)
        for prefix in ("/api/customers", "/api/v1/customers")
        for mark in ("verify-email", "verify-phone", "last-login")
    ),
]
REMOVALS: list[Call] = [
    ("DELETE", "/api/customers/{id}", None),
    ("DELETE", "/api/v1/customers/{customer_id}/hard", None),
    ("DELETE", "/customers/{id}", None),
    ("DELETE", "/loyalty/customers/{uuid}", None),
    ("POST", f"{CAPABILITY}/delete_customer", {"customerId": "{customer_id}"}),
]
# With tests of their own: /api/me, and the samples.
OTHERS = {("PATCH", "/api/me"), ("POST", "/loyalty/seed")}


def send(api: Api, call: Call, customer: Mapping[str, Any], **more: Any) -> TestResponse:
    """The answer to a call about this customer."""
    method, path, body = call
    if body == {"customerId": "{customer_id}"}:
        body = {"customerId": customer["customer_id"]}
    json = {} if body is None else {"json": body}
    return api(method, path.format(**customer), **json, **more)


def remove(admin: Api, customer: Mapping[str, Any]) -> None:
    """Remove a customer for good."""
    assert send(admin, REMOVALS[0], customer).status_code == 200


def wilhelmine(api: Api) -> Json:
    """Wilhelmine as the API shows her."""
    return dict(api.get(f"/api/customers/email/{WILHELMINE['email']}").get_json())


def raw(app: Flask) -> str:
    """All that is kept, bodies unpacked, as text."""
    with app.app_context():
        rows = database.rows(select(KEPT))
    return "\n".join(
        f"{row} {zlib.decompress(row.body).decode() if row.body else ''}" for row in rows
    )


def personal(app: Flask) -> list[str]:
    """What of Wilhelmine is in what is kept."""
    text = raw(app)
    return [value for value in PERSONAL if value in text]


def noted(app: Flask) -> int:
    """In how many answers that are kept how many customers are shown."""
    with app.app_context():
        return int(database.rows(select(func.count()).select_from(SHOWN))[0][0])


def check_gone(answer: TestResponse) -> None:
    """Fail unless the answer says that what it was is forgotten."""
    assert (answer.status_code, code(answer)) == (410, "answer-forgotten"), answer.get_data()
    assert REPLAYED not in answer.headers


@pytest.mark.parametrize("call", CREATIONS, ids=lambda call: call[1])
def test_what_a_creation_answered_goes_with_the_customer(admin: Api, call: Call) -> None:
    assert send(admin, call, {}, **keyed()).status_code == 201
    her, before = wilhelmine(admin), count(admin)
    assert personal(admin.app)
    remove(admin, her)
    check_gone(send(admin, call, {}, **keyed()))
    assert personal(admin.app) == []
    assert her["customer_id"] not in raw(admin.app)
    assert count(admin) == before - 1


@pytest.mark.parametrize("call", CHANGES, ids=lambda call: " ".join(map(str, call)))
def test_what_a_change_answered_goes_with_the_customer(admin: Api, call: Call) -> None:
    her = created(admin, **WILHELMINE)
    assert send(admin, call, her, **keyed()).status_code == 200
    assert personal(admin.app)
    remove(admin, her)
    check_gone(send(admin, call, her, **keyed()))
    assert personal(admin.app) == []


def _shows_a_customer(schema: Schema) -> bool:
    nested = [
        each.inner.schema
        for each in schema.fields.values()
        if isinstance(each, fields.List) and isinstance(each.inner, fields.Nested)
    ]
    named = {"email", "phone", "first_name", "full_name"} & schema.fields.keys()
    return bool(named) or any(map(_shows_a_customer, nested))


def test_no_operation_that_shows_a_customer_is_left_out(app: Flask) -> None:
    with app.app_context():
        showing = {
            (each.method, each.rule.rstrip("/"))
            for contract in registered()
            for each in contract.operations
            if each.takes_key and any(map(_shows_a_customer, schemas_of(each.answer)))
        }
    tried = {(method, path.partition("?")[0]) for method, path, _ in (*CREATIONS, *CHANGES)}
    for name in ("{id}", "{customer_id}", "{uuid}"):
        tried = {(method, path.replace(name, "{}")) for method, path in tried}
    ruled = {(method, _unnamed(rule)) for method, rule in showing}
    assert ruled == tried | OTHERS


def _unnamed(rule: str) -> str:
    before, opening, rest = rule.partition("<")
    return before + "{}" + rest.partition(">")[2] if opening else rule


@pytest.mark.parametrize("call", REMOVALS, ids=lambda call: call[1])
def test_what_the_removal_answered_is_told_as_before(admin: Api, call: Call) -> None:
    her = created(admin, **WILHELMINE)
    first, again = (send(admin, call, her, **keyed()) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.get_data() == first.get_data()
    assert again.headers[REPLAYED] == "true"
    assert personal(admin.app) == []


@pytest.mark.parametrize("call", REMOVALS, ids=lambda call: call[1])
def test_whichever_way_a_customer_is_removed_the_answers_go(admin: Api, call: Call) -> None:
    admin.post("/api/customers", WILHELMINE, **keyed())
    assert send(admin, call, wilhelmine(admin)).status_code == 200
    check_gone(admin.post("/api/customers", WILHELMINE, **keyed()))
    assert personal(admin.app) == []


def test_one_of_a_list_is_enough(admin: Api) -> None:
    body = {"customers": [person(n) for n in range(60)]}
    first = admin.post("/api/customers?size=list", body, **keyed())
    made = first.get_json()["customers"]
    remove(admin, made[17])
    remove(admin, made[3])
    check_gone(admin.post("/api/customers?size=list", body, **keyed()))
    assert count(admin) == 58
    assert "ann." not in raw(admin.app)


def test_the_answers_of_everybody_go_and_nobody_elses_do(admin: Api, editor: Api) -> None:
    her = editor.post("/api/customers", WILHELMINE, **keyed()).get_json()
    path = f"/api/customers/{her['id']}"
    for api, key in ((editor, "a"), (admin, "a"), (admin, "b")):
        assert api.patch(path, {"city": "Jena"}, **keyed(key)).status_code == 200
    jane = editor.post("/api/customers", JANE, **keyed("c"))
    group = editor.post("/api/groups", {"name": "Poets"}, **keyed("d"))
    remove(admin, her)
    for api, key in ((editor, "a"), (admin, "a"), (admin, "b")):
        check_gone(api.patch(path, {"city": "Jena"}, **keyed(key)))
    assert editor.post("/api/customers", JANE, **keyed("c")).get_data() == jane.get_data()
    again = editor.post("/api/groups", {"name": "Poets"}, **keyed("d"))
    assert again.get_data() == group.get_data()


def test_another_request_with_the_key_is_422_as_before(admin: Api) -> None:
    admin.post("/api/customers", WILHELMINE, **keyed())
    remove(admin, wilhelmine(admin))
    other = admin.post("/api/customers", JANE, **keyed())
    assert (other.status_code, code(other)) == (422, "idempotency-key-reused")
    assert admin.post("/api/customers", WILHELMINE, **keyed("new")).status_code == 201


def test_the_samples_go_too(admin: Api) -> None:
    made = admin.post("/loyalty/seed", **keyed()).get_json()["customers"]
    assert admin.delete(f"/loyalty/customers/{made[0]['customer_id']}").status_code == 200
    check_gone(admin.post("/loyalty/seed", **keyed()))
    assert "leonie" not in raw(admin.app)
    # None is made, and nobody shown.
    remove(admin, admin.get("/api/customers?limit=1").get_json()[0])
    for _ in range(2):
        assert len(admin.post("/loyalty/seed", **keyed("two")).get_json()["customers"]) == 2
    nothing = admin.post("/loyalty/seed", **keyed("three"))
    remove(admin, admin.get("/api/customers?limit=1").get_json()[0])
    assert admin.post("/loyalty/seed", **keyed("three")).get_data() == nothing.get_data()


@pytest.mark.parametrize("change", [{"city": "Erfurt-Gispersleben"}, {"current_password": "-"}])
def test_what_customers_were_answered_about_themselves_goes_too(admin: Api, change: Json) -> None:
    her = make_customer(admin, "wilhelmine")
    session = log_in(admin, "wilhelmine").api
    answer = session.patch("/api/me", change, **keyed())
    assert (answer.status_code, "wilhelmine" in raw(admin.app)) == (200, True)
    remove(admin, her)
    assert "wilhelmine" not in raw(admin.app)
    assert session.patch("/api/me", change, **keyed()).status_code == 401


def test_what_only_names_or_counts_customers_is_kept(admin: Api) -> None:
    her = created(admin, **WILHELMINE)
    calls: list[Call] = [
        ("POST", "/api/customers/bulk-update", {"customer_ids": [1], "updates": {"city": "Jena"}}),
        ("POST", f"{CAPABILITY}/create_customer", {"name": "Jane Roe", "email": "j@example.org"}),
        ("DELETE", "/api/v1/customers/{id}", None),
    ]
    first = [send(admin, call, her, **keyed(call[1])) for call in calls]
    for customer in admin.get("/api/customers").get_json():
        remove(admin, customer)
    again = [send(admin, call, her, **keyed(call[1])) for call in calls]
    assert [each.get_data() for each in again] == [each.get_data() for each in first]
    assert noted(admin.app) == 0


def test_after_24_hours_the_key_is_free_again(admin: Api) -> None:
    admin.post("/api/customers", WILHELMINE, **keyed())
    remove(admin, wilhelmine(admin))
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=24, minutes=1)):
        answer = admin.post("/api/customers", WILHELMINE, **keyed())
        assert (answer.status_code, answer.headers.get(REPLAYED)) == (201, None)
        again = admin.post("/api/customers", WILHELMINE, **keyed())
        assert again.get_data() == answer.get_data()
    assert noted(admin.app) == 1


def test_a_new_answer_under_a_key_has_nothing_to_do_with_whom_the_old_one_showed(
    admin: Api,
) -> None:
    made = created_list(admin, person(1), person(2))
    body = {"customers": [WILHELMINE, JANE]}
    shown = admin.post("/api/customers?size=list", body, **keyed()).get_json()["customers"]
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        removal = admin.delete(f"/api/customers/{made[0]['id']}", **keyed())
        assert noted(admin.app) == 0
        remove(admin, shown[0])
        again = admin.delete(f"/api/customers/{made[0]['id']}", **keyed())
        assert (again.status_code, again.get_data()) == (200, removal.get_data())


def test_answers_that_expire_take_whom_they_showed_with_them(admin: Api) -> None:
    admin.post("/api/customers?size=list", {"customers": [WILHELMINE, JANE]}, **keyed())
    admin.patch(f"/api/customers/{wilhelmine(admin)['id']}", {"city": "Jena"}, **keyed("b"))
    assert noted(admin.app) == 3
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)), admin.app.app_context():
        service.remove_expired()
    assert (noted(admin.app), raw(admin.app)) == (0, "")


def test_changes_racing_with_the_removal_leave_nothing(admin: Api) -> None:
    for attempt in range(5):
        [her] = created_list(admin, person(attempt, city="Personal city"))
        path = f"/api/customers/{her['id']}"
        calls: list[Callable[[Api], TestResponse]] = [
            partial(Api.patch, path=path, json={"notes": f"{n}"}, **keyed(f"{attempt}.{n}"))
            for n in range(4)
        ]
        calls += [
            partial(
                Api.put, path=f"/api/v1/customers/{her['id']}", json={}, **keyed(f"{attempt}-{n}")
            )
            for n in range(3)
        ]
        *changed, removed = at_once(admin, [*calls, partial(Api.delete, path=path)])
        assert removed.status_code == 200
        assert {answer.status_code for answer in changed} <= {200, 404}
        assert "Personal" not in raw(admin.app)


def test_removals_racing_for_the_same_answers_are_all_done(admin: Api) -> None:
    made = created_list(admin, *(person(n) for n in range(8)))
    for key in ("a", "b", "c"):
        body = {"customers": [person(email=f"ann.{key}{n}@example.com") for n in range(8)]}
        made += admin.post("/api/customers?size=list", body, **keyed(key)).get_json()["customers"]
    calls = [partial(Api.delete, path=f"/api/customers/{each['id']}") for each in made[::4]]
    assert {answer.status_code for answer in at_once(admin, calls)} == {200}
    assert "ann." not in raw(admin.app)


@pytest.fixture
def removing(admin: Api) -> Iterator[Callable[[int], psycopg.Connection]]:
    """What removes a customer in a transaction that is still open."""
    url = admin.app.config["DATABASE_URL"]
    if url.startswith("sqlite"):
        pytest.skip("on SQLite nobody removes anybody while another is at work")
    with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as other:

        def remove(id: int) -> psycopg.Connection:
            other.execute("DELETE FROM customers WHERE id = %s", (id,))
            return other

        yield remove


def test_who_is_being_removed_while_they_are_only_read_is_not_kept(
    admin: Api, removing: Callable[[int], psycopg.Connection]
) -> None:
    her = created(admin, **WILHELMINE)
    path = f"/api/v1/customers/{her['id']}"
    other = removing(her["id"])
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(admin.with_token(admin.token).put, path, {}, **keyed())
        time.sleep(0.3)
        assert not answer.done()
        other.commit()
        assert answer.result().status_code == 200
    assert personal(admin.app) == []
    check_gone(admin.put(path, {}, **keyed()))


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_it_costs_one_statement_more_however_many_are_shown(
    editor: Api, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(service, "_count", 1)

    def asked(start: int, **more: Any) -> list[str]:
        body = {"customers": [person(start + n) for n in range(size)]}
        with statements(editor) as seen:
            assert editor.post("/api/customers?size=list", body, **more).status_code == 201
        # What SQLite runs for many rows in turn is seen twice.
        return [*dict.fromkeys(sql for sql, _ in seen)]

    plain = asked(0)
    told = asked(size, **keyed())
    assert sum("kept_answer_customers" in sql for sql in told) == 1
    assert sum("kept_answers" in sql for sql in told) == 2
    assert not any("kept_answer" in sql for sql in plain)
    assert noted(editor.app) == size
