"""Operators who log in, and how a refused token or password is told from any other answer."""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from customers_api.core import database
from customers_api.core.operators import service as operators
from tests.support.api import Api

PASSWORD = "correct horse battery staple"


@dataclass(frozen=True)
class Session:
    """What an operator has who has logged in: two tokens, and the API called with the first."""

    api: Api
    access: str
    refresh: str

    def is_over(self) -> bool:
        """Whether neither token is good any more; one of two would be a fault."""
        calls = refused(self.api.get("/api/auth/me"))
        assert calls == refused(refresh(self.api, self.refresh))
        return calls


def make_operator(app: Flask, username: str = "nadia", role: str = "editor") -> int:
    """An operator with PASSWORD; returns the id."""
    fields = {"username": username, "password": PASSWORD, "role": role}
    with app.app_context():
        return database.in_unit_of_work(lambda: operators.create(fields).id)


def log_in(api: Api, username: str = "nadia", password: str = PASSWORD) -> Session:
    """A new session of an operator, who must be let in."""
    answer = api.with_token(None).post(
        "/api/auth/login", {"username": username, "password": password}
    )
    return begun(api, answer)


def begun(api: Api, answer: TestResponse) -> Session:
    """The session that a log-in or a refresh has answered with."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    tokens: dict[str, Any] = answer.get_json()
    access = str(tokens["access_token"])
    return Session(api.with_token(access), access, str(tokens["refresh_token"]))


def refresh(api: Api, token: str) -> TestResponse:
    """The answer to a refresh by this token, in the body."""
    return api.with_token(None).post("/api/auth/refresh", {"refresh_token": token})


def refusal(answer: TestResponse) -> str:
    """The code of a 401, which must be a problem document that asks for a bearer token."""
    assert answer.status_code == 401, answer.get_data(as_text=True)
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.mimetype == "application/problem+json"
    problem = answer.get_json()
    assert problem["status"] == 401
    return str(problem["type"]).removeprefix("/docs/problems#")


def refused(answer: TestResponse) -> bool:
    """Whether the answer is such a 401, or else a success."""
    if answer.status_code == 401:
        refusal(answer)
        return True
    assert answer.status_code < 400, answer.get_data(as_text=True)
    return False
