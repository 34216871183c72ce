"""The headers that every answer carries, after OWASP's REST security cheat sheet."""

from typing import Final

from flask import Flask, Response

from customers_api.web import at_hand
from customers_api.web.addresses import Proxies

# Nothing of an answer may run, load, be framed or be read by another site's page as a resource.
ALWAYS: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
POLICY: Final = ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
UNSTORED: Final = ("Cache-Control", "no-store")
YEAR: Final = ("Strict-Transport-Security", "max-age=31536000")


def init_app(app: Flask, proxies: Proxies) -> None:
    """Put them, and the request's id, on every answer of this application."""

    def finish(response: Response) -> Response:
        # Appended to the list itself: checking each name and value anew takes ten times as long.
        headers = response.headers._list
        names = [name for name, _ in headers]
        headers.extend(ALWAYS)
        headers.append(("X-Request-ID", at_hand.kept().request_id))
        if POLICY[0] not in names:
            headers.append(POLICY)
        if UNSTORED[0] not in names:
            headers.append(UNSTORED)
        if proxies.is_secure(at_hand.request().environ):
            headers.append(YEAR)
        return response

    app.after_request(finish)
