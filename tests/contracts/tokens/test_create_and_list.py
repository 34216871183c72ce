"""POST and GET /api/tokens."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests.contracts.auth.sessions import log_in, make_operator, refusal
from tests.support.api import Api, problems

BILLING: dict[str, Any] = {"name": "billing", "role": "editor"}


def test_a_new_token_calls_the_api_in_its_role(admin: Api) -> None:
    answer = admin.post("/api/tokens", BILLING)
    assert answer.status_code == 201
    billing = admin.with_token(answer.get_json()["token"])
    assert billing.post("/api/groups", {"name": "A"}).status_code == 201
    assert billing.get("/api/tokens").status_code == 403


def test_a_new_token_without_days_never_expires(admin: Api) -> None:
    token = admin.post("/api/tokens", BILLING | {"days": None}).get_json()
    assert token["expires_at"] is token["revoked_at"] is None
    with time_machine.travel(datetime.now(UTC) + timedelta(days=36_500)):
        assert admin.with_token(token["token"]).get("/api/auth/me").status_code == 200


@pytest.mark.parametrize("days", [1, 36_500])
def test_a_token_expires_after_its_days(admin: Api, days: int) -> None:
    token = admin.post("/api/tokens", BILLING | {"days": days}).get_json()
    created, expires = (datetime.fromisoformat(token[at]) for at in ("created_at", "expires_at"))
    assert expires - created == timedelta(days=days)
    billing = admin.with_token(token["token"])
    with time_machine.travel(expires - timedelta(seconds=2), tick=False):
        assert billing.get("/api/auth/me").status_code == 200
    with time_machine.travel(expires, tick=False):
        assert refusal(billing.get("/api/auth/me")) == "token-expired"


def test_the_tokens_text_is_shown_once_and_never_again(admin: Api) -> None:
    created = admin.post("/api/tokens", BILLING).get_json()
    text = created.pop("token")
    listed = admin.get("/api/tokens")
    assert created in listed.get_json()
    assert text not in listed.get_data(as_text=True)
    assert all("token" not in each for each in listed.get_json())


def test_the_list_has_every_service_token_by_id(admin: Api) -> None:
    spent = admin.post("/api/tokens", BILLING).get_json()
    admin.delete(f"/api/tokens/{spent['id']}")
    admin.post("/api/tokens", BILLING | {"name": "billing", "days": 1})
    listed = admin.get("/api/tokens").get_json()
    assert [each["name"] for each in listed] == ["admin", "billing", "billing"]
    assert [each["id"] for each in listed] == sorted(each["id"] for each in listed)
    assert [each["revoked_at"] is None for each in listed] == [True, False, True]


def test_the_list_has_no_sessions_of_operators(admin: Api) -> None:
    make_operator(admin.app)
    log_in(admin)
    assert [each["name"] for each in admin.get("/api/tokens").get_json()] == ["admin"]


def test_all_that_is_wrong_is_told_at_once(admin: Api) -> None:
    answer = admin.post("/api/tokens", {"name": " ", "role": "owner", "days": 0, "token": "x"})
    assert answer.status_code == 400
    assert problems(answer) == {
        "/name": "Must not be blank",
        "/role": "Must be one of reader, editor, admin",
        "/days": "Must be from 1 to 36500",
        "/token": "Unknown or read-only field",
    }
    assert len(admin.get("/api/tokens").get_json()) == 1


def test_what_is_missing_is_told_at_once(admin: Api) -> None:
    assert set(problems(admin.post("/api/tokens", {}))) == {"/name", "/role"}


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("name", "n" * 100, 201),
        ("name", "n" * 101, 400),
        ("name", "na\nme", 400),
        ("name", "na\0me", 400),
        ("days", 36_501, 400),
        ("days", -1, 400),
        ("days", "30", 400),
        ("days", 1.5, 400),
        ("days", True, 400),
        ("days", 10**400, 400),
    ],
)
def test_what_a_field_may_hold(admin: Api, field: str, value: object, status: int) -> None:
    answer = admin.post("/api/tokens", BILLING | {field: value})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/tokens"), ("POST", "/api/tokens"), ("DELETE", "/api/tokens/999")],
)
def test_only_admins_see_make_and_revoke_tokens(
    reader: Api, editor: Api, method: str, path: str
) -> None:
    assert reader(method, path).status_code == 403
    assert editor(method, path).status_code == 403
    assert refusal(reader.with_token(None)(method, path)) == "token-missing"
