"""The Flask application, without what no request of an API without browsers' sessions needs."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.sessions import SessionInterface, SessionMixin


class NoSessions(SessionInterface):
    """Who calls is told by a token in each request; nothing is kept in a cookie."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """No session: one that complains is put in its place."""
        return None


class Application(Flask):
    """A Flask application whose views are all plain functions."""

    session_interface = NoSessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is; asking each time whether it is a coroutine takes a while."""
        return func
