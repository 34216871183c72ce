"""How many requests are heard: of a token, of an address, of who signs in; and what is told."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from config import Production
from customers_api.extensions import db
from customers_api.web import contract
from tests.conftest import make_app
from tests.contracts.auth.sessions import make_operator
from tests.contracts.me.customers import log_in, make_customer
from tests.support.api import Api, service_token
from tests.support.conformance import Conformance

ME = "/api/auth/me"
HERE, THERE = {"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": "192.0.2.8"}
# What is public and can be guessed at.
SIGN_INS = {
    "/api/auth/login": {"username": "ann", "password": "wrong, as ever"},
    "/api/auth/refresh": {"refresh_token": "none"},
    "/api/auth/customers/login": {"email": "ann@example.com", "password": "wrong, as ever"},
    "/api/auth/customers/refresh": {"refresh_token": "none"},
    "/api/auth/customers/password-reset": {
        "token": "none",
        "new_password": "correct horse battery",
    },
}
Limited = Callable[..., Api]


@pytest.fixture
def limited(app: Flask, promises: Conformance) -> Iterator[Limited]:
    """Calls without a token of an application with limits, given as settings, off unless given."""
    made: list[Flask] = []

    def make(**limits: str) -> Api:
        settings = {f"RATE_LIMIT_{name}": limit for name, limit in limits.items()}
        made.append(make_app(app.config["DATABASE_URL"], **settings))
        return Api(made[-1], promises, None)

    yield make
    for each in made:
        with each.app_context():
            db.engine.dispose()


def statuses(api: Api, path: str, times: int, **options: Any) -> list[int]:
    return [api.get(path, **options).status_code for _ in range(times)]


def refused(answer: TestResponse) -> int:
    """The seconds that a 429 of a limit tells to wait."""
    assert (answer.status_code, answer.mimetype) == (429, "application/problem+json")
    assert answer.get_json()["type"] == "/docs/problems#too-many-requests"
    assert "WWW-Authenticate" not in answer.headers
    return int(answer.headers["Retry-After"])


def token(api: Api, name: str = "tests") -> Api:
    return api.with_token(service_token(api.app, "reader", name))


def test_a_token_is_heard_as_often_as_its_limit_says(limited: Limited) -> None:
    reader = token(limited(PER_TOKEN="3/hour"))
    assert statuses(reader, ME, 5) == [200, 200, 200, 429, 429]
    assert 0 < refused(reader.get(ME)) < 2 * 3600


def test_a_tokens_limit_is_its_own_and_the_same_from_every_address(limited: Limited) -> None:
    first = token(limited(PER_TOKEN="2/hour"), "first")
    second = token(first, "second")
    assert statuses(first, ME, 1, environ_overrides=HERE) == [200]
    assert statuses(first, ME, 2, environ_overrides=THERE) == [200, 429]
    assert statuses(second, ME, 3, environ_overrides=THERE) == [200, 200, 429]


def test_all_sessions_of_a_customer_share_one_limit(limited: Limited, admin: Api) -> None:
    make_customer(admin)
    api = limited(PER_TOKEN="3/hour")
    first, second = (log_in(api).api for _ in range(2))
    assert statuses(first, "/api/me", 2) == [200, 200]
    assert statuses(second, "/api/me", 2) == [200, 429]


def test_a_token_is_counted_once_for_a_call_of_an_mcp_tool(limited: Limited) -> None:
    reader = token(limited(PER_TOKEN="2/hour"))
    arguments = {"name": "get_customer", "arguments": {"customerId": "CUST_00000000"}}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": arguments}
    client, headers = reader.app.test_client(), {"Authorization": f"Bearer {reader.token}"}
    told = [client.post("/mcp", json=call, headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in told] == [200, 200, 429]
    refused(told[2])


def test_what_a_role_forbids_counts_against_the_token(limited: Limited) -> None:
    reader = token(limited(PER_TOKEN="2/hour"))
    assert [reader.get("/api/events").status_code for _ in range(3)] == [403, 403, 429]


def test_an_address_is_heard_as_often_as_its_limit_says_whatever_it_sends(limited: Limited) -> None:
    api = limited(PER_ADDRESS="5/hour")
    reader, stranger = token(api), api.with_token("nonsense")
    calls = [
        reader.get(ME),
        stranger.get(ME),
        api.get(ME),
        api.get("/nowhere"),
        api.post("/health"),
    ]
    assert [answer.status_code for answer in calls] == [200, 401, 401, 404, 405]
    for each in (reader, stranger, api):
        refused(each.get(ME))
    refused(api.get("/nowhere"))
    assert reader.get(ME, environ_overrides=THERE).status_code == 200


def test_a_flood_of_bad_tokens_is_stopped_before_they_are_looked_at(limited: Limited) -> None:
    stranger = limited(PER_ADDRESS="20/hour").with_token("nonsense")
    assert statuses(stranger, ME, 25) == [401] * 20 + [429] * 5


def test_pages_of_the_reference_are_limited_by_address(limited: Limited) -> None:
    api = limited(PER_ADDRESS="2/hour")
    assert [api.app.test_client().get("/openapi.json").status_code for _ in range(3)] == [
        200,
        200,
        429,
    ]


def test_probes_are_never_refused_and_told_nothing(limited: Limited) -> None:
    api = limited(PER_ADDRESS="1/hour", PER_TOKEN="1/hour", SIGN_IN="1/hour")
    for path in ("/health/live", "/health/", "/health"):
        for answer in (api.get(path), api.get(path)):
            assert answer.status_code == 200
            assert "RateLimit" not in answer.headers


@pytest.mark.parametrize("path", SIGN_INS)
def test_a_sign_in_route_is_limited_by_address(limited: Limited, path: str) -> None:
    api = limited(SIGN_IN="3/hour")

    def answers(**options: Any) -> list[int]:
        return [api.post(path, SIGN_INS[path], **options).status_code for _ in range(4)]

    assert 429 not in answers(environ_overrides=HERE)[:3]
    assert answers(environ_overrides=HERE) == [429] * 4
    assert answers(environ_overrides=THERE)[0] in (400, 401)
    other = next(each for each in SIGN_INS if each != path)
    assert api.post(other, SIGN_INS[other], environ_overrides=HERE).status_code in (400, 401)


def test_every_post_that_needs_no_token_is_a_sign_in_route(app: Flask) -> None:
    with app.app_context():
        public = {
            operation.rule
            for each in contract.registered()
            for operation in each.operations
            if operation.role is None and operation.method == "POST"
        }
    assert public == SIGN_INS.keys()


def test_who_is_signed_in_is_not_limited_by_failures_of_others(limited: Limited) -> None:
    api = limited(SIGN_IN="1/hour", PER_TOKEN="9/hour")
    for _ in range(2):
        answer = api.post("/api/auth/refresh", {"refresh_token": "none"})
    refused(answer)
    assert token(api).get(ME).status_code == 200


def test_the_right_password_one_too_many_is_not_heard(limited: Limited) -> None:
    api = limited(SIGN_IN="2/hour")
    make_operator(api.app, "ann")
    for _ in range(2):
        api.post("/api/auth/login", SIGN_INS["/api/auth/login"])
    refused(api.post("/api/auth/login", {"username": "ann", "password": "irrelevant now"}))


def test_answers_tell_what_is_left_of_every_limit_that_counts_them(limited: Limited) -> None:
    api = limited(PER_TOKEN="5/hour", PER_ADDRESS="9/hour", SIGN_IN="2/hour")
    answer = token(api).get(ME)
    assert answer.headers["RateLimit-Policy"] == '"address";q=9;w=3600, "token";q=5;w=3600'
    address, of_token = answer.headers["RateLimit"].split(", ")
    assert address.startswith('"address";r=8;t=')
    assert of_token.startswith('"token";r=4;t=')
    assert 0 < int(of_token.rpartition("=")[2]) <= 3600
    signing_in = api.post("/api/auth/refresh", {"refresh_token": "none"}).headers
    assert signing_in["RateLimit-Policy"] == '"address";q=9;w=3600, "sign-in";q=2;w=3600'
    assert signing_in["RateLimit"].split(", ")[1].startswith('"sign-in";r=1;t=')


def test_passwords_that_a_token_lets_be_tried_are_limited_as_signing_in_is(
    limited: Limited,
) -> None:
    api = limited(SIGN_IN="2/hour")
    reader, path = token(api), "/api/capabilities/customer-management/authenticate_customer"
    tried = [
        reader.post(path, {"email": f"a{n}@example.com", "password": "x"}).status_code
        for n in range(3)
    ]
    assert tried == [401, 401, 429]


def test_errors_tell_what_is_left_as_well(limited: Limited) -> None:
    api = limited(PER_ADDRESS="9/hour")
    assert [api.get(path).headers["RateLimit"][:14] for path in (ME, "/nowhere")] == [
        '"address";r=8;',
        '"address";r=7;',
    ]


def test_a_refusal_tells_older_clients_too(limited: Limited) -> None:
    reader = token(limited(PER_TOKEN="1/hour", PER_ADDRESS="9/hour"))
    reader.get(ME)
    headers = reader.get(ME).headers
    wait = headers["Retry-After"]
    told = {name: headers[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")}
    assert told == {"Limit": "1", "Remaining": "0", "Reset": wait}
    assert headers["RateLimit"].endswith(f', "token";r=0;t={wait}')


def test_without_limits_nothing_is_refused_or_told(limited: Limited) -> None:
    reader = token(limited(PER_TOKEN="off", PER_ADDRESS="off", SIGN_IN="off"))
    for _ in range(50):
        answer = reader.get(ME)
        assert answer.status_code == 200
        assert not any(name.startswith("RateLimit") for name, _ in answer.headers)


def test_workers_that_know_a_folder_share_their_limits(
    limited: Limited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKERS_DIR", str(tmp_path))
    first, second = (limited(PER_ADDRESS="3/hour") for _ in range(2))
    answers = [each.get(ME) for each in (first, second, first, second)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert len([*tmp_path.iterdir()]) == 1


def test_the_defaults_let_five_clients_of_one_address_make_200_requests_a_second() -> None:
    secret = "a secret of more than thirty-two bytes"
    usual = Production({"SECRET_KEY": secret, "DATABASE_URL": "postgresql://db/customers"})
    per_token, per_address = usual.RATE_LIMIT_PER_TOKEN, usual.RATE_LIMIT_PER_ADDRESS
    assert per_token is not None
    assert per_address is not None
    # The burst of a minute's requests at once is let through as well.
    assert per_token[0] / per_token[1] >= 200
    assert per_address[0] / per_address[1] >= 5 * 200


def test_the_reference_says_that_every_call_may_be_too_many(reference: dict[str, Any]) -> None:
    for path, methods in reference["paths"].items():
        for method, operation in methods.items():
            documented = operation["responses"].get("429")
            watching = path.startswith(("/health", "/metrics"))
            assert (documented is None) == watching, f"{method} {path}"
            if documented is not None:
                assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= documented[
                    "headers"
                ].keys()
                shown = documented["content"]["application/problem+json"]["examples"]
                assert "too-many-requests" in shown


def test_an_idempotent_request_that_was_refused_is_done_when_it_is_heard(
    limited: Limited, admin: Api
) -> None:
    group, key = {"name": "Retail"}, {"Idempotency-Key": "the key"}
    busy = limited(PER_TOKEN="1/hour").with_token(service_token(admin.app, "admin", "busy"))
    assert busy.get(ME).status_code == 200
    refused(busy.post("/api/groups", group, headers=key))
    assert admin.with_token(busy.token).post("/api/groups", group, headers=key).status_code == 201
