"""DELETE /api/tokens/<id>."""

from typing import Any

import pytest

from tests.contracts.auth.sessions import log_in, make_operator, refusal
from tests.support.api import Api


@pytest.fixture
def billing(admin: Api) -> dict[str, Any]:
    return dict(admin.post("/api/tokens", {"name": "billing", "role": "reader"}).get_json())


def test_a_revoked_token_stops_working_at_once(admin: Api, billing: dict[str, Any]) -> None:
    api = admin.with_token(billing["token"])
    assert api.get("/api/auth/me").status_code == 200
    answer = admin.delete(f"/api/tokens/{billing['id']}")
    assert answer.status_code == 200
    assert answer.get_json() == {"detail": "Token revoked", "id": billing["id"]}
    assert refusal(api.get("/api/auth/me")) == "token-revoked"


def test_a_token_revoked_before_its_first_use_never_works(
    admin: Api, billing: dict[str, Any]
) -> None:
    admin.delete(f"/api/tokens/{billing['id']}")
    assert refusal(admin.with_token(billing["token"]).get("/api/auth/me")) == "token-revoked"


def test_revoking_spares_other_tokens_of_the_same_name(admin: Api, billing: dict[str, Any]) -> None:
    twin = admin.post("/api/tokens", {"name": "billing", "role": "reader"}).get_json()
    admin.delete(f"/api/tokens/{billing['id']}")
    assert admin.with_token(twin["token"]).get("/api/auth/me").status_code == 200


def test_revoking_twice_keeps_the_first_moment(admin: Api, billing: dict[str, Any]) -> None:
    admin.delete(f"/api/tokens/{billing['id']}")
    first = admin.get("/api/tokens").get_json()
    assert first[-1]["revoked_at"] is not None
    assert admin.delete(f"/api/tokens/{billing['id']}").status_code == 200
    assert admin.get("/api/tokens").get_json() == first


def test_revoking_a_session_ends_it(admin: Api) -> None:
    make_operator(admin.app)
    session, other = log_in(admin), log_in(admin)
    id = session.api.get("/api/auth/me").get_json()["token_id"]
    assert admin.delete(f"/api/tokens/{id}").status_code == 200
    assert session.is_over()
    assert not other.is_over()


def test_an_admin_may_revoke_the_token_in_hand(admin: Api) -> None:
    id = admin.get("/api/auth/me").get_json()["token_id"]
    assert admin.delete(f"/api/tokens/{id}").status_code == 200
    assert refusal(admin.get("/api/tokens")) == "token-revoked"


@pytest.mark.parametrize("id", [0, 999, 2**63 - 1, 2**63, 10**30])
def test_a_token_that_is_not_there_is_404(admin: Api, id: int) -> None:
    answer = admin.delete(f"/api/tokens/{id}")
    assert answer.status_code == 404
    assert answer.get_json()["detail"] == "Token not found"


def test_a_single_token_can_only_be_revoked(admin: Api, billing: dict[str, Any]) -> None:
    for method in ("GET", "PATCH", "PUT", "POST"):
        answer = admin(method, f"/api/tokens/{billing['id']}")
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "DELETE"
