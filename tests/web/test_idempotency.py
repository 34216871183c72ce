"""Idempotency-Key: a request that is sent again is done once and answered as the first time."""

import zlib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

import psycopg
import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from customers_api.core import database
from customers_api.core.idempotency import queries, service
from customers_api.core.idempotency.model import KeptAnswer
from customers_api.extensions import db
from tests.conftest import JOHN, make_app
from tests.contracts.auth.sessions import PASSWORD, log_in, make_operator
from tests.contracts.shared.calls import statements
from tests.support.api import Api
from tests.support.conformance import Conformance
from tests.support.gunicorn import only_here
from tests.support.stalling import stalled_writers

KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
REPLAYED = "Idempotent-Replayed"
JANE = {"first_name": "Jane", "last_name": "Roe", "email": "jane.roe@example.com"}


def keyed(key: str = KEY) -> dict[str, Mapping[str, str]]:
    """What makes a call one with this key."""
    return {"headers": {"Idempotency-Key": key}}


def code(answer: TestResponse) -> str:
    """What kind of problem an answer is."""
    return str(answer.get_json()["type"].rpartition("#")[2])


def count(api: Api) -> int:
    """How many customers there are."""
    answer = api.get("/api/customers/?count=true")
    return int(answer.headers["X-Total-Count"])


def kept(app: Flask) -> int:
    """How many answers are kept."""
    with app.app_context():
        return int(database.rows(select(func.count()).select_from(KeptAnswer))[0][0])


def kept_rows(app: Flask) -> str:
    """All that is kept, bodies unpacked, as text."""
    with app.app_context():
        rows = database.rows(select(KeptAnswer.__table__))
    assert rows
    return "\n".join(f"{row} {zlib.decompress(row.body).decode()}" for row in rows)


def test_the_same_request_with_the_same_key_is_done_once(editor: Api) -> None:
    first = editor.post("/api/customers/", JOHN, **keyed())
    again = editor.post("/api/customers/", JOHN, **keyed())
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_data() == first.get_data()
    assert count(editor) == 1


def test_only_the_repeated_answer_is_marked_as_replayed(editor: Api) -> None:
    first = editor.post("/api/customers/", JOHN, **keyed())
    again = editor.post("/api/customers/", JOHN, **keyed())
    assert (first.headers.get(REPLAYED), again.headers.get(REPLAYED)) == (None, "true")
    for name in ("Location", "ETag", "Content-Type"):
        assert again.headers[name] == first.headers[name]


