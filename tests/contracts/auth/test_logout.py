"""POST /api/auth/logout, and GET /api/auth/me."""

import pytest

from tests.contracts.auth.sessions import Session, log_in, make_operator, refusal
from tests.support.api import Api, problems


@pytest.fixture
def session(anonymous: Api) -> Session:
    make_operator(anonymous.app, "nadia", "reader")
    return log_in(anonymous)


def test_logout_revokes_the_access_and_the_refresh_token(session: Session) -> None:
    answer = session.api.post("/api/auth/logout")
    assert (answer.status_code, answer.get_json()) == (200, {"detail": "Logged out"})
    assert session.is_over()
    assert refusal(session.api.post("/api/auth/logout")) == "token-revoked"


def test_logout_spares_the_operators_other_sessions(anonymous: Api, session: Session) -> None:
    other = log_in(anonymous)
    session.api.post("/api/auth/logout")
    assert not other.is_over()


def test_logout_revokes_a_service_token_too(reader: Api) -> None:
    assert reader.post("/api/auth/logout").status_code == 200
    assert refusal(reader.get("/api/auth/me")) == "token-revoked"


def test_me_tells_an_operator_who_calls(anonymous: Api) -> None:
    nadia = make_operator(anonymous.app, "nadia", "editor")
    me = log_in(anonymous).api.get("/api/auth/me").get_json()
    assert me.pop("token_id") > 0
    assert me == {"kind": "operator", "name": "nadia", "role": "editor", "operator_id": nadia}


@pytest.mark.parametrize("role", ["reader", "editor", "admin"])
def test_me_tells_a_service_token_its_name_and_role(admin: Api, role: str) -> None:
    token = admin.post("/api/tokens", {"name": "billing", "role": role}).get_json()
    assert admin.with_token(token["token"]).get("/api/auth/me").get_json() == {
        "kind": "service",
        "name": "billing",
        "role": role,
        "operator_id": None,
        "token_id": token["id"],
    }


def test_me_and_logout_take_no_parameters(session: Session) -> None:
    for answer in (
        session.api.get("/api/auth/me?verbose=1&x=2"),
        session.api.post("/api/auth/logout?verbose=1&x=2"),
    ):
        assert answer.status_code == 400
        assert set(problems(answer)) == {"verbose", "x"}
    assert not session.is_over()
