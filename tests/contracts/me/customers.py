"""Customers who sign in: made, signed in, and what their sessions and codes are."""

from dataclasses import dataclass
from typing import Any

import pyotp
from werkzeug.test import TestResponse

from tests.contracts.auth.sessions import refused
from tests.support.api import Api, service_token

PASSWORD = "correct horse battery staple"
LOGIN = "/api/auth/customers/login"
Json = dict[str, Any]


@dataclass(frozen=True)
class Session:
    """What a customer has who has signed in: two tokens, and the API called with the first."""

    api: Api
    access: str
    refresh: str

    def is_over(self) -> bool:
        """Whether neither token is good any more; one of two would be a fault."""
        calls = refused(self.api.get("/api/me"))
        assert calls == refused(refresh(self.api, self.refresh))
        return calls


def make_customer(api: Api, name: str = "ann", password: str | None = PASSWORD) -> Json:
    """A customer called `name`, as an editor sees them, with a password if one is given."""
    editor = api.with_token(service_token(api.app, "editor", "maker"))
    fields = {"first_name": name, "last_name": "Lee", "email": f"{name}@example.com"}
    answer = editor.post("/api/customers", fields)
    assert answer.status_code == 201, answer.get_data(as_text=True)
    customer = dict(answer.get_json())
    if password is not None:
        set_password(editor, customer["id"], password)
    return customer


def set_password(editor: Api, id: int | str, password: str) -> None:
    """Give a customer this password, as an operator does."""
    answer = editor.put(f"/api/customers/{id}/password", {"password": password})
    assert answer.status_code == 200, answer.get_data(as_text=True)


def try_login(api: Api, name: str = "ann", password: str = PASSWORD, **code: str) -> TestResponse:
    """The answer to an attempt to sign in."""
    body = {"email": f"{name}@example.com", "password": password, **code}
    return api.with_token(None).post(LOGIN, body)


def log_in(api: Api, name: str = "ann", password: str = PASSWORD, **code: str) -> Session:
    """A new session of a customer, who must be let in."""
    return begun(api, try_login(api, name, password, **code))


def customer_session(api: Api, name: str) -> Api:
    """The API as a customer of this name calls it, who is made for it."""
    name = name.replace("/", "-x")
    make_customer(api, f"own{name}")
    return log_in(api, f"own{name}").api


def begun(api: Api, answer: TestResponse) -> Session:
    """The session that signing in or refreshing has answered with."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    tokens: Json = answer.get_json()
    access = str(tokens["access_token"])
    return Session(api.with_token(access), access, str(tokens["refresh_token"]))


def refresh(api: Api, token: str) -> TestResponse:
    """The answer to a refresh by this token, in the body."""
    return api.with_token(None).post("/api/auth/customers/refresh", {"refresh_token": token})


def code_of(answer: TestResponse) -> str:
    """The code of a problem document."""
    return str(answer.get_json()["type"]).removeprefix("/docs/problems#")


@dataclass(frozen=True)
class Factor:
    """An authenticator that is set up, and the recovery codes that came with it."""

    secret: str
    recovery: tuple[str, ...]

    def code(self, at: float) -> str:
        """The authenticator's code at this moment."""
        return pyotp.TOTP(self.secret).at(int(at))


def turn_on(session: Session, at: float) -> Factor:
    """Turn the second factor on, at this moment."""
    enrolled = session.api.post("/api/me/totp", {"current_password": PASSWORD})
    assert enrolled.status_code == 200, enrolled.get_data(as_text=True)
    secret = str(enrolled.get_json()["secret"])
    code = pyotp.TOTP(secret).at(int(at))
    confirmed = session.api.post("/api/me/totp/confirm", {"code": code})
    assert confirmed.status_code == 200, confirmed.get_data(as_text=True)
    return Factor(secret, tuple(confirmed.get_json()["recovery_codes"]))
