"""Every route asks for a token and stands in the reference, whose examples are true."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator, FormatChecker
from werkzeug.test import TestResponse

from tests.contracts.auth.sessions import make_operator, refusal
from tests.contracts.me.customers import customer_session
from tests.support.api import Api

# Whoever adds a line here opens an address to everybody.
PUBLIC = {
    ("GET", "/"),
    ("GET", "/docs"),
    ("GET", "/docs/assets/<path:name>"),
    ("GET", "/docs/problems"),
    ("GET", "/health"),
    ("GET", "/health/live"),
    ("GET", "/metrics"),
    ("GET", "/openapi.json"),
    ("POST", "/api/auth/login"),
    ("POST", "/api/auth/refresh"),
    ("POST", "/api/auth/customers/login"),
    ("POST", "/api/auth/customers/refresh"),
    ("POST", "/api/auth/customers/password-reset"),
}
CAPABILITY = "/api/capabilities/customer-management"
# The reference's own pages, which it does not describe; what refuses operations that there are
# not; and what speaks a protocol that describes itself.
UNDOCUMENTED = {
    "/",
    "/docs",
    "/docs/assets/<path:name>",
    "/docs/problems",
    "/openapi.json",
    f"{CAPABILITY}/<operation_code>",
    "/mcp",
}
# Their examples are made up, so they are well-formed and yet name nobody and nothing of a server.
NOT_REPEATABLE = {
    "/api/auth/refresh": 401,
    "/api/auth/customers/refresh": 401,
    "/api/auth/customers/password-reset": 400,
    "/api/me/totp/confirm": 409,
    # Nobody has the email that the example gets below.
    "/api/auth/customers/login": 401,
    f"{CAPABILITY}/authenticate_customer": 401,
    f"{CAPABILITY}/get_customer": 404,
    f"{CAPABILITY}/update_customer": 404,
    f"{CAPABILITY}/delete_customer": 404,
}

Call = tuple[str, str]


def calls(app: Flask) -> Iterator[Call]:
    """Every method of every rule; a rule's final slash is not told apart."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods or ()):
            yield method, rule.rule.rstrip("/") or "/"


def filled(path: str) -> str:
    """The path of a rule or of the document, with 1 for whatever it names."""
    return re.sub(r"<[^>]*>|\{[^}]*\}", "1", path)


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def examples(media: dict[str, Any]) -> dict[str, Any]:
    """The examples of a body, by name; there must be one."""
    shown = {name: each["value"] for name, each in media["examples"].items()}
    assert shown
    return shown


def validator(document: dict[str, Any], schema: dict[str, Any]) -> Draft202012Validator:
    whole = schema | {"components": document["components"]}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def is_public(method: str, rule: str) -> bool:
    return ("GET" if method == "HEAD" else method, rule) in PUBLIC


def test_every_route_but_the_public_ones_asks_for_a_token(app: Flask) -> None:
    client = app.test_client()
    for method, rule in calls(app):
        if not is_public(method, rule):
            with client.open(filled(rule), method=method) as answer:
                assert "WWW-Authenticate" in answer.headers, f"{method} {rule} is open"
                _check_refusal(answer, method)


def _check_refusal(answer: TestResponse, method: str) -> None:
    if method != "HEAD":
        assert refusal(answer) == "token-missing"
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_list_of_public_routes_names_nothing_that_is_gone(app: Flask) -> None:
    assert set(calls(app)) >= PUBLIC


def test_every_route_is_in_the_document_and_nothing_else_is(
    app: Flask, reference: dict[str, Any]
) -> None:
    served = {
        (method, re.sub(r"<(?:[^<>:]*:)?(\w+)>", r"{\1}", rule))
        for method, rule in calls(app)
        if method != "HEAD" and rule not in UNDOCUMENTED
    }
    assert served == {(method, path.rstrip("/")) for method, path, _ in operations(reference)}


