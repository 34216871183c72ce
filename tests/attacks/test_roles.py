"""Who may call what: every route and method there is, by every kind of caller.

The table is written from the contracts, not read from the code: a route that is added, or whose
role changes, fails these tests until whoever does it has changed the table as well.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from customers_api.contracts.capability.operations import capability
from customers_api.extensions import db
from tests.attacks.conftest import customers
from tests.contracts.capability.printed import PREFIX as CAPABILITY
from tests.house.test_routes import calls, operations
from tests.support.api import Api, service_token
from tests.support.conformance import Conformance

EVERYBODY = """
GET /
GET /docs
GET /docs/assets/<path:name>
GET /docs/problems
GET /openapi.json
GET /health
GET /health/live
GET /metrics
POST /api/auth/login
POST /api/auth/customers/login
POST /api/auth/customers/password-reset
"""
# Open to whoever has a refresh token, which none of these callers sends.
REFRESH = """
POST /api/auth/refresh
POST /api/auth/customers/refresh
"""
# What the main and the registry contract share, below both prefixes.
DIRECTORY = {
    "reader": """
GET {}
GET {}/tags/<text:tags>
GET {}/location/search
POST {}/search
GET {}/username/<username>
GET {}/email/<text:email>
GET {}/statistics/overview
GET {}/available/countries
GET {}/available/cities
GET {}/available/states
""",
    "editor": """
