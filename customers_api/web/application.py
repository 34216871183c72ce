"""The Flask application, without what no request of an API without browsers' sessions needs."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Request, Response, request_tearing_down
from flask.sessions import NullSession, SessionInterface, SessionMixin
from werkzeug.datastructures import Headers
from werkzeug.routing import MapAdapter
from werkzeug.sansio.utils import get_content_length

from customers_api.web.matching import Adapter, Matcher

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JSON: Final = ("Content-Type", "application/json")
TRANSFER_ENCODING: Final = "HTTP_TRANSFER_ENCODING"
# More than any length has.
MOST_DIGITS: Final = 18


class NoSessions(SessionInterface):
    """Who calls is told by a token in each request; nothing is kept in a cookie."""

    # It complains to whoever puts something into it.
    _none: Final = NullSession()

    def open_session(self, app: Flask, request: Request) -> SessionMixin:
        """No session, for all the same."""
        return self._none


class Asked(Request):
    """A request that brings JSON or nothing, so that there are no files of a form to close."""

    @property
    def content_length(self) -> int | None:
        """The bytes of the body, None where it comes in chunks or not at all; 0 for nonsense."""
        environ = self.environ
        text = environ.get("CONTENT_LENGTH")
        if text is None:
            return None
        if text.isdecimal() and len(text) < MOST_DIGITS and TRANSFER_ENCODING not in environ:
            return int(text)
        return get_content_length(text, environ.get(TRANSFER_ENCODING))

    def close(self) -> None:
        """Nothing."""


class Whole(Response):
    """JSON in one piece, whose headers need no second look.

    werkzeug goes through all of them to complete an address, and to leave out what has no body; and
    looks into the status and the media type of each answer, which takes as long as to write it.
    """

    def __init__(self, content: bytes, status: int = 200) -> None:
        """What werkzeug makes of these, put in place."""
        self.headers = Headers()
        self.headers._list += JSON, ("Content-Length", str(len(content)))
        self._status, self._status_code = _line(status), status
        self.response: list[bytes] = [content]
        self.direct_passthrough = False
        self._on_close = []

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Send it."""
        if self._on_close:
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" else self.response


@cache
def _line(status: int) -> str:
    """The status with its words."""
    return Response(status=status).status


class Application(Flask):
    """A Flask application whose views, and what runs around each, are its own plain functions.

    No blueprint has functions of its own that run before or after, nor has a single request.
    """

    session_interface = NoSessions()
    request_class = Asked

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Flask's."""
        super().__init__(*args, **kwargs)
        self._matcher = Matcher()

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What matches the path; no host is asked for, as no address of ours holds one."""
        if request is None:
            return None
        environ = request.environ
        path = environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace")
        root = request.root_path or "/"
        scheme = environ["wsgi.url_scheme"]
        return Adapter(self._matcher, self.url_map, "", root, "", scheme, path, request.method)

    def preprocess_request(self) -> Any:
        """What the first of the functions that run before returns, if one does."""
        for before in self.before_request_funcs.get(None, ()):
            returned = before()
            if returned is not None:
                return returned
        return None

    def process_response(self, response: Response) -> Response:
        """The answer as the functions that run after leave it."""
        for after in reversed(self.after_request_funcs.get(None, ())):
            response = after(response)
        return response

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """Have the functions run that follow an answer, and tell those who listen."""
        for after in reversed(self.teardown_request_funcs.get(None, ())):
            after(exc)
        if request_tearing_down.receivers:
            request_tearing_down.send(self, exc=exc)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is; asking each time whether it is a coroutine takes a while."""
        return func
