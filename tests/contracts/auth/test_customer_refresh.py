"""POST /api/auth/customers/refresh, and what ends a customer's session."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from customers_api.core.credentials import passwords
from tests.contracts.auth.sessions import log_in as log_in_operator
from tests.contracts.auth.sessions import make_operator, refusal
from tests.contracts.auth.sessions import refresh as refresh_operator
from tests.contracts.me.customers import Session, begun, log_in, make_customer, refresh, try_login
from tests.support.api import Api

Json = dict[str, Any]


@pytest.fixture
def ann(anonymous: Api) -> Json:
    return make_customer(anonymous)


@pytest.fixture
def session(anonymous: Api, ann: Json) -> Session:
    return log_in(anonymous)


def test_a_refresh_token_gives_a_new_pair_in_the_body_or_as_bearer(
    anonymous: Api, session: Session
) -> None:
    second = begun(anonymous, refresh(anonymous, session.refresh))
    bearer = anonymous.with_token(second.refresh).post("/api/auth/customers/refresh")
    third = begun(anonymous, bearer)
    assert third.api.get("/api/me").status_code == 200
    assert len({session.refresh, second.refresh, third.refresh}) == 3


def test_a_refresh_token_used_twice_ends_the_whole_session_and_no_other(
    anonymous: Api, session: Session
) -> None:
    other = log_in(anonymous)
    second = begun(anonymous, refresh(anonymous, session.refresh))
    assert refusal(refresh(anonymous, session.refresh)) == "token-revoked"
    assert session.is_over()
    assert second.is_over()
    assert not other.is_over()


def test_of_racing_refreshes_by_one_token_at_most_one_succeeds(
    anonymous: Api, session: Session
) -> None:
    with ThreadPoolExecutor(4) as pool:
        racing = pool.map(lambda _: refresh(anonymous, session.refresh), range(4))
        statuses = sorted(answer.status_code for answer in racing)
    assert statuses == [200, 401, 401, 401]


def test_an_access_token_cannot_refresh_and_a_refresh_token_cannot_call(
    anonymous: Api, session: Session
) -> None:
    assert refusal(refresh(anonymous, session.access)) == "token-invalid"
    assert refusal(anonymous.with_token(session.refresh).get("/api/me")) == "token-invalid"


def test_neither_kind_of_refresh_token_refreshes_the_other(
    anonymous: Api, session: Session
) -> None:
    make_operator(anonymous.app)
    operator = log_in_operator(anonymous)
    assert refusal(refresh(anonymous, operator.refresh)) == "token-invalid"
    assert refusal(refresh_operator(anonymous, session.refresh)) == "token-invalid"
    assert not operator.is_over()
    assert not session.is_over()


def test_without_body_and_bearer_the_token_is_missing(anonymous: Api) -> None:
    assert refusal(anonymous.post("/api/auth/customers/refresh")) == "token-missing"


def test_a_refresh_token_is_good_for_thirty_days_from_its_issue(anonymous: Api, ann: Json) -> None:
    begin = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with time_machine.travel(begin, tick=False):
        session = log_in(anonymous)
    with time_machine.travel(begin + timedelta(days=30, seconds=-1), tick=False):
        session = begun(anonymous, refresh(anonymous, session.refresh))
    with time_machine.travel(begin + timedelta(days=60, seconds=-1), tick=False):
        assert refusal(refresh(anonymous, session.refresh)) == "token-expired"


def test_a_removed_customers_sessions_are_over(admin: Api, ann: Json, session: Session) -> None:
    assert session.api.get("/api/me").status_code == 200
    assert admin.delete(f"/api/customers/{ann['id']}").status_code == 200
    assert session.is_over()


def test_a_deactivated_customers_sessions_are_over(
    editor: Api, ann: Json, session: Session
) -> None:
    assert session.api.get("/api/me").status_code == 200
    assert editor.delete(f"/api/v1/customers/{ann['customer_id']}").status_code == 200
    assert session.is_over()


@pytest.mark.parametrize(
    "call",
    [
        ("DELETE", "/api/v1/customers/{customer_id}", None),
        ("PATCH", "/api/customers/{id}", {"customer_status": "canceled"}),
        (
            "POST",
            "/api/customers/bulk-update",
            {"customer_ids": [1], "updates": {"customer_status": "inactive"}},
        ),
    ],
    ids=["deactivated", "canceled", "bulk"],
)
def test_a_customer_who_is_active_again_has_to_log_in(
    editor: Api, ann: Json, session: Session, call: tuple[str, str, Json | None]
) -> None:
    method, path, body = call
    assert editor(method, path.format(**ann), json=body).status_code == 200
    again = editor.patch(f"/api/customers/{ann['id']}", {"customer_status": "active"})
    assert again.get_json()["is_active"] is True
    assert session.is_over()
    assert not log_in(editor).is_over()


@pytest.mark.parametrize("change", ["password", "deactivation", "removal"])
def test_a_login_that_is_overtaken_by_a_change_opens_nothing(
    admin: Api, ann: Json, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    calls = {
        "password": ("PUT", f"/api/customers/{ann['id']}/password", {"password": "quite another"}),
        "deactivation": ("DELETE", f"/api/v1/customers/{ann['customer_id']}", None),
        "removal": ("DELETE", f"/api/customers/{ann['id']}", None),
    }
    method, path, body = calls[change]
    check = passwords.matches

    def check_and_be_overtaken(password: str, kept: str | None) -> bool:
        is_right = check(password, kept)
        # In a thread of its own, as a request within a request would share its session.
        with ThreadPoolExecutor(1) as other:
            answer = other.submit(admin, method, path, json=body).result(timeout=10)
        assert answer.status_code == 200
        return is_right

    monkeypatch.setattr(passwords, "matches", check_and_be_overtaken)
    assert refusal(try_login(admin)) == "wrong-credentials"