def test_every_operation_has_a_name_of_its_own_and_a_summary(reference: dict[str, Any]) -> None:
    described = [operation for _, _, operation in operations(reference)]
    names = Counter(operation["operationId"] for operation in described)
    assert set(names.values()) == {1}
    assert all(operation["summary"].strip() for operation in described)


def test_every_operation_says_whether_it_needs_a_token(reference: dict[str, Any]) -> None:
    for method, path, operation in operations(reference):
        public = (method, path.rstrip("/")) in PUBLIC
        assert operation["security"] == ([] if public else [{"bearer": []}]), f"{method} {path}"
        # No role opens what is a customer's own, so none is beneath it.
        needed = {"401"} if operation.get("x-role") == "customer" else {"401", "403"}
        assert public or needed <= operation["responses"].keys()


def test_no_operation_lets_a_lesser_role_in(
    reader: Api, editor: Api, reference: dict[str, Any]
) -> None:
    lesser = {"editor": [reader], "admin": [reader, editor]}
    for method, path, operation in operations(reference):
        for api in lesser.get(operation.get("x-role", ""), []):
            answer = api(method, filled(path))
            assert answer.status_code == 403, f"{method} {path}"


def test_every_response_has_examples_that_its_schema_allows(reference: dict[str, Any]) -> None:
    for method, path, operation in operations(reference):
        for status, response in operation["responses"].items():
            for media in response["content"].values():
                check = validator(reference, media["schema"])
                for name, example in examples(media).items():
                    wrong = [error.message for error in check.iter_errors(example)]
                    assert not wrong, f"{method} {path} {status} {name}: {wrong}"


def test_every_error_example_has_the_status_it_stands_under(reference: dict[str, Any]) -> None:
    for method, path, operation in operations(reference):
        for status, response in operation["responses"].items():
            problem = response["content"].get("application/problem+json")
            assert (problem is not None) == (int(status) >= 400)
            for name, example in examples(problem).items() if problem else ():
                assert example["status"] == int(status), f"{method} {path} {name}"
                assert example["title"] == HTTPStatus(int(status)).phrase
                assert example["type"] == f"/docs/problems#{name}"


def test_every_request_has_examples_that_its_schema_allows(reference: dict[str, Any]) -> None:
    for method, path, operation in operations(reference):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            check = validator(reference, media["schema"])
            for name, example in examples(media).items():
                wrong = [error.message for error in check.iter_errors(example)]
                assert not wrong, f"{method} {path} {name}: {wrong}"


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_request_example_does_what_the_document_says(
    admin: Api, reference: dict[str, Any], slash: str
) -> None:
    make_operator(admin.app, "admin", "admin")
    # What is made first is there, as number 1, for what changes it.
    made_first = sorted(operations(reference), key=lambda each: each[0] != "POST")
    for place, (method, path, operation) in enumerate(made_first):
        for media in operation.get("requestBody", {}).get("content", {}).values():
            for name, example in examples(media).items():
                query = f"?{name}" if "=" in name else ""
                address = filled(_addressed(admin, path, example)).rstrip("/") + slash + query
                body = _with_emails_of_its_own(example, f"{place}-{len(name)}")
                own = operation.get("x-role") == "customer"
                api = customer_session(admin, f"{place}{slash}") if own else admin
                answer = api(method, address, json=body)
                assert answer.status_code in _expected(path, operation), (
                    f"{method} {address}: {answer.get_data(as_text=True)}"
                )


def _addressed(admin: Api, path: str, example: Any) -> str:
    """The path, naming the customer that the example names, or whoever was made first."""
    if path.startswith("/loyalty/"):
        first = admin.get("/api/customers/1").get_json()
        return path.replace("{customer_id}", first.get("uuid", ""))
    return path.replace("{customer_id}", str(example.get("id", 1)))


def _with_emails_of_its_own(example: Any, mark: str) -> Any:
    return json.loads(json.dumps(example).replace("@", f"@{mark}."))


def _expected(path: str, operation: dict[str, Any]) -> set[int]:
    if path in NOT_REPEATABLE:
        return {NOT_REPEATABLE[path]}
    return {int(status) for status in operation["responses"] if status < "300"}