def test_a_replayed_answer_is_the_first_one_whatever_happened_since(
    editor: Api, john: dict[str, Any]
) -> None:
    path = f"/api/customers/{john['id']}"
    first = editor.patch(path, {"city": "Berlin"}, **keyed())
    editor.patch(path, {"city": "Bonn"})
    again = editor.patch(path, {"city": "Berlin"}, **keyed())
    assert again.get_data() == first.get_data()
    assert editor.get(path).get_json()["city"] == "Bonn"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/customers/1/verify-email"),
        ("PATCH", "/api/v1/customers/1/last-login"),
        ("PUT", "/api/v1/customers/1"),
        ("DELETE", "/api/v1/customers/1"),
        ("DELETE", "/api/customers/1"),
    ],
)
@pytest.mark.usefixtures("john")
def test_every_write_can_be_sent_again(admin: Api, method: str, path: str) -> None:
    body = {"json": {"city": "Berlin"}} if method == "PUT" else {}
    first, again = (admin(method, path, **body, **keyed()) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.get_data() == first.get_data()
    assert again.headers[REPLAYED] == "true"


def test_without_the_key_a_request_is_done_each_time(editor: Api, john: dict[str, Any]) -> None:
    path = f"/api/customers/{john['id']}"
    versions = [editor.patch(path, {"city": "Bonn"}).get_json()["version"] for _ in range(2)]
    assert versions == [2, 3]
    assert kept(editor.app) == 0


def test_another_body_with_the_same_key_is_422_and_not_done(editor: Api) -> None:
    editor.post("/api/customers/", JOHN, **keyed())
    other = editor.post("/api/customers/", JANE, **keyed())
    assert (other.status_code, code(other)) == (422, "idempotency-key-reused")
    assert count(editor) == 1


@pytest.mark.parametrize("body", [{}, {"first_name": 1}, {"nothing": "known"}])
def test_another_body_is_422_even_where_it_is_not_valid(editor: Api, body: Any) -> None:
    editor.post("/api/customers/", JOHN, **keyed())
    assert editor.post("/api/customers/", body, **keyed()).status_code == 422


def test_another_body_is_422_even_where_it_is_no_json(editor: Api) -> None:
    editor.post("/api/customers/", JOHN, **keyed())
    headers = {"Idempotency-Key": KEY, "Content-Type": "application/json"}
    assert editor("POST", "/api/customers/", data="{", headers=headers).status_code == 422


@pytest.mark.parametrize("path", ["/api/v1/customers/", "/api/customers/?size=one"])
def test_another_path_or_query_with_the_same_key_is_422(editor: Api, path: str) -> None:
    editor.post("/api/customers/", JOHN, **keyed())
    other = editor.post(path, JOHN, **keyed())
    assert (other.status_code, code(other)) == (422, "idempotency-key-reused")


@pytest.mark.usefixtures("john")
def test_another_method_with_the_same_key_is_422(editor: Api) -> None:
    path = "/api/v1/customers/1"
    editor.put(path, {}, **keyed())
    assert editor.delete(path, **keyed()).status_code == 422
    assert editor.get(path).get_json()["is_active"] is True


def test_a_final_slash_makes_no_other_request(editor: Api) -> None:
    editor.post("/api/customers/", JOHN, **keyed())
    assert editor.post("/api/customers", JOHN, **keyed()).headers[REPLAYED] == "true"


def test_each_caller_has_keys_of_their_own(editor: Api, admin: Api) -> None:
    editor.post("/api/customers/", JOHN, **keyed())
    other = admin.post("/api/customers/", JANE, **keyed())
    assert (other.status_code, other.headers.get(REPLAYED)) == (201, None)
    assert admin.post("/api/customers/", JANE, **keyed()).get_data() == other.get_data()


def test_an_operator_keeps_their_keys_over_sessions(anonymous: Api) -> None:
    make_operator(anonymous.app, "nadia", "editor")
    first, second = (log_in(anonymous, "nadia").api for _ in range(2))
    answer = first.post("/api/customers/", JOHN, **keyed())
    again = second.post("/api/customers/", JOHN, **keyed())
    assert again.get_data() == answer.get_data()
    assert again.headers[REPLAYED] == "true"


def test_a_token_that_may_no_longer_call_gets_no_replay(editor: Api, admin: Api) -> None:
    editor.post("/api/customers/", JOHN, **keyed())
    me = editor.get("/api/auth/me").get_json()
    assert admin.delete(f"/api/tokens/{me['token_id']}").status_code == 200
    assert editor.post("/api/customers/", JOHN, **keyed()).status_code == 401


def test_what_was_refused_leaves_the_key_free(editor: Api, john: dict[str, Any]) -> None:
    taken = editor.post("/api/customers/", JOHN, **keyed())
    assert taken.status_code == 400
    assert kept(editor.app) == 0
    editor.patch(f"/api/customers/{john['id']}", {"email": "other@example.com"})
    again = editor.post("/api/customers/", JOHN, **keyed())
    assert (again.status_code, again.headers.get(REPLAYED)) == (201, None)


@pytest.mark.parametrize("key", ["k", "k" * 255, "a key, with; all: kinds/of=things?", "~"])
def test_a_key_has_up_to_255_characters_bare_or_quoted(editor: Api, key: str) -> None:
    assert editor.post("/api/customers/", JOHN, **keyed(key)).status_code == 201
    again = editor.post("/api/customers/", JOHN, **keyed(f'"{key}"'))
    assert again.headers[REPLAYED] == "true"


def test_a_quoted_key_may_hold_quotes_and_backslashes(editor: Api) -> None:
    assert editor.post("/api/customers/", JOHN, **keyed(r'"a\"b\\c"')).status_code == 201
    assert editor.post("/api/customers/", JOHN, **keyed('a"b\\c')).headers[REPLAYED] == "true"


@pytest.mark.parametrize(
    "key", ["", '""', "k" * 256, '"' + "k" * 256 + '"', "ключ", "a\tb", '"a', '"a"b', r'"a\b"']
)
def test_a_key_of_another_form_is_400_and_nothing_is_done(editor: Api, key: str) -> None:
    # The client would not send other bytes than these.
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    for path in ("/api/customers/", "/api/v1/customers/"):
        answer = editor.post(path, JOHN, headers=headers)
        assert (answer.status_code, code(answer)) == (400, "idempotency-key-malformed")
        assert "Idempotency-Key" in answer.get_json()["detail"]
    assert count(editor) == 0


def test_reads_and_log_ins_ignore_the_key(editor: Api) -> None:
    make_operator(editor.app, "nadia", "editor")
    found = [editor.post("/api/customers/search", {}, **keyed()) for _ in range(2)]
    got = [editor.get("/api/customers/", **keyed("k" * 300)) for _ in range(2)]
    credentials = {"username": "nadia", "password": PASSWORD}
    sessions = [editor.post("/api/auth/login", credentials, **keyed()) for _ in range(2)]
    assert all(REPLAYED not in answer.headers for answer in found + got + sessions)
    assert sessions[0].get_data() != sessions[1].get_data()
    assert kept(editor.app) == 0


@only_here("its clock is moved")
def test_after_24_hours_a_key_is_a_new_one(editor: Api, john: dict[str, Any]) -> None:
    path = f"/api/customers/{john['id']}"
    editor.patch(path, {"city": "Bonn"}, **keyed())
    now = datetime.now(UTC)
    with time_machine.travel(now + timedelta(hours=23, minutes=59)):
        assert editor.patch(path, {"city": "Bonn"}, **keyed()).headers[REPLAYED] == "true"
    with time_machine.travel(now + timedelta(hours=24, minutes=1)):
        answer = editor.patch(path, {"city": "Berlin"}, **keyed())
        assert (answer.status_code, answer.headers.get(REPLAYED)) == (200, None)
        assert editor.patch(path, {"city": "Berlin"}, **keyed()).get_data() == answer.get_data()
    assert kept(editor.app) == 1


@only_here("its clock is moved")
def test_answers_that_have_expired_are_removed_in_passing(
    editor: Api, john: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/api/customers/{john['id']}"
    for number in range(3):
        editor.patch(path, {"city": "Bonn"}, **keyed(f"key {number}"))
    monkeypatch.setattr(service, "EVERY", 1)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)):
        editor.patch(path, {"city": "Bonn"}, **keyed("a later key"))
        assert kept(editor.app) == 1


