"""Every call that may change something leaves an event, or is known to change nothing."""

from typing import Any

from flask import Flask
from sqlalchemy import func, select

from customers_api.core import database
from customers_api.core.events.kinds import Kind
from customers_api.core.events.model import EVENTS
from tests.conftest import empty
from tests.contracts.auth.sessions import PASSWORD, log_in, make_operator
from tests.contracts.main.calls import created, new_group, person
from tests.house.test_routes import calls, examples, filled
from tests.support.api import Api, service_token
from tests.support.conformance import Conformance

# Whoever adds a line here says that the call never changes what is kept.
CHANGE_NOTHING = {
    ("POST", "/api/customers/search"),
    ("POST", "/api/v1/customers/search"),
    ("POST", "/api/capabilities/customer-management/get_customer"),
}
# And here, that its events have tests of their own, in tests/contracts/events/test_sign_in.py:
# those of sign-in, which needs passwords, codes and tokens. Or that it has none but those of
# what it calls (MCP), or none (ends of customers' sessions; that they log in is recorded).
ELSEWHERE = {
    ("POST", "/api/auth/customers/login"),
    ("POST", "/api/auth/customers/password-reset"),
    ("POST", "/api/auth/customers/password-reset-requests"),
    ("POST", "/api/auth/customers/refresh"),
    ("POST", "/api/capabilities/customer-management/<operation_code>"),
    ("POST", "/api/capabilities/customer-management/authenticate_customer"),
    ("POST", "/mcp"),
    ("DELETE", "/api/customers/<customer:customer_id>/totp"),
    ("DELETE", "/api/me/sessions/<int:session_id>"),
    ("DELETE", "/api/me/totp"),
    ("PATCH", "/api/me"),
    ("POST", "/api/me/logout"),
    ("POST", "/api/me/totp"),
    ("POST", "/api/me/totp/confirm"),
    ("PUT", "/api/me/password"),
}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def prepared(app: Flask, promises: Conformance) -> Api:
    """An admin of a registry in which whatever a path names as 1 is there."""
    empty()
    admin = Api(app, promises, service_token(app, "admin"))
    service_token(app, "reader")
    make_operator(app, "otto", "admin")
    new_group(admin, "Retail")
    created(admin, **person(1, phone="+1-555-0123"))
    return admin


def body_of(operation: dict[str, Any], path: str, admin: Api) -> Any:
    """An example of the body; for a log-in or a refresh, one that is let in."""
    if path == "/api/auth/login":
        return {"username": "otto", "password": PASSWORD}
    if path == "/api/auth/refresh":
        return {"refresh_token": log_in(admin, "otto").refresh}
    content = operation.get("requestBody", {}).get("content", {})
    body = next(iter(examples(content["application/json"]).values())) if content else None
    first = admin.get("/api/customers/1").get_json()
    known = {"customer_ids": [1], "customerId": first["customer_id"]}
    if path.startswith("/customers/"):
        known["id"] = 1
    return {**body, **{name: known[name] for name in known.keys() & body.keys()}} if body else body


def addressed(admin: Api, rule: str) -> str:
    """The path of a rule, naming what is number 1."""
    uuid = admin.get("/api/customers/1").get_json()["uuid"]
    return filled(rule.replace("<uuid:customer_id>", uuid))


def count() -> int:
    return int(database.rows(select(func.count()).select_from(EVENTS))[0][0])


def test_every_unsafe_call_leaves_an_event_or_is_known_to_change_nothing(
    app: Flask, promises: Conformance
) -> None:
    paths = promises.document["paths"]
    unsafe = {call for call in calls(app) if call[0] in UNSAFE}
    assert len(unsafe) > 20
    assert unsafe >= CHANGE_NOTHING | ELSEWHERE
    for method, rule in sorted(unsafe - ELSEWHERE):
        with app.app_context():
            admin = prepared(app, promises)
        address = addressed(admin, rule)
        documented = promises._path(address)
        body = body_of(paths[documented][method.lower()], rule, admin)
        with app.app_context():
            before = count()
        answer = admin(method, address, json=body)
        assert answer.status_code < 300, f"{method} {rule}: {answer.get_data(as_text=True)}"
        with app.app_context():
            left = count() - before
        assert (left > 0) != ((method, rule) in CHANGE_NOTHING), f"{method} {rule}: {left} events"


def test_every_kind_follows_the_grammar() -> None:
    for kind in Kind:
        noun, _, past = kind.value.partition(".")
        assert noun.isalpha()
        assert past.replace("_", "").isalpha()
        assert kind.name == kind.value.replace(".", "_").upper()
        assert kind.noun == noun
        assert kind.value.islower()
