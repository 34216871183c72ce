"""POST /api/operators."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.contracts.auth.sessions import PASSWORD, log_in
from tests.support.api import Api, problems

NADIA: dict[str, Any] = {"username": "nadia", "password": PASSWORD, "role": "editor"}


def test_a_new_operator_is_answered_with_its_address(admin: Api) -> None:
    answer = admin.post("/api/operators", NADIA)
    assert answer.status_code == 201
    operator = answer.get_json()
    assert answer.headers["Location"] == f"/api/operators/{operator['id']}"
    assert admin.get(answer.headers["Location"]).get_json() == operator


def test_a_new_operator_is_enabled_and_has_never_logged_in(admin: Api) -> None:
    operator = admin.post("/api/operators", NADIA).get_json()
    assert (operator["username"], operator["role"]) == ("nadia", "editor")
    assert operator["disabled_at"] is operator["last_login_at"] is None
    assert operator["created_at"] == operator["updated_at"]


def test_a_new_operator_can_log_in_and_has_the_role(admin: Api) -> None:
    admin.post("/api/operators", NADIA)
    assert log_in(admin).api.get("/api/auth/me").get_json()["role"] == "editor"


def test_no_answer_shows_a_password_or_its_hash(admin: Api) -> None:
    created = admin.post("/api/operators", NADIA)
    changed = admin.patch(created.headers["Location"], {"password": "another password!"})
    for answer in (created, changed, admin.get("/api/operators")):
        assert "password" not in answer.get_data(as_text=True)
        assert "argon2" not in answer.get_data(as_text=True)


def test_all_that_is_wrong_is_told_at_once(admin: Api) -> None:
    admin.post("/api/operators", NADIA)
    wrong = {"username": "nadia", "password": "short", "role": "owner", "id": 7}
    answer = admin.post("/api/operators", wrong)
    assert answer.status_code == 400
    assert problems(answer) == {
        "/username": "There is an operator with this username already",
        "/password": "Shorter than 12 characters",
        "/role": "Must be one of reader, editor, admin",
        "/id": "Unknown or read-only field",
    }
    assert len(admin.get("/api/operators").get_json()) == 1


def test_what_is_missing_is_told_at_once(admin: Api) -> None:
    assert set(problems(admin.post("/api/operators", {}))) == {"/username", "/password", "/role"}


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("username", "n" * 50, 201),
        ("username", "n" * 51, 400),
        ("username", " \t ", 400),
        ("username", "na\ndia", 400),
        ("username", "na\0dia", 400),
        ("username", "李雷", 201),
        ("password", "pq" * 6, 201),
        ("password", "pq" * 5 + "p", 400),
        ("password", "pq" * 64, 201),
        ("password", "pq" * 64 + "p", 400),
        ("password", "p" * 12, 400),
        ("password", "\0" * 12, 400),
        ("password", None, 400),
        ("role", "Admin", 400),
    ],
)
def test_what_a_field_may_hold(admin: Api, field: str, value: object, status: int) -> None:
    answer = admin.post("/api/operators", NADIA | {field: value})
    assert answer.status_code == status
    if status == 400:
        assert set(problems(answer)) == {f"/{field}"}


def test_the_own_username_is_no_password(admin: Api) -> None:
    fields = NADIA | {"username": "nadia.lindqvist"}
    answer = admin.post("/api/operators", fields | {"password": "Nadia.Lindqvist"})
    assert set(problems(answer)) == {"/password"}
    made = admin.post("/api/operators", fields)
    answer = admin.patch(made.headers["Location"], {"password": "nadia.lindqvist"})
    assert set(problems(answer)) == {"/password"}


def test_white_space_around_a_username_is_stripped(admin: Api) -> None:
    operator = admin.post("/api/operators", NADIA | {"username": "  nadia "}).get_json()
    assert operator["username"] == "nadia"
    assert admin.post("/api/operators", NADIA).status_code == 400


def test_of_racing_writers_of_one_username_one_wins(admin: Api) -> None:
    clients = [admin.with_token(admin.token) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = [*pool.map(lambda client: client.post("/api/operators", NADIA), clients)]
    assert sorted(answer.status_code for answer in answers) == [201, 400, 400, 400]
    assert len(admin.get("/api/operators").get_json()) == 1