def test_few_are_removed_at_a_time(
    editor: Api, john: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        editor.patch(f"/api/customers/{john['id']}", {"city": "B"}, **keyed(f"key {number}"))
    monkeypatch.setattr(service, "MOST_REMOVED", 2)
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=25)), editor.app.app_context():
        service.remove_expired()
    assert kept(editor.app) == 3


@only_here("its statements are counted")
def test_a_key_costs_one_statement_before_and_two_after(
    editor: Api, john: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_count", 1)
    path = f"/api/customers/{john['id']}"
    with statements(editor) as without:
        editor.patch(path, {"city": "Bonn"})
    with statements(editor) as first:
        editor.patch(path, {"city": "Bonn"}, **keyed())
    with statements(editor) as again:
        editor.patch(path, {"city": "Bonn"}, **keyed())
    ours = [[sql for sql, _ in seen if "BEGIN" not in sql] for seen in (without, first, again)]
    asked = [sum("tokens" in sql for sql in seen) for seen in ours]
    plain, done, replayed = (len(seen) - n for seen, n in zip(ours, asked, strict=True))
    # After: whom the answer shows, and the answer.
    assert (done - plain, replayed) == (3, 1)


def test_the_text_of_a_token_is_told_again_and_not_kept(admin: Api) -> None:
    body = {"name": "billing", "role": "editor"}
    first, again = (admin.post("/api/tokens", body, **keyed()) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json()
    text = first.get_json()["token"]
    assert text not in kept_rows(admin.app)
    assert text.rpartition(".")[2] not in kept_rows(admin.app)


def test_no_password_is_kept_in_any_form(admin: Api) -> None:
    body = {"username": "nadia", "role": "editor", "password": "correct horse battery staple"}
    first, again = (admin.post("/api/operators", body, **keyed()) for _ in range(2))
    assert again.get_data() == first.get_data()
    assert body["password"] not in kept_rows(admin.app)


def test_a_fingerprint_needs_the_servers_secret(app: Flask) -> None:
    request = queries.Request("service 1", KEY, b"content")
    with app.app_context():
        ours = request.fingerprints
    changed = make_app(app.config["DATABASE_URL"], SECRET_KEY="another secret " * 3)
    with changed.app_context():
        assert not {*ours} & {*request.fingerprints}
        db.engine.dispose()


def test_a_rotated_secret_still_knows_the_requests_before(
    editor: Api, promises: Conformance
) -> None:
    first = editor.post("/api/customers/", JOHN, **keyed())
    old = editor.app.config["SECRET_KEY"]
    rotated = make_app(
        editor.app.config["DATABASE_URL"],
        SECRET_KEY="a new secret of the server's",
        SECRET_KEY_FALLBACKS=old,
    )
    again = Api(rotated, promises, editor.token).post("/api/customers/", JOHN, **keyed())
    assert again.get_data() == first.get_data()
    with rotated.app_context():
        db.engine.dispose()


def test_a_long_answer_is_the_same_byte_by_byte(editor: Api) -> None:
    people = [{**JOHN, "email": f"john.{n}@example.com"} for n in range(500)]
    first, again = (
        editor.post("/api/customers/?size=list", {"customers": people}, **keyed()) for _ in range(2)
    )
    assert again.headers[REPLAYED] == "true"
    assert again.get_data() == first.get_data()
    assert count(editor) == 500


def test_while_the_first_is_running_the_others_are_409_and_it_is_done_once(editor: Api) -> None:
    callers = [editor.with_token(editor.token) for _ in range(5)]
    with ThreadPoolExecutor(len(callers)) as pool:
        with stalled_writers(editor.app.config["DATABASE_URL"]):
            waiting = [
                pool.submit(each.post, "/api/customers/", JOHN, **keyed()) for each in callers
            ]
            early = [each.result() for each in islice(as_completed(waiting, timeout=20), 4)]
        [late] = [each.result() for each in waiting if each.result() not in early]
    assert {(each.status_code, code(each)) for each in early} == {(409, "still-running")}
    assert (late.status_code, late.headers.get(REPLAYED)) == (201, None)
    again = editor.post("/api/customers/", JOHN, **keyed())
    assert (again.get_data(), again.headers[REPLAYED]) == (late.get_data(), "true")
    assert count(editor) == 1


def test_other_keys_and_other_callers_do_not_wait_for_a_running_one(
    editor: Api, admin: Api
) -> None:
    calls = [(editor, "a"), (editor, "b"), (admin, "a"), (admin, "b")]
    with ThreadPoolExecutor(len(calls)) as pool:
        with stalled_writers(editor.app.config["DATABASE_URL"]):
            waiting = [
                pool.submit(
                    api.with_token(api.token).post,
                    "/api/customers/",
                    {**JOHN, "email": f"john.{n}@example.com"},
                    **keyed(key),
                )
                for n, (api, key) in enumerate(calls)
            ]
        answers = [each.result() for each in waiting]
    assert {each.status_code for each in answers} == {201}


def test_a_replay_does_not_wait_for_writers(editor: Api) -> None:
    first = editor.post("/api/customers/", JOHN, **keyed())
    with stalled_writers(editor.app.config["DATABASE_URL"]):
        again = editor.post("/api/customers/", JOHN, **keyed())
    assert again.get_data() == first.get_data()


def test_an_answer_kept_between_the_look_and_the_claim_is_the_one_given(app: Flask) -> None:
    if app.config["DATABASE_URL"].startswith("sqlite"):
        pytest.skip("on SQLite the claim comes before the look")
    request = queries.Request("service 1", KEY, b"content")
    url = app.config["DATABASE_URL"].replace("postgresql+psycopg", "postgresql")
    calls = []

    def work() -> tuple[str, queries.Answer]:
        # As if the other had committed just before our claim, and after our look.
        calls.append("work")
        with psycopg.connect(url) as other:
            other.execute(
                "INSERT INTO kept_answers VALUES (%s, %s, %s, 201, '{}', %s, now())",
                (request.caller, KEY, request.fingerprints[0], zlib.compress(b"theirs")),
            )
        return "ours", queries.Answer(201, {}, b"ours")

    with app.app_context():
        outcome = service.once(request, work)
    assert outcome == queries.Answer(201, {}, b"theirs")
    assert calls == ["work"]


def test_the_reference_names_the_key_on_every_post_and_patch_that_changes_something(
    reference: dict[str, Any],
) -> None:
    without = set()
    for path, methods in reference["paths"].items():
        for method, operation in methods.items():
            names = {each["name"] for each in operation["parameters"]}
            if "Idempotency-Key" in names:
                assert {"400", "409", "410", "422"} <= operation["responses"].keys(), path
                [success] = [s for s in operation["responses"] if s in ("200", "201")]
                assert REPLAYED in operation["responses"][success]["headers"]
            elif method != "get":
                without.add(f"{method} {path.rstrip('/')}")
    reads = {
        "post /api/customers/search",
        "post /api/v1/customers/search",
        "post /api/capabilities/customer-management/get_customer",
    }
    # Nobody has logged in yet, to whom an answer could belong.
    public = {
        "post /api/auth/login",
        "post /api/auth/refresh",
        "post /api/auth/customers/login",
        "post /api/auth/customers/refresh",
        "post /api/auth/customers/password-reset",
    }
    # They check or make passwords and tokens, whose answers nobody may keep.
    secret = {
        "post /api/auth/customers/password-reset-requests",
        "post /api/capabilities/customer-management/authenticate_customer",
        "post /api/customers/{customer_id}/password-reset",
        "put /api/customers/{customer_id}/password",
        "put /api/me/password",
        "post /api/me/totp",
        "post /api/me/totp/confirm",
        "delete /api/me/totp",
    }
    assert without == reads | public | secret
