"""The Flask application, without what no request of an API without browsers' sessions needs."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.sessions import SessionInterface, SessionMixin
from werkzeug.exceptions import NotFound
from werkzeug.routing import MapAdapter


class NoSessions(SessionInterface):
    """Who calls is told by a token in each request; nothing is kept in a cookie."""

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """No session: one that complains is put in its place."""
        return None


class ExactAdapter(MapAdapter):
    """Matches a path as it is: werkzeug takes several slashes at its beginning for one."""

    def match(self, *args: Any, **kwargs: Any) -> Any:
        """The rule and its arguments; raises NotFound."""
        if self.path_info.startswith("//"):
            raise NotFound
        return super().match(*args, **kwargs)


class Application(Flask):
    """A Flask application whose views are all plain functions."""

    session_interface = NoSessions()

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What matches the path; no host is asked for, as no address of ours holds one."""
        if request is None:
            return None
        environ = request.environ
        path = environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace")
        root = request.root_path or "/"
        scheme = environ["wsgi.url_scheme"]
        return ExactAdapter(self.url_map, "", root, "", scheme, path, request.method)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is; asking each time whether it is a coroutine takes a while."""
        return func
