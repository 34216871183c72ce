"""The API reference: the OpenAPI document, a page to try it on, and what each error means."""

from http import HTTPStatus
from importlib.resources import files

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    send_from_directory,
)
from werkzeug.wrappers import Response as BaseResponse

from customers_api.version import VERSION
from customers_api.web import openapi, problems, refusals, rows
from customers_api.web.application import Whole

EXTENSION = "customers-api-openapi"
# Swagger UI comes in a package of Python, so the page asks nothing of any other server.
SWAGGER_UI = str(files("flask_swagger_ui") / "dist")
STATIC = str(files("customers_api.web") / "static")
# What the pages name, and nothing else of what lies beside it.
ASSETS = {
    **dict.fromkeys(("reference.css", "reference.js"), STATIC),
    **dict.fromkeys(("favicon-32x32.png", "swagger-ui-bundle.js", "swagger-ui.css"), SWAGGER_UI),
}
# Swagger UI writes style attributes; its scripts are all files of ours.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
WEEK = 7 * 24 * 3600

pages = Blueprint("reference", __name__)


@pages.get("/")
def home() -> BaseResponse:
    """Lead whoever opens the address in a browser to the reference."""
    return redirect("/docs")


@pages.get("/openapi.json")
def document() -> Response:
    """The OpenAPI document."""
    made = current_app.extensions.get(EXTENSION)
    if made is None:
        made = current_app.extensions[EXTENSION] = rows.encode(openapi.document())
    return Whole(made)


@pages.get("/docs")
def page() -> Response:
    """The reference as a page on which calls can be tried."""
    return _html(render_template("docs.html", version=VERSION))


@pages.get("/docs/problems")
def catalogue() -> Response:
    """What each type of problem means."""
    return _html(render_template("problems.html", problems=_catalogue()))


@pages.get("/docs/assets/<path:name>")
def asset(name: str) -> Response:
    """A script or style of the reference."""
    if name not in ASSETS:
        abort(HTTPStatus.NOT_FOUND)
    response = send_from_directory(ASSETS[name], name, max_age=WEEK, conditional=False)
    # Whole or not at all: a Range would be one more thing that may be wrong.
    response.make_conditional(request)
    return response


def _catalogue() -> list[problems.Entry]:
    """What the application refuses, and what the server in front of it does, by status."""
    entries = {entry.code: entry for entry in problems.catalogue()}
    for refusal in refusals.REFUSALS.values():
        entry = problems.Entry(refusal.code, refusal.status, refusal.detail)
        entries.setdefault(refusal.code, entry)
    return sorted(entries.values(), key=lambda entry: (entry.status, entry.code))


def _html(text: str) -> Response:
    return Response(text, mimetype="text/html", headers={"Content-Security-Policy": POLICY})
