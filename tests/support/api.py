"""A client that reads like a call: every answer it gets is held against the reference."""

from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from customers_api.core import database
from customers_api.core.tokens import service as tokens
from tests.support.conformance import Conformance


class Api:
    """Calls `app` with the bearer token `token`, or with none."""

    def __init__(self, app: Flask, promises: Conformance, token: str | None) -> None:
        self.app = app
        self.promises = promises
        self.token = token
        self._client = app.test_client()

    def __call__(self, method: str, path: str, **options: Any) -> TestResponse:
        """The answer to one call; `json=`, `data=`, `headers=` as in Flask's test client."""
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        with self._client.open(path, method=method, headers=headers, **options) as response:
            response.get_data()
            self.promises.check(method, path, response)
            return response

    def get(self, path: str, **options: Any) -> TestResponse:
        """GET."""
        return self("GET", path, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        """POST."""
        return self("POST", path, json=json, **options)

    def patch(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        """PATCH."""
        return self("PATCH", path, json=json, **options)

    def put(self, path: str, json: Any = None, **options: Any) -> TestResponse:
        """PUT."""
        return self("PUT", path, json=json, **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        """DELETE."""
        return self("DELETE", path, **options)

    def with_token(self, token: str | None) -> "Api":
        """The same API, called with another token."""
        return Api(self.app, self.promises, token)


def service_token(app: Flask, role: str, name: str = "tests") -> str:
    """A service token of this role, made as an operator would make it."""
    with app.app_context():
        return database.in_unit_of_work(
            lambda: tokens.service_jwt(tokens.create({"name": name, "role": role}))
        )


def problems(response: TestResponse) -> Mapping[str, str]:
    """The messages of a problem document's errors, by pointer or parameter."""
    return {
        each.get("pointer", each.get("parameter", "")): each["message"]
        for each in response.get_json()["errors"]
    }
