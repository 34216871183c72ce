"""The reference: the OpenAPI document, the page to try it on, and the catalogue of problems."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import OpenAPIV31SpecValidator

from customers_api.version import VERSION
from customers_api.web import openapi, refusals
from tests.conftest import make_app

PAGES = ("/docs", "/docs/problems")


class Page(HTMLParser):
    """What an HTML page refers to, what its scripts hold, and which anchors it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.anchors: list[str] = []
        self.attributes: set[str] = set()
        self.inline = ""
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("src", "href", "srcset", "data", "action"):
                self.addresses.append(str(value))
            if name == "id":
                self.anchors.append(str(value))

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style"):
            self.inline += data.strip()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """Calls a server whose database was never made: the reference needs none."""
    return make_app(f"sqlite:///{tmp_path_factory.mktemp('none')}/none.db").test_client()


def read(client: FlaskClient, path: str) -> Page:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/html")
    return Page(answer.get_data(as_text=True))


def every(document: Any, name: str) -> set[str]:
    """Every text that stands under this name anywhere in the document."""
    if isinstance(document, dict):
        here = {document[name]} if isinstance(document.get(name), str) else set()
        return here.union(*(every(value, name) for value in document.values()))
    if isinstance(document, list):
        return set().union(*(every(value, name) for value in document))
    return set()


def directives(policy: str) -> dict[str, set[str]]:
    split = (directive.split() for directive in policy.split(";"))
    return {name: set(sources) for name, *sources in split}


def test_the_document_is_valid_openapi_3_1(reference: dict[str, Any]) -> None:
    assert reference["openapi"].startswith("3.1.")
    assert reference["info"]["version"] == VERSION
    OpenAPIV31SpecValidator(reference).validate()


def test_the_document_has_one_scheme_a_bearer_token(reference: dict[str, Any]) -> None:
    schemes = reference["components"]["securitySchemes"]
    assert [(each["type"], each["scheme"]) for each in schemes.values()] == [("http", "bearer")]


