"""GET /api/operators, GET and PATCH /api/operators/<id>."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.contracts.auth.sessions import make_operator, refusal
from tests.support.api import Api, problems

NOWHERE = (0, 999, 2**63 - 1, 2**63, 10**30)


@pytest.fixture
def nadia(admin: Api) -> str:
    return f"/api/operators/{make_operator(admin.app, 'nadia', 'reader')}"


def test_the_list_has_every_operator_by_id(admin: Api) -> None:
    ids = [make_operator(admin.app, name) for name in ("zoe", "adam", "mia")]
    listed = admin.get("/api/operators").get_json()
    assert [each["id"] for each in listed] == sorted(ids)
    assert [each["username"] for each in listed] == ["zoe", "adam", "mia"]
    assert listed[0] == admin.get(f"/api/operators/{ids[0]}").get_json()


def test_the_list_is_empty_where_there_are_only_service_tokens(admin: Api) -> None:
    assert admin.get("/api/operators").get_json() == []


@pytest.mark.parametrize("id", NOWHERE)
def test_an_operator_that_is_not_there_is_404(admin: Api, id: int) -> None:
    for answer in (
        admin.get(f"/api/operators/{id}"),
        admin.patch(f"/api/operators/{id}", {"role": "reader"}),
    ):
        assert answer.status_code == 404
        assert answer.get_json()["detail"] == "Operator not found"


def test_a_change_keeps_absent_fields(admin: Api, nadia: str) -> None:
    before = admin.get(nadia).get_json()
    after = admin.patch(nadia, {"role": "admin"}).get_json()
    assert after["updated_at"] > before["updated_at"]
    assert after == before | {"role": "admin", "updated_at": after["updated_at"]}
    assert admin.get(nadia).get_json() == after


def test_disabling_is_dated_and_enabling_clears_it(admin: Api, nadia: str) -> None:
    tomorrow = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    with time_machine.travel(tomorrow, tick=False):
        disabled = admin.patch(nadia, {"disabled": True}).get_json()
    assert datetime.fromisoformat(disabled["disabled_at"]) == tomorrow
    assert admin.patch(nadia, {"disabled": False}).get_json()["disabled_at"] is None


def test_no_change_at_all_is_refused(admin: Api, nadia: str) -> None:
    answer = admin.patch(nadia, {})
    assert answer.status_code == 400
    assert answer.get_json()["detail"] == "Give at least one field to change"


def test_all_that_is_wrong_with_a_change_is_told_at_once_and_changes_nothing(
    admin: Api, nadia: str
) -> None:
    before = admin.get(nadia).get_json()
    wrong = {"role": "owner", "password": "short", "disabled": "yes", "username": "mia"}
    answer = admin.patch(nadia, wrong)
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/role", "/password", "/disabled", "/username"}
    assert problems(answer)["/username"] == "Unknown or read-only field"
    assert admin.get(nadia).get_json() == before


def test_a_refused_change_ends_no_session(admin: Api, nadia: str) -> None:
    answer = admin.patch(nadia, {"disabled": True, "password": "short"})
    assert answer.status_code == 400
    assert admin.get(nadia).get_json()["disabled_at"] is None


@pytest.mark.parametrize("changes", [[], None, "disabled", 7])
def test_a_change_that_is_no_object_is_refused(admin: Api, nadia: str, changes: object) -> None:
    answer = admin("PATCH", nadia, json=changes)
    assert answer.status_code == (415 if changes is None else 400)


def test_an_operator_cannot_be_removed_or_replaced(admin: Api, nadia: str) -> None:
    for method in ("DELETE", "PUT"):
        answer = admin(method, nadia)
        assert answer.status_code == 405
        assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "PATCH"}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/operators"),
        ("POST", "/api/operators"),
        ("GET", "/api/operators/999"),
        ("PATCH", "/api/operators/999"),
    ],
)
def test_only_admins_see_and_change_operators(
    reader: Api, editor: Api, method: str, path: str
) -> None:
    for api, role in ((reader, "reader"), (editor, "editor")):
        answer = api(method, path)
        assert answer.status_code == 403
        told = f"This call needs the role admin; the token's role is {role}."
        assert answer.get_json()["detail"] == told
    assert refusal(reader.with_token(None)(method, path)) == "token-missing"