POST {}
POST {}/bulk-update
PATCH {}/<customer:customer_id>/verify-email
PATCH {}/<customer:customer_id>/verify-phone
PATCH {}/<customer:customer_id>/last-login
""",
}
READER = """
GET /api/customers/<int:customer_id>
GET /api/customers/group/<int:group_id>
GET /api/customers/<customer:customer_id>/activity
GET /api/v1/customers/<customer:customer_id>
GET /customers
GET /customers/<int:customer_id>
GET /loyalty/customers
GET /loyalty/customers/<uuid:customer_id>
GET /api/capabilities/customer-management
POST /api/capabilities/customer-management/get_customer
POST /api/capabilities/customer-management/authenticate_customer
POST /api/capabilities/customer-management/<operation_code>
POST /mcp
GET /api/groups
GET /api/groups/<int:group_id>
GET /api/auth/me
POST /api/auth/logout
"""
EDITOR = """
PATCH /api/customers/<int:customer_id>
PUT /api/customers/<customer:customer_id>/password
POST /api/customers/<customer:customer_id>/password-reset
PUT /api/v1/customers/<customer:customer_id>
DELETE /api/v1/customers/<customer:customer_id>
POST /customers
PUT /customers/<int:customer_id>
POST /loyalty/customers
PUT /loyalty/customers/<uuid:customer_id>
POST /api/capabilities/customer-management/create_customer
POST /api/capabilities/customer-management/update_customer
POST /api/groups
PATCH /api/groups/<int:group_id>
PUT /api/groups/<int:group_id>
POST /api/auth/customers/password-reset-requests
"""
ADMIN = """
DELETE /api/customers/<int:customer_id>
DELETE /api/customers/<customer:customer_id>/totp
DELETE /api/v1/customers/<customer:customer_id>/hard
DELETE /customers/<int:customer_id>
DELETE /loyalty/customers/<uuid:customer_id>
POST /loyalty/seed
POST /api/capabilities/customer-management/delete_customer
DELETE /api/groups/<int:group_id>
GET /api/operators
POST /api/operators
GET /api/operators/<int:operator_id>
PATCH /api/operators/<int:operator_id>
GET /api/tokens
POST /api/tokens
DELETE /api/tokens/<int:token_id>
GET /api/events
"""
CUSTOMER = """
GET /api/me
PATCH /api/me
PUT /api/me/password
POST /api/me/logout
GET /api/me/sessions
DELETE /api/me/sessions/<int:session_id>
GET /api/me/totp
POST /api/me/totp
DELETE /api/me/totp
POST /api/me/totp/confirm
"""
TOOLS = {
    "get_customer": "reader",
    "authenticate_customer": "reader",
    "create_customer": "editor",
    "update_customer": "editor",
    "delete_customer": "admin",
}
RANKS = ("reader", "editor", "admin")
CALLERS = ("nobody", "customer", *RANKS)
PREFIXES = ("/api/customers", "/api/v1/customers")
LOGOUTS = ("/api/auth/logout", "/api/me/logout")
# Of nobody, in each of the forms that a path may name a customer or anything else in.
MISSING = {"uuid": "00000000-0000-4000-8000-000000000000", "customer": "CUST_00000000"}
Call = tuple[str, str]


def lines(block: str, *prefixes: str) -> Iterator[Call]:
    """The methods and rules of a block of the table."""
    for line in block.strip().splitlines():
        method, rule = line.split()
        for prefix in prefixes or ("",):
            yield method, rule.format(prefix)


def table() -> dict[Call, str]:
    """Every call there may be, and the least that it needs."""
    needs = {"everybody": EVERYBODY, "refresh token": REFRESH, "customer": CUSTOMER}
    needs |= {"reader": READER, "editor": EDITOR, "admin": ADMIN}
    written = {call: role for role, block in needs.items() for call in lines(block)}
    shared = {c: role for role, block in DIRECTORY.items() for c in lines(block, *PREFIXES)}
    assert not written.keys() & shared.keys()
    written |= shared
    heads = {("HEAD", rule): role for (method, rule), role in written.items() if method == "GET"}
    return written | heads


def expected(role: str, caller: str) -> int | None:
    """How a call that needs this role refuses this caller, or None where it does not."""
    if role in ("everybody", caller):
        return None
    if caller in ("nobody", "customer") or role in ("customer", "refresh token"):
        return 401
    return None if RANKS.index(caller) >= RANKS.index(role) else 403


def missing(rule: str) -> str:
    """The path of a rule, about what is not there."""
    return re.sub(r"<(?:(\w+):)?\w+>", lambda found: MISSING.get(found[1] or "", "999999"), rule)


def dump(app: Flask) -> dict[str, list[Any]]:
    """Everything the database holds."""
    with app.app_context(), db.engine.connect() as connection:
        return {
            table.name: sorted(connection.execute(table.select()).all(), key=str)
            for table in db.metadata.sorted_tables
        }


@pytest.fixture(scope="module")
def callers(one_app: Flask, promises: Conformance) -> dict[str, Api]:
    """Each kind of caller."""
    anonymous = Api(one_app, promises, None)
    customers.make_customer(anonymous, "cleo")
    services = {role: anonymous.with_token(service_token(one_app, role)) for role in RANKS}
    return {"nobody": anonymous, "customer": customers.log_in(anonymous, "cleo").api, **services}


def throwaway(api: Api, caller: str) -> Api:
    """The same kind of caller, with a token that may be logged out."""
    if caller == "customer":
        return customers.log_in(api, "cleo").api
    return api.with_token(service_token(api.app, caller)) if caller in RANKS else api


def answer_to(api: Api, caller: str, method: str, path: str, **options: Any) -> Any:
    """What this caller is answered; the reference is not asked, as it lacks some addresses."""
    token = throwaway(api, caller).token if path in LOGOUTS else api.token
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with api.app.test_client().open(path, method=method, headers=headers, **options) as answer:
        return answer


def test_every_call_there_is_has_a_row_in_the_table_and_no_row_is_of_none(one_app: Flask) -> None:
    assert set(calls(one_app)) == table().keys()


@pytest.mark.parametrize("caller", CALLERS)
def test_every_call_lets_in_whom_it_should_and_says_so_before_it_looks_anything_up(
    callers: dict[str, Api], caller: str
) -> None:
    for (method, rule), role in table().items():
        answer = answer_to(callers[caller], caller, method, missing(rule))
        told = f"{method} {rule} for {caller}: {answer.status_code}"
        refused = answer.status_code if answer.status_code in (401, 403) else None
        assert refused == expected(role, caller), told
        assert answer.status_code < 500, told
        assert ("WWW-Authenticate" in answer.headers) == (refused == 401), told
        if refused and method != "HEAD":
            assert answer.mimetype == "application/problem+json"


def bodies(document: dict[str, Any]) -> dict[Call, Any]:
    """A body that each call takes which takes one."""
    found = {}
    for method, path, operation in operations(document):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            example = next(iter(media["examples"].values()))["value"]
            found[method, re.sub(r"\{\w+\}", "1", path).rstrip("/")] = example
    return found


@pytest.mark.parametrize("caller", ["nobody", "customer", "reader", "editor"])
def test_a_refused_call_changes_nothing_however_good_its_body_is(
    callers: dict[str, Api], reference: dict[str, Any], caller: str
) -> None:
    api, sent = callers[caller], bodies(reference)
    customer = callers["reader"].get("/api/customers/1").get_json()
    there = {"uuid": customer["uuid"], "customer": customer["customer_id"]}
    before = dump(api.app)
    tried = 0
    for (method, rule), role in table().items():
        if status := expected(role, caller):
            path = re.sub(r"<(?:(\w+):)?\w+>", lambda found: there.get(found[1] or "", "1"), rule)
            body = sent.get((method, re.sub(r"<[^>]*>", "1", rule)))
            if path not in LOGOUTS:
                assert answer_to(api, caller, method, path, json=body).status_code == status
                tried += body is not None
    assert tried >= 7
    assert dump(api.app) == before


def test_every_operation_of_the_capability_has_a_row() -> None:
    assert {*capability.codes()} == TOOLS.keys()
    assert all(table()["POST", f"{CAPABILITY}/{code}"] == role for code, role in TOOLS.items())


@pytest.mark.parametrize("caller", CALLERS)
def test_every_tool_lets_in_whom_it_should(callers: dict[str, Api], caller: str) -> None:
    before = dump(callers[caller].app)
    for tool, role in TOOLS.items():
        params = {"name": tool, "arguments": {"customerId": "CUST_00000000"}}
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        answer = answer_to(callers[caller], caller, "POST", "/mcp", json=message)
        if caller not in RANKS:
            assert answer.status_code == 401
            continue
        told = answer.get_json()["result"]["content"][0]["text"]
        assert (expected(role, caller) == 403) == (f"needs the role {role}" in told), tool
    assert dump(callers[caller].app) == before
