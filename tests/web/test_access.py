"""From a bearer token to the actor behind it: every way in which a token can be no good."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import text

from customers_api.core import database
from customers_api.web import access
from tests.conftest import empty
from tests.contracts.auth.forgery import ABSENT, encoded, forged
from tests.contracts.auth.sessions import log_in, make_operator, refresh, refusal
from tests.support.api import Api, service_token

ME = "/api/auth/me"
OTHER_SECRET = "not the secret of this server, but as long"
AN_HOUR = 3600

Forge = Callable[[str, str], str]
# What becomes of a good token, given with the secret that signed it.
INVALID: dict[str, Forge] = {
    "no dots": lambda token, secret: "nonsense",
    "dots only": lambda token, secret: "..",
    "two parts": lambda token, secret: token.rpartition(".")[0],
    "four parts": lambda token, secret: f"{token}.x",
    "not base64": lambda token, secret: token.replace(".", ".!", 1),
    "two tokens": lambda token, secret: f"{token} {token}",
    "header is no JSON": lambda token, secret: f"{encoded(b'{')}.{token.partition('.')[2]}",
    "header is no object": lambda token, secret: f"{encoded(b'[]')}.{token.partition('.')[2]}",
    "header nested deeply": lambda token, secret: ".".join(
        (encoded(b'{"alg":' + b"[" * 3000 + b"]" * 3000 + b"}"), *token.split(".")[1:])
    ),
    "claims nested deeply": lambda token, secret: ".".join(
        (token.split(".")[0], encoded(b"[" * 3000 + b"]" * 3000), token.split(".")[2])
    ),
    "claims tampered with": lambda token, secret: ".".join(
        (token.split(".")[0], forged(token, "", claims={"sid": 2}).split(".")[1], token[-43:])
    ),
    "signature tampered with": lambda token, secret: token[:-43] + token[-43:].swapcase(),
    "signature cut off": lambda token, secret: token[:-43],
    "signed by a stranger": lambda token, secret: forged(token, OTHER_SECRET),
    "alg none": lambda token, secret: (
        forged(token, "", header={"alg": "none"}).rpartition(".")[0] + "."
    ),
    "alg None, signed": lambda token, secret: forged(token, secret, header={"alg": "None"}),
    "alg HS512": lambda token, secret: forged(
        token, secret, digest="sha512", header={"alg": "HS512"}
    ),
    "alg RS256, signed by HMAC": lambda token, secret: forged(
        token, secret, header={"alg": "RS256"}
    ),
    "no alg": lambda token, secret: forged(token, secret, header={"alg": ABSENT}),
    "unknown kid": lambda token, secret: forged(token, secret, header={"kid": "0" * 16}),
    "no kid": lambda token, secret: forged(token, secret, header={"kid": ABSENT}),
    "kid is a list": lambda token, secret: forged(token, secret, header={"kid": ["x"]}),
    "other audience": lambda token, secret: forged(token, secret, claims={"aud": "customers-web"}),
    "no audience": lambda token, secret: forged(token, secret, claims={"aud": ABSENT}),
    "other issuer": lambda token, secret: forged(token, secret, claims={"iss": "somebody"}),
    "no issuer": lambda token, secret: forged(token, secret, claims={"iss": ABSENT}),
    "not valid yet": lambda token, secret: forged(
        token, secret, claims={"nbf": int(time.time()) + AN_HOUR}
    ),
    "of refresh type": lambda token, secret: forged(token, secret, claims={"type": "refresh"}),
    "of no row": lambda token, secret: forged(token, secret, claims={"sid": ABSENT}),
}


def secret_of(api: Api) -> str:
    return str(api.app.config["SECRET_KEY"])


def test_a_token_signed_by_hand_with_nothing_changed_is_good(reader: Api) -> None:
    # So each token below is refused for what was changed in it, and for nothing else.
    same = reader.with_token(forged(str(reader.token), secret_of(reader)))
    assert same.get(ME).get_json() == reader.get(ME).get_json()


@pytest.mark.parametrize("forge", INVALID.values(), ids=INVALID)
def test_a_token_that_this_server_did_not_make_is_refused(reader: Api, forge: Forge) -> None:
    token = forge(str(reader.token), secret_of(reader))
    assert refusal(reader.with_token(token).get(ME)) == "token-invalid"


@pytest.mark.parametrize("sid", [0, 1, "1", "", 10**30, None, ["x"], "\0" * 32, "\ud800" * 32])
def test_a_token_of_what_cannot_be_a_row_is_refused(reader: Api, sid: object) -> None:
    token = forged(str(reader.token), secret_of(reader), claims={"sid": sid})
    assert refusal(reader.with_token(token).get(ME)) == "token-invalid"


def test_a_token_of_a_row_that_never_was_is_refused(reader: Api) -> None:
    token = forged(str(reader.token), secret_of(reader), claims={"sid": "0" * 32})
    assert refusal(reader.with_token(token).get(ME)) == "token-revoked"


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token {}", "{}", "Bearer{}", ",Bearer {}"]
)
def test_an_authorization_that_is_no_bearer_token_is_a_missing_one(
    anonymous: Api, reader: Api, header: str
) -> None:
    answer = anonymous.get(ME, headers={"Authorization": header.format(reader.token)})
    assert refusal(answer) == "token-missing"


@pytest.mark.parametrize("header", ["Bearer {}", "bearer {}", "BEARER {}", "Bearer  {} "])
def test_the_scheme_is_read_without_regard_to_case(
    anonymous: Api, reader: Api, header: str
) -> None:
    answer = anonymous.get(ME, headers={"Authorization": header.format(reader.token)})
    assert answer.status_code == 200


@pytest.mark.parametrize("place", ["access_token", "token", "jwt"])
def test_a_token_anywhere_but_in_its_header_is_a_missing_one(
    anonymous: Api, reader: Api, place: str
) -> None:
    headers = {"Cookie": f"{place}={reader.token}; access_token_cookie={reader.token}"}
    assert refusal(anonymous.get(f"{ME}?{place}={reader.token}", headers=headers)) == (
        "token-missing"
    )


def test_an_access_token_is_good_for_fifteen_minutes(anonymous: Api) -> None:
    make_operator(anonymous.app)
    begin = datetime.now(UTC).replace(microsecond=0)
    with time_machine.travel(begin, tick=False) as traveller:
        session = log_in(anonymous)
        assert session.api.get(ME).status_code == 200
        traveller.move_to(begin + timedelta(minutes=14, seconds=59))
        assert session.api.get(ME).status_code == 200
        traveller.move_to(begin + timedelta(minutes=15))
        assert refusal(session.api.get(ME)) == "token-expired"
        assert refresh(anonymous, session.refresh).status_code == 200


def test_an_expired_token_seen_for_the_first_time_is_refused(reader: Api) -> None:
    past = {"exp": int(time.time()) - 1}
    token = forged(str(reader.token), secret_of(reader), claims=past)
    assert refusal(reader.with_token(token).get(ME)) == "token-expired"


def test_a_token_from_a_machine_whose_clock_is_ahead_is_good_at_once(anonymous: Api) -> None:
    make_operator(anonymous.app)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=30)):
        session = log_in(anonymous)
    assert session.api.get(ME).status_code == 200


def delete_tokens(app: Flask) -> None:
    with app.app_context():
        database.in_unit_of_work(lambda: database.write(text("DELETE FROM tokens")))


def test_a_token_whose_row_was_deleted_is_refused(reader: Api) -> None:
    delete_tokens(reader.app)
    assert refusal(reader.get(ME)) == "token-revoked"


def test_a_token_in_use_whose_row_is_deleted_is_refused_within_a_minute(
    reader: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert reader.get(ME).status_code == 200
    delete_tokens(reader.app)
    real = time.monotonic
    monkeypatch.setattr(access.time, "monotonic", lambda: real() + 60)
    assert refusal(reader.get(ME)) == "token-revoked"


def test_a_token_does_not_become_that_of_another_row_with_its_id(app: Flask, reader: Api) -> None:
    # As after a backup was restored that is older than the token.
    with app.app_context():
        empty()
    service_token(app, "admin", "successor")
    assert refusal(reader.get(ME)) == "token-revoked"


def test_without_a_token_nothing_is_told_of_what_exists_or_is_wrong(anonymous: Api) -> None:
    for path in ("/api/groups/999", "/api/customers/999?unknown=1", "/api/tokens/999"):
        method = "DELETE" if "tokens" in path else "PATCH"
        answer = anonymous(method, path, data="{", content_type="text/plain")
        assert refusal(answer) == "token-missing"


def test_without_the_role_nothing_is_told_of_what_exists_or_is_wrong(reader: Api) -> None:
    answer = reader("PATCH", "/api/groups/999?unknown=1", data="{", content_type="text/plain")
    assert answer.status_code == 403
    assert answer.mimetype == "application/problem+json"
    assert "WWW-Authenticate" not in answer.headers


def test_a_revocation_is_heeded_although_the_clock_jumped_ahead_since(
    app: Flask, admin: Api, reader: Api
) -> None:
    me = reader.get(ME).get_json()
    assert admin.delete(f"/api/tokens/{me['token_id']}").status_code == 200
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10)):
        assert reader.get(ME).status_code == 401
