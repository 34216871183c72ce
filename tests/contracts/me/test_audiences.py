"""Neither kind of token opens what is the other's: each is tried on every route."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.contracts.auth.forgery import forged
from tests.contracts.auth.sessions import log_in as log_in_operator
from tests.contracts.auth.sessions import make_operator, refusal
from tests.contracts.me.customers import Session, log_in, make_customer
from tests.support.api import Api

Json = dict[str, Any]


@pytest.fixture
def session(anonymous: Api) -> Session:
    make_customer(anonymous)
    return log_in(anonymous)


def routes(document: Json, *, customers_own: bool) -> Iterator[tuple[str, str]]:
    """Every method and path that needs a token, customers' own or operators'."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            own = operation.get("x-role") == "customer"
            if operation["security"] and own == customers_own:
                yield method.upper(), re.sub(r"\{[^}]*\}", "1", path)


def test_a_customers_tokens_open_no_operators_route(session: Session, reference: Json) -> None:
    tried = [*routes(reference, customers_own=False)]
    assert len(tried) > 40
    for method, path in tried:
        for token in (session.access, session.refresh):
            answer = session.api.with_token(token)(method, path)
            assert refusal(answer) == "token-invalid", f"{method} {path}"
    assert not session.is_over()


def test_no_operators_token_opens_a_customers_route(
    admin: Api, session: Session, reference: Json
) -> None:
    make_operator(admin.app, "nadia", "admin")
    operator = log_in_operator(admin)
    tried = [*routes(reference, customers_own=True)]
    assert len(tried) == 10
    for method, path in tried:
        for token in (admin.token, operator.access, operator.refresh):
            answer = session.api.with_token(token)(method, path)
            assert refusal(answer) == "token-invalid", f"{method} {path}"
    assert not session.is_over()


def test_every_customers_route_needs_a_token(anonymous: Api, reference: Json) -> None:
    for method, path in routes(reference, customers_own=True):
        assert refusal(anonymous(method, path)) == "token-missing"


def test_a_customers_route_gives_customers_their_own_only(anonymous: Api, session: Session) -> None:
    make_customer(anonymous, "bob")
    assert session.api.get("/api/me").get_json()["first_name"] == "ann"
    assert log_in(anonymous, "bob").api.get("/api/me").get_json()["first_name"] == "bob"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "customers-api"},
        {"aud": ["customers-api", "other"]},
        {"iss": "somebody"},
        {"type": "refresh"},
        {"exp": "never"},
        {"nbf": 4_102_444_800},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_customers_token_of_which_a_claim_is_wrong_is_refused(
    session: Session, claims: Json
) -> None:
    secret = str(session.api.app.config["SECRET_KEY"])
    same = session.api.with_token(forged(session.access, secret))
    assert same.get("/api/me").status_code == 200
    wrong = session.api.with_token(forged(session.access, secret, claims=claims))
    assert refusal(wrong.get("/api/me")) == "token-invalid"


@pytest.mark.parametrize(
    "header", [{"kid": "0" * 16}, {"kid": ["x"]}, {"alg": "none"}, {"alg": "HS512"}], ids=str
)
def test_a_customers_token_of_which_the_header_is_wrong_is_refused(
    session: Session, header: Json
) -> None:
    secret = str(session.api.app.config["SECRET_KEY"])
    wrong = session.api.with_token(forged(session.access, secret, header=header))
    assert refusal(wrong.get("/api/me")) == "token-invalid"


@pytest.mark.parametrize("text", ["nonsense", "..", "a.b.c", "two tokens"])
def test_what_is_no_token_opens_nothing(anonymous: Api, text: str) -> None:
    assert refusal(anonymous.with_token(text).get("/api/me")) == "token-invalid"


def test_a_token_made_of_the_other_kinds_session_opens_nothing(
    admin: Api, session: Session
) -> None:
    # Even whoever has the key cannot point a token at a row of the other kind.
    secret = str(admin.app.config["SECRET_KEY"])
    posing = forged(session.access, secret, claims={"aud": "customers-api"})
    assert refusal(admin.with_token(posing).get("/api/customers/1")) == "token-revoked"
    claims = {"aud": "customers-api/me", "exp": int(time.time()) + 60}
    posing = forged(str(admin.token), secret, claims=claims)
    assert refusal(admin.with_token(posing).get("/api/me")) == "token-revoked"
