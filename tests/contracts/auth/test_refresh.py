"""POST /api/auth/refresh."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests.contracts.auth.sessions import Session, begun, log_in, make_operator, refresh, refusal
from tests.support.api import Api, problems

REFRESH = "/api/auth/refresh"
THIRTY_DAYS = timedelta(days=30)


@pytest.fixture
def session(anonymous: Api) -> Session:
    make_operator(anonymous.app)
    return log_in(anonymous)


def test_a_refresh_token_in_the_body_gives_a_new_pair(anonymous: Api, session: Session) -> None:
    renewed = begun(anonymous, refresh(anonymous, session.refresh))
    assert len({session.access, session.refresh, renewed.access, renewed.refresh}) == 4
    assert renewed.api.get("/api/auth/me").get_json()["name"] == "nadia"


def test_a_refresh_token_as_bearer_gives_a_new_pair(anonymous: Api, session: Session) -> None:
    answer = anonymous.with_token(session.refresh).post(REFRESH)
    assert begun(anonymous, answer).api.get("/api/auth/me").status_code == 200


def test_each_new_pair_can_be_refreshed_in_turn(anonymous: Api, session: Session) -> None:
    for _ in range(3):
        session = begun(anonymous, refresh(anonymous, session.refresh))
    assert session.api.get("/api/auth/me").status_code == 200


def test_a_refresh_token_used_twice_ends_the_whole_session(
    anonymous: Api, session: Session
) -> None:
    second = begun(anonymous, refresh(anonymous, session.refresh))
    third = begun(anonymous, refresh(anonymous, second.refresh))
    assert refusal(refresh(anonymous, session.refresh)) == "token-revoked"
    assert third.is_over()
    assert second.is_over()
    assert session.is_over()


def test_a_refresh_token_used_twice_spares_other_sessions(anonymous: Api, session: Session) -> None:
    other = log_in(anonymous)
    refresh(anonymous, session.refresh)
    assert refusal(refresh(anonymous, session.refresh)) == "token-revoked"
    assert not other.is_over()


def test_of_racing_refreshes_by_one_token_at_most_one_succeeds(
    anonymous: Api, session: Session
) -> None:
    with ThreadPoolExecutor(4) as pool:
        racing = pool.map(lambda _: refresh(anonymous, session.refresh), range(4))
        statuses = sorted(answer.status_code for answer in racing)
    assert statuses == [200, 401, 401, 401]


@pytest.mark.parametrize("as_bearer", [False, True])
def test_an_access_token_cannot_refresh(
    anonymous: Api, session: Session, *, as_bearer: bool
) -> None:
    answer = session.api.post(REFRESH) if as_bearer else refresh(anonymous, session.access)
    assert refusal(answer) == "token-invalid"
    assert not session.is_over()


def test_a_service_token_cannot_refresh(admin: Api) -> None:
    assert refusal(admin.post(REFRESH)) == "token-invalid"
    assert refusal(refresh(admin, str(admin.token))) == "token-invalid"


def test_a_refresh_token_cannot_call(anonymous: Api, session: Session) -> None:
    assert refusal(anonymous.with_token(session.refresh).get("/api/auth/me")) == "token-invalid"


@pytest.mark.parametrize("token", ["", "nonsense", "a.b.c", "\0"])
def test_what_is_no_token_cannot_refresh(anonymous: Api, token: str) -> None:
    assert refusal(refresh(anonymous, token)) == "token-invalid"


def test_without_body_and_bearer_the_token_is_missing(anonymous: Api) -> None:
    assert refusal(anonymous.post(REFRESH)) == "token-missing"


def test_all_that_is_wrong_with_the_body_is_told_at_once(anonymous: Api) -> None:
    answer = anonymous.post(REFRESH, {"token": "x"})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/refresh_token", "/token"}


def test_a_refresh_token_is_good_for_thirty_days_from_its_issue(anonymous: Api) -> None:
    make_operator(anonymous.app)
    begin = datetime(2026, 1, 1, 12, tzinfo=UTC)
    with time_machine.travel(begin, tick=False):
        session = log_in(anonymous)
    with time_machine.travel(begin + THIRTY_DAYS - timedelta(seconds=1), tick=False):
        session = begun(anonymous, refresh(anonymous, session.refresh))
    with time_machine.travel(begin + 2 * THIRTY_DAYS - timedelta(seconds=1), tick=False):
        assert refusal(refresh(anonymous, session.refresh)) == "token-expired"
