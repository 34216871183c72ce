"""What is secret is written nowhere: not to the log, not to the events, not to answers kept."""

import base64
import hashlib
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import pyotp
import pytest
from sqlalchemy import text

from tests.attacks.served import Served, served
from tests.support.gunicorn import SECRET

# Whatever a client sends that is secret holds this, wherever in a request it stands.
MARK = "hush4711"
PASSWORD = f"{MARK} correct horse battery staple"
NEW_PASSWORD = f"{MARK} another horse, another battery"
WRONG = f"{MARK} wrong horse"
ANN = {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com"}
CUSTOMERS = "/api/auth/customers"
NAMES = ("token", "access_token", "refresh_token", "secret", "uri")
Headers = Mapping[str, str]


class Client:
    """Calls the server, and remembers each secret that it is told."""

    def __init__(self, server: Served) -> None:
        self.server = server
        self.told: list[str] = [MARK, SECRET]

    def __call__(
        self, method: str, path: str, body: Any = None, headers: Headers | None = None
    ) -> Any:
        """The answer, whatever it is."""
        _, answer = self.server.call(method, path, body, headers=headers or {})
        if isinstance(answer, dict):
            self.told += [str(answer[name]) for name in NAMES if answer.get(name)]
            self.told += answer.get("recovery_codes", [])
        return answer

    def bearer(self, token: str) -> Headers:
        """The header of a token."""
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def server(backend: str, request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Served]:
    with served(backend, request, tmp_path) as running:
        yield running


def operators_lives(call: Client, admin: Headers) -> None:
    """Everything an operator does with secrets, well and badly."""
    nadia = {"username": "nadia", "password": PASSWORD}
    id = call("POST", "/api/operators", nadia | {"role": "editor"}, admin)["id"]
    call("POST", "/api/operators", nadia | {"role": "editor"}, admin)
    call("POST", "/api/operators", {"username": "x", "password": MARK[:5], "role": MARK}, admin)
    session = call("POST", "/api/auth/login", nadia)
    call("POST", "/api/auth/login", nadia | {"password": WRONG})
    call("POST", "/api/auth/login", {"username": PASSWORD, "password": PASSWORD})
    call("POST", "/api/auth/login", nadia | {MARK: PASSWORD, "password": 7})
    call("POST", "/api/auth/login", f'{{"username": "nadia", "password": "{MARK}'.encode())
    call("POST", "/api/auth/login", f"password={MARK}".encode(), {"Content-Type": "text/plain"})
    renewed = call("POST", "/api/auth/refresh", {"refresh_token": session["refresh_token"]})
    call("POST", "/api/auth/refresh", {"refresh_token": session["refresh_token"]})
    call("POST", "/api/auth/refresh", {"refresh_token": MARK})
    call("POST", "/api/auth/refresh", None, call.bearer(renewed["refresh_token"]))
    call("PATCH", f"/api/operators/{id}", {"password": NEW_PASSWORD}, admin)
    token = {"name": "billing", "role": "reader"}
    call("POST", "/api/tokens", token, {**admin, "Idempotency-Key": "a"})
    made = call("POST", "/api/tokens", token, {**admin, "Idempotency-Key": "a"})
    call("GET", "/api/customers", None, call.bearer(made["token"]))
    for wrong in (f"Bearer {MARK}", f"Bearer {made['token']}{MARK}", f"Basic {MARK}", MARK):
        call("GET", f"/api/customers?token={MARK}", None, {"Authorization": wrong})
    call("GET", f"/nothing?access_token={MARK}", None, {"Cookie": f"session={MARK}"})


def customers_lives(call: Client, editor: Headers) -> None:
    """Everything a customer does with secrets, well and badly."""
    id = call("POST", "/api/customers", ANN, editor)["id"]
    call("PUT", f"/api/customers/{id}/password", {"password": PASSWORD}, editor)
    call("PUT", f"/api/customers/{id}/password", {"password": MARK[:4]}, editor)
    call("PUT", "/api/customers/999/password", {"password": PASSWORD}, editor)
    given = {"email": ANN["email"], "password": PASSWORD}
    session = call("POST", f"{CUSTOMERS}/login", given)
    call("POST", f"{CUSTOMERS}/login", given | {"password": WRONG})
    operation = "/api/capabilities/customer-management/authenticate_customer"
    call("POST", operation, given, editor)
    tool = {"name": "authenticate_customer", "arguments": given | {"password": WRONG}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": tool}
    call("POST", "/mcp", message, editor)
    session = call("POST", f"{CUSTOMERS}/refresh", {"refresh_token": session["refresh_token"]})
    own = call.bearer(session["access_token"])
    changes = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    call("PUT", "/api/me/password", changes | {"current_password": WRONG}, own)
    call("PUT", "/api/me/password", changes, own)
    call("PATCH", "/api/me", {"email": "a@example.com", "current_password": NEW_PASSWORD}, own)
    factor = call("POST", "/api/me/totp", {"current_password": NEW_PASSWORD}, own)
    call("POST", "/api/me/totp/confirm", {"code": MARK}, own)
    code = pyotp.TOTP(factor["secret"]).now()
    codes = call("POST", "/api/me/totp/confirm", {"code": code}, own)["recovery_codes"]
    given = {"email": "a@example.com", "password": NEW_PASSWORD}
    assert "access_token" in call("POST", f"{CUSTOMERS}/login", given | {"code": codes[0]})
    call("POST", f"{CUSTOMERS}/login", given | {"code": codes[0]})
    reset = call("POST", f"/api/customers/{id}/password-reset", None, editor)
    asked = {"email": "a@example.com"}
    reset = call("POST", f"{CUSTOMERS}/password-reset-requests", asked, editor)
    redeemed = {"token": reset["token"], "new_password": PASSWORD}
    call("POST", f"{CUSTOMERS}/password-reset", redeemed | {"token": MARK})
    call("POST", f"{CUSTOMERS}/password-reset", redeemed)
    call("POST", f"{CUSTOMERS}/password-reset", redeemed)


def rows(server: Served, statement: str) -> list[Any]:
    """What a statement finds in the database."""
    with server.app.app_context(), server.app.extensions["sqlalchemy"].engine.connect() as there:
        return [*there.execute(text(statement))]


def kept_hashes(server: Served) -> list[str]:
    """What is kept in place of secrets, which is none of a log's business either."""
    found = [
        *rows(server, "SELECT password_hash FROM operators"),
        *rows(server, "SELECT password_hash FROM customer_credentials"),
        *rows(server, "SELECT code_hash FROM customer_recovery_codes"),
        *rows(server, "SELECT refresh_jti FROM tokens"),
    ]
    return [value for row in found for value in row if value]


def forms(secret: str) -> Iterator[str]:
    """A secret, and what it may be disguised as."""
    yield secret
    yield json.dumps(secret)[1:-1]
    yield secret.replace(" ", "+")
    yield secret.replace(" ", "%20")
    yield base64.b64encode(secret.encode()).decode()
    yield hashlib.sha256(secret.encode()).hexdigest()


def found_in(written: str, secrets: list[str]) -> list[str]:
    """The secrets that were written, in whichever form."""
    return [secret for secret in secrets for form in forms(secret) if form in written]


def test_no_secret_is_written_whatever_becomes_of_the_call_that_brought_it(server: Served) -> None:
    call = Client(server)
    admin, editor = server.bearer("admin"), server.bearer("editor")
    call.told += [admin["Authorization"][7:], editor["Authorization"][7:]]
    operators_lives(call, admin)
    customers_lives(call, editor)
    secrets = [*dict.fromkeys([*call.told, *kept_hashes(server)])]
    assert len(secrets) > 30
    assert found_in(server.logged(), secrets) == []
    assert found_in(str(rows(server, "SELECT * FROM events")), secrets) == []
    kept = [
        zlib.decompress(row.body).decode() for row in rows(server, "SELECT * FROM kept_answers")
    ]
    assert kept
    assert found_in(str(kept), secrets) == []


# What a call needs at its end, when everything has been looked up; renamed, it ends in 500.
BROKEN = {
    "customer_credentials.password_hash": "password_hush",
    "customer_credentials.totp_secret": "totp_hush",
    "customer_credentials.reset_hash": "reset_hush",
    "operators.password_hash": "password_hush",
    "tokens.jti": "j",
}


def test_no_secret_is_written_when_a_call_that_brought_it_fails(server: Served) -> None:
    call, editor, admin = Client(server), server.bearer("editor"), server.bearer("admin")
    id = call("POST", "/api/customers", ANN, editor)["id"]
    call("PUT", f"/api/customers/{id}/password", {"password": PASSWORD}, editor)
    given = {"email": ANN["email"], "password": PASSWORD}
    own = call.bearer(call("POST", f"{CUSTOMERS}/login", given)["access_token"])
    calls = (
        ("PUT", f"/api/customers/{id}/password", {"password": NEW_PASSWORD}, editor),
        ("POST", f"/api/customers/{id}/password-reset", None, editor),
        ("POST", f"{CUSTOMERS}/login", given, {}),
        ("POST", "/api/me/totp", {"current_password": PASSWORD}, own),
        ("POST", f"{CUSTOMERS}/password-reset", {"token": MARK, "new_password": PASSWORD}, {}),
        ("POST", "/api/auth/login", {"username": "nadia", "password": PASSWORD}, {}),
        ("POST", "/api/operators", {"username": "b", "password": PASSWORD, "role": "admin"}, admin),
        ("POST", "/api/tokens", {"name": "billing", "role": "reader"}, admin),
    )
    hashes = kept_hashes(server)
    failed = 0
    for place, renamed in BROKEN.items():
        table, column = place.split(".")
        rows_of_none(server, f"ALTER TABLE {table} RENAME COLUMN {column} TO {renamed}")
        for method, path, body, headers in calls:
            failed += call(method, path, body, headers).get("status") in (500, 503)
        rows_of_none(server, f"ALTER TABLE {table} RENAME COLUMN {renamed} TO {column}")
    assert failed >= 10
    written = server.logged()
    assert written.count("Traceback") >= 1 or '"exc' in written
    assert found_in(written, [*call.told, *hashes]) == []
    assert "$argon2id$" not in written


def rows_of_none(server: Served, statement: str) -> None:
    """Change the database behind the server's back."""
    with server.app.app_context(), server.app.extensions["sqlalchemy"].engine.connect() as there:
        there.execute(text(statement))
