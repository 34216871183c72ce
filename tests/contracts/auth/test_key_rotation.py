"""What becomes of tokens when SECRET_KEY is replaced, with and without SECRET_KEY_FALLBACKS."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from customers_api.extensions import db
from tests.conftest import make_app
from tests.contracts.auth.forgery import part
from tests.contracts.auth.sessions import Session, begun, log_in, make_operator, refresh, refusal
from tests.support.api import Api
from tests.support.conformance import Conformance

OLDER, NEWER = "older-secret-" * 3, "newer-secret-" * 3
Rotated = Callable[..., Api]


@pytest.fixture
def rotated(app: Flask, database_url: str, promises: Conformance) -> Iterator[Rotated]:
    """The API of a server that was started with other secrets, on the same database."""
    apps: list[Flask] = []

    def start(**secrets: str) -> Api:
        apps.append(make_app(database_url, **secrets))
        return Api(apps[-1], promises, None)

    yield start
    for each in apps:
        with each.app_context():
            db.engine.dispose()


@pytest.fixture
def session(anonymous: Api) -> Session:
    """A session begun before the secret was replaced."""
    make_operator(anonymous.app)
    return log_in(anonymous)


def old_secret(session: Session) -> str:
    return str(session.api.app.config["SECRET_KEY"])


def test_a_fallback_keeps_old_tokens_good(rotated: Rotated, session: Session) -> None:
    api = rotated(SECRET_KEY=NEWER, SECRET_KEY_FALLBACKS=f"{OLDER}, {old_secret(session)}")
    assert api.with_token(session.access).get("/api/auth/me").status_code == 200
    assert refresh(api, session.refresh).status_code == 200


def test_new_tokens_are_signed_with_the_new_key(rotated: Rotated, session: Session) -> None:
    api = rotated(SECRET_KEY=NEWER, SECRET_KEY_FALLBACKS=old_secret(session))
    renewed = begun(api, refresh(api, session.refresh))
    old, new = (part(token, 0)["kid"] for token in (session.access, renewed.access))
    assert old != new
    assert part(renewed.refresh, 0)["kid"] == new
    # A server that has never heard of the old secret knows what was signed with the new one.
    after = rotated(SECRET_KEY=NEWER)
    assert after.with_token(renewed.access).get("/api/auth/me").status_code == 200
    assert refresh(after, renewed.refresh).status_code == 200


def test_old_tokens_end_when_the_fallback_is_removed(rotated: Rotated, session: Session) -> None:
    api = rotated(SECRET_KEY=NEWER)
    assert refusal(api.with_token(session.access).get("/api/auth/me")) == "token-invalid"
    assert refusal(refresh(api, session.refresh)) == "token-invalid"


def test_a_fallback_signs_nothing_once_it_is_one(
    rotated: Rotated, anonymous: Api, session: Session
) -> None:
    api = rotated(SECRET_KEY=NEWER, SECRET_KEY_FALLBACKS=old_secret(session))
    fresh = log_in(api)
    assert refusal(anonymous.with_token(fresh.access).get("/api/auth/me")) == "token-invalid"
