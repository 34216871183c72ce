"""What the registry refuses: 422 by its schema, 400 for an email in use, 403, 404, 405."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.main.calls import person, send_text
from tests.contracts.registry.printed import CREATE, PREFIX
from tests.support.api import Api, problems

TAKEN = "Customer with this email already exists"
NOT_FOUND = "Customer not found"
WRONG: list[tuple[str, Any]] = [
    ("first_name", None),
    ("last_name", ""),
    ("email", "no address"),
    ("phone", "123"),
    ("date_of_birth", "1899-12-31"),
    ("date_of_birth", "15.01.1990"),
    ("date_of_birth", "9000-01-01"),
    ("marketing_sms", "yes"),
    ("city", "x" * 101),
    ("gender", "x" * 21),
    ("company_name", "a\nb"),
    ("tags", ["premium"]),
    ("id", 7),
    ("customer_id", "CUST_A1B2C3D4"),
    ("username", "johndoe1234"),
    ("is_verified", True),
    ("created_at", "2024-01-15T10:30:00Z"),
    ("nickname", "Jo"),
]
ROUTES = [
    ("POST", "/", "editor"),
    ("GET", "/", "reader"),
    ("GET", "/{who}", "reader"),
    ("GET", "/username/{who}", "reader"),
    ("GET", "/email/{who}", "reader"),
    ("POST", "/search", "reader"),
    ("PUT", "/{who}", "editor"),
    ("POST", "/bulk-update", "editor"),
    ("PATCH", "/{who}/verify-email", "editor"),
    ("PATCH", "/{who}/verify-phone", "editor"),
    ("PATCH", "/{who}/last-login", "editor"),
    ("GET", "/statistics/overview", "reader"),
    ("GET", "/tags/{who}", "reader"),
    ("GET", "/location/search?city={who}", "reader"),
    ("GET", "/available/countries", "reader"),
    ("GET", "/available/cities", "reader"),
    ("GET", "/available/states", "reader"),
    ("DELETE", "/{who}", "editor"),
    ("DELETE", "/{who}/hard", "admin"),
]
LESSER: dict[str, Callable[[Api, Api], list[Api]]] = {
    "reader": lambda reader, editor: [],
    "editor": lambda reader, editor: [reader],
    "admin": lambda reader, editor: [reader, editor],
}
NOBODY = ("7", "0", "CUST_00000000", "9" * 19, "9" * 400, "nobody", "-1", "%00", "a%00b", "%F0")


def test_input_that_fails_its_schema_is_422_and_changes_nothing(
    editor: Api, john: dict[str, Any]
) -> None:
    for field, value in WRONG:
        creation = editor.post(f"{PREFIX}/", person(**{field: value}))
        change = editor.put(f"{PREFIX}/{john['customer_id']}", {"city": "Bonn", field: value})
        for answer in (creation, change):
            assert answer.status_code == 422, f"{field}: {value!r}"
            assert answer.mimetype == "application/problem+json"
            assert set(problems(answer)) == {f"/{field}"}
    assert [c["id"] for c in editor.get(f"{PREFIX}/").get_json()] == [john["id"]]
    assert editor.get(f"/api/customers/{john['id']}").get_json() == john


def test_all_problems_are_reported_at_once(editor: Api, john: dict[str, Any]) -> None:
    body = {"last_name": "", "email": john["email"].upper(), "phone": "1", "nickname": "x"}
    answer = editor.post(f"{PREFIX}/", body)
    assert answer.status_code == 422
    assert set(problems(answer)) == {"/first_name", "/last_name", "/email", "/phone", "/nickname"}


def test_an_email_in_use_is_400_with_the_documents_detail(
    editor: Api, john: dict[str, Any]
) -> None:
    other = editor.post(f"{PREFIX}/", person()).get_json()
    taken = {"email": john["email"].title()}
    for answer in (
        editor.post(f"{PREFIX}/", person(2, **taken)),
        editor.put(f"{PREFIX}/{other['customer_id']}", taken),
        editor.put(f"{PREFIX}/{other['id']}", taken),
    ):
        assert answer.status_code == 400
        assert answer.get_json()["detail"] == TAKEN
        assert problems(answer) == {"/email": TAKEN}
    assert editor.get(f"{PREFIX}/{other['id']}").get_json() == other


def test_a_body_that_is_no_json_is_400_and_another_type_415(editor: Api) -> None:
    assert send_text(editor, "POST", f"{PREFIX}/", "{").status_code == 400
    form = editor("POST", f"{PREFIX}/", data={"first_name": "John"})
    assert form.status_code == 415


def test_an_unknown_query_parameter_is_refused_by_name(editor: Api, john: dict[str, Any]) -> None:
    path = f"{PREFIX}/{john['customer_id']}"
    for answer in (
        editor.post(f"{PREFIX}/?size=one", person()),
        editor.put(f"{path}?size=one", {"city": "Bonn"}),
        editor.get(f"{path}?size=one"),
        editor.delete(f"{path}?size=one"),
    ):
        assert answer.status_code == 422
        assert set(problems(answer)) == {"size"}
    assert editor.get(f"/api/customers/{john['id']}").get_json() == john


def test_who_has_a_lesser_role_learns_nothing(
    reader: Api, editor: Api, john: dict[str, Any]
) -> None:
    for method, path, role in ROUTES:
        for api in LESSER[role](reader, editor):
            for who in (john["customer_id"], "CUST_00000000"):
                answer = api(method, PREFIX + path.format(who=who), json={})
                assert answer.status_code == 403, f"{method} {path}"


def test_without_a_token_everything_is_401(anonymous: Api, john: dict[str, Any]) -> None:
    for method, path, _ in ROUTES:
        for who in (john["customer_id"], "CUST_00000000"):
            answer = anonymous(method, PREFIX + path.format(who=who), json={})
            assert answer.status_code == 401, f"{method} {path}"
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_sufficient_role_is_let_through(reader: Api, editor: Api, admin: Api) -> None:
    api = {"reader": reader, "editor": editor, "admin": admin}
    for method, path, role in ROUTES:
        answer = api[role](method, PREFIX + path.format(who="CUST_00000000"), json={})
        assert answer.status_code in (200, 404, 422), f"{method} {path}"


@pytest.mark.parametrize("who", NOBODY)
def test_whom_there_is_not_is_404(admin: Api, who: str) -> None:
    for method, path, _ in ROUTES:
        if "/{who}" not in path or path.startswith("/tags"):
            continue
        body = {"json": {"city": "Bonn"}} if method == "PUT" else {}
        answer = admin(method, PREFIX + path.format(who=who), **body)
        assert answer.status_code == 404, f"{method} {path}"
        assert answer.get_json()["detail"] == NOT_FOUND


def test_an_address_that_there_is_not_is_404(admin: Api) -> None:
    for path in ("/CUST_A1B2C3D4/none", "/available/towns", "/statistics/x/y"):
        assert admin.get(PREFIX + path).status_code == 404


def test_another_method_is_405_with_those_allowed(admin: Api) -> None:
    for method, path, allowed in (
        ("PATCH", "", {"GET", "POST"}),
        ("PATCH", "/CUST_A1B2C3D4", {"GET", "PUT", "DELETE"}),
        ("GET", "/search", {"POST"}),
        ("DELETE", "/bulk-update", {"POST"}),
        ("GET", "/CUST_A1B2C3D4/hard", {"DELETE"}),
        ("POST", "/CUST_A1B2C3D4/last-login", {"PATCH"}),
        ("POST", "/statistics/overview", {"GET"}),
    ):
        answer = admin(method, PREFIX + path, json=CREATE)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) - {"HEAD", "OPTIONS"} == allowed