def test_the_document_is_json_for_everybody(client: FlaskClient) -> None:
    answer = client.get("/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert client.get("/openapi.json").data == answer.data


def test_the_root_leads_to_the_reference(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/docs")
    assert client.get("/docs/").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_a_page_refers_only_to_this_server(client: FlaskClient, path: str) -> None:
    page = read(client, path)
    assert page.addresses
    assert all(re.match(r"/(?!/)", address) for address in page.addresses)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_no_script_or_style_of_its_own(client: FlaskClient, path: str) -> None:
    page = read(client, path)
    assert page.inline == ""
    assert not any(name == "style" or name.startswith("on") for name in page.attributes)


@pytest.mark.parametrize("path", PAGES)
def test_a_pages_policy_lets_no_inline_or_foreign_script_run(
    client: FlaskClient, path: str
) -> None:
    policy = directives(client.get(path).headers["Content-Security-Policy"])
    assert policy["default-src"] == {"'none'"}
    assert policy["script-src"] == {"'self'"}
    for name in ("base-uri", "form-action", "frame-ancestors"):
        assert policy[name] == {"'none'"}
    sources = set().union(*policy.values())
    assert sources <= {"'none'", "'self'", "'unsafe-inline'", "data:"}


@pytest.mark.parametrize("path", PAGES)
def test_everything_a_page_names_is_served(client: FlaskClient, path: str) -> None:
    kinds = {"css": "text/css", "js": "text/javascript", "png": "image/png"}
    for address in read(client, path).addresses:
        with client.get(address) as answer:
            assert answer.status_code == 200, address
            assert len(answer.data) > 0
            ending = address.rpartition(".")[2]
            assert answer.mimetype == kinds.get(ending, answer.mimetype)


def test_no_asset_loads_anything_from_elsewhere(client: FlaskClient) -> None:
    for address in read(client, "/docs").addresses:
        if address.endswith(".css"):
            with client.get(address) as answer:
                urls = re.findall(r"url\(([^)]{0,20})|@import", answer.get_data(as_text=True))
            assert all(url.strip("\"'").startswith(("data:", "#")) for url in urls)


@pytest.mark.parametrize(
    "name", ["../docs.html", "..%2f__init__.py", "%2fetc%2fpasswd", "nothing.js", "."]
)
def test_only_assets_are_served_as_assets(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/docs/assets/{name}")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_the_catalogue_explains_every_type_in_the_document(
    client: FlaskClient, reference: dict[str, Any]
) -> None:
    types = {each for each in every(reference["paths"], "type") if each.startswith("/")}
    assert "/docs/problems#token-missing" in types
    anchors = read(client, "/docs/problems").anchors
    assert types <= {f"/docs/problems#{anchor}" for anchor in anchors}
    assert len(anchors) == len(set(anchors))


def test_the_catalogue_explains_what_needs_no_operation(client: FlaskClient) -> None:
    anchors = read(client, "/docs/problems").anchors
    for answer in (client.get("/nowhere"), client.put("/health")):
        code = answer.get_json()["type"].removeprefix("/docs/problems#")
        assert code in anchors


def test_the_catalogue_explains_what_gunicorn_itself_refuses(client: FlaskClient) -> None:
    codes = {refusal.code for refusal in refusals.REFUSALS.values()}
    assert codes <= set(read(client, "/docs/problems").anchors)


def lists_in(shape: Any, schemas: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every list in a schema and in those it refers to."""
    if isinstance(shape, list):
        for each in shape:
            yield from lists_in(each, schemas)
    if isinstance(shape, dict):
        if shape.get("type") == "array":
            yield shape
        if "$ref" in shape:
            yield from lists_in(schemas[shape["$ref"].rpartition("/")[2]], schemas)
        yield from lists_in([*shape.values()], schemas)


def test_every_list_that_is_sent_tells_how_long_it_may_be(reference: dict[str, Any]) -> None:
    bodies = [
        operation["requestBody"]["content"]["application/json"]["schema"]
        for methods in reference["paths"].values()
        for operation in methods.values()
        if "requestBody" in operation
    ]
    sent = [*lists_in(bodies, reference["components"]["schemas"])]
    # A choice of a few words drops what is repeated, and is limited by the body's size alone.
    limited = [each for each in sent if "enum" not in each["items"]]
    assert len(limited) < len(sent)
    assert {each.get("maxItems") for each in limited} == {10_000}


def test_the_document_tells_what_the_server_itself_refuses(reference: dict[str, Any]) -> None:
    told = reference["components"]["responses"]
    by_status = {}
    for code, response in told.items():
        [(media_type, content)] = response["content"].items()
        example = content["examples"][code]["value"]
        assert media_type == "application/problem+json"
        assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
        assert response["headers"]["X-Request-ID"] == {"$ref": "#/components/headers/X-Request-ID"}
        assert (
            f"- {example['status']} `{code}`: {example['detail']}\n"
            in (reference["info"]["description"])
        )
        by_status[example["status"]] = code
    assert by_status == {
        408: "too-slow",
        414: "request-line-too-long",
        417: "expectation-failed",
        431: "headers-too-large",
        501: "unsupported-transfer-coding",
        505: "version-not-supported",
    }


def test_what_only_the_server_refuses_is_told_of_no_operation(reference: dict[str, Any]) -> None:
    of_operations = {
        int(status)
        for methods in reference["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
    }
    of_the_server = {refusal.status for refusal in refusals.REFUSALS.values()}
    # 403 is of a protocol that is not switched on.
    assert of_the_server - of_operations - {403} == openapi.OF_THE_SERVER


def test_the_document_tells_of_the_headers_that_every_answer_of_a_status_has(
    reference: dict[str, Any],
) -> None:
    told = reference["components"]["headers"]
    assert told.keys() >= {"X-Request-ID", "WWW-Authenticate", "Retry-After"}
    always = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}
    for path, methods in reference["paths"].items():
        for method, operation in methods.items():
            given = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
            assert "X-Request-ID" in given, f"{method} {path}"
            for status, answer in operation["responses"].items():
                wanted = {"X-Request-ID", always.get(status, "X-Request-ID")}
                assert answer["headers"].keys() >= wanted, f"{method} {path} {status}"


@pytest.mark.parametrize("given", ["bytes=0-4", "bytes=99999999-", "bytes=5-2", "lines=1", "x"])
def test_an_asset_is_sent_whole_whatever_part_is_asked_for(client: FlaskClient, given: str) -> None:
    path = "/docs/assets/reference.css"
    with client.get(path) as whole, client.get(path, headers={"Range": given}) as answer:
        assert (answer.status_code, answer.data) == (200, whole.data)
    with client.get(path, headers={"If-None-Match": answer.headers["ETag"]}) as again:
        assert again.status_code == 304


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/docs/problems", "/"])
def test_a_query_changes_nothing_of_a_page(client: FlaskClient, path: str) -> None:
    plain, asked = client.get(path), client.get(f"{path}?unknown=1")
    assert (asked.status_code, asked.data) == (plain.status_code, plain.data)
