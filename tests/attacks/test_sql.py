"""SQL in every text, every parameter and every header: it is stored, sought or refused, never run.

What is tried comes from the OpenAPI document, so a new field or parameter is tried as well.
"""

import re
import time
from collections.abc import Iterator
from copy import deepcopy
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import inspect
from werkzeug.test import TestResponse

from customers_api.extensions import db
from tests.attacks.test_mass_assignment import body_of
from tests.attacks.test_roles import dump
from tests.contracts.me import customers
from tests.house.test_routes import filled, operations
from tests.support.api import Api, problems

Json = dict[str, Any]
SLOW_SECONDS = 3.0
# Each takes ten seconds or half a gigabyte where it is run, on one database or the other.
RUN = (
    "' OR 1=1; DROP TABLE customers; SELECT pg_sleep(10) --",
    "\\'||(SELECT hex(randomblob(500000000)))||pg_sleep(10)||'",
)
# What a parser of SQL, of LIKE, of a full-text index or of a driver's placeholders might read.
TEXTS = (
    "'",
    '"',
    "''",
    "`",
    "\\",
    "\\'",
    "' OR '1'='1",
    "') OR ('1'='1",
    "'; DELETE FROM tokens; --",
    "Robert'); DROP TABLE customers;--",
    "' UNION SELECT password_hash FROM operators --",
    "1 /* */ OR /**/ 1",
    "# x",
    "-- x",
    "%",
    "_",
    "%_%",
    "\\%",
    "100%",
    "a_b",
    "[a-z]*",
    "^x",
    "$$; SELECT pg_sleep(10); $$",
    "$1",
    "$tag$x$tag$",
    ":name",
    ":first_name",
    "%s",
    "%(name)s",
    "{0}",
    "{{7*7}}",
    "?",
    "?1",
    "E'\\x27'",
    "U&'\\0027'",
    "0x27",
    "\u02bc OR 1=1",
    "\u2019; DROP TABLE customers",
    "\uff07 OR 1=1 --",
    "\u00bf'",
    "x* OR y",
    "NEAR(x y)",
    "notes:x",
    "-x",
    "NULL",
    "customers.id",
    "COPY customers TO PROGRAM 'id'",
    "ATTACH DATABASE 'x' AS y",
)
SORTS = (
    "id; DROP TABLE customers",
    "id DESC",
    "-id",
    "id,email",
    "id--",
    "(CASE WHEN 1=1 THEN id ELSE email END)",
    "(SELECT password_hash FROM operators)",
    "password_hash",
    "email_key",
    "customers.id",
    '"id"',
    "1",
    "pg_sleep(10)",
    "randomblob(500000000)",
    "ID",
    "id\0",
    "\uff49d",
    "",
    "__class__",
)


@pytest.fixture
def own(admin: Api, john: Json) -> Api:
    """The API as a customer calls it; there is a customer 1 as well, and a group 1."""
    admin.post("/api/groups", {"name": "Retail"})
    return customers.customer_session(admin, "cleo")


@pytest.fixture
def named(editor: Api) -> list[Json]:
    """A customer for each of the texts, who has it everywhere where it is free to be."""
    new = [
        {
            "first_name": text,
            "last_name": text,
            "email": f"{place}@example.com",
            "company_name": text,
            "city": text,
            "tags": f"all,{text}",
        }
        for place, text in enumerate(TEXTS)
    ]
    answer = editor.post("/api/customers?size=list", {"customers": new})
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return list(answer.get_json()["customers"])


def timed(api: Api, method: str, path: str, **options: Any) -> TestResponse:
    """The answer, which must come soon."""
    began = time.monotonic()
    answer = api(method, path, **options)
    assert time.monotonic() - began < SLOW_SECONDS, f"{method} {path} {options}"
    assert answer.status_code < 500, f"{method} {path} {options}"
    return answer


def tables(app: Flask) -> set[str]:
    """The names of the tables there are."""
    with app.app_context():
        return {*inspect(db.engine).get_table_names()}


def attempts(operation: Json, path: str, text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The paths and headers of a call, with the text in each of its parameters in turn."""
    for each in operation.get("parameters", ()):
        if each["in"] == "path":
            marked = path.replace(f"{{{each['name']}}}", quote(text, safe=""))
            yield filled(marked), {}
        elif each["in"] == "query":
            yield f"{filled(path)}?{each['name']}={quote(text)}", {}
        else:
            yield filled(path), {each["name"]: f'"{text}"'}


def with_text(document: Json, schema: Json, example: Json, text: str) -> Iterator[tuple[str, Json]]:
    """The example with the text in each field in turn, and the field's place."""
    schemas = document["components"]["schemas"]
    for name, field in schema["properties"].items():
        inner = field.get("items", field).get("$ref", "").rpartition("/")[2]
        changed = deepcopy(example)
        if inner:
            nested = changed[name][0] if "items" in field else changed[name]
            for below in schemas[inner]["properties"]:
                yield f"{name}/{below}", _put(changed, nested, below, text)
        yield name, changed | {name: text}


def _put(whole: Json, nested: Json, name: str, text: str) -> Json:
    before = deepcopy(nested)
    nested[name] = text
    made = deepcopy(whole)
    nested.clear()
    nested.update(before)
    return made


@pytest.mark.parametrize("text", RUN, ids=["stacked", "joined"])
def test_no_parameter_path_or_header_is_run(
    app: Flask, admin: Api, own: Api, reference: Json, text: str
) -> None:
    known, before = tables(app), dump(app)
    for method, path, operation in operations(reference):
        api = own if operation.get("x-role") == "customer" else admin
        for address, headers in attempts(operation, path, text):
            if method == "GET" or not headers:
                timed(api, method, address, headers=headers)
    assert tables(app) == known
    assert dump(app) == before


def test_no_text_of_a_body_is_run(app: Flask, admin: Api, own: Api, reference: Json) -> None:
    known, text = tables(app), " ".join(RUN)
    tokens = dump(app)["tokens"]
    for method, path, operation in operations(reference):
        api = own if operation.get("x-role") == "customer" else admin
        for query, example, schema in body_of(reference, operation):
            for name, body in with_text(reference, schema, example, text):
                address = filled(path) + query
                answer = timed(api, method, address, json=body)
                stored = answer.get_json()
                if method != "GET" and answer.status_code < 300 and name in stored:
                    assert stored[name] in (text, {}), f"{method} {path} {name}"
    assert tables(app) == known
    # Whoever guesses at the log-in has added nothing, and nobody's token is gone.
    assert dump(app)["tokens"][: len(tokens)] == tokens


def test_a_key_of_a_repeated_request_is_text(editor: Api, john: Json) -> None:
    for text in TEXTS:
        if text.isascii():
            escaped = text.replace("\\", "\\\\").replace('"', '\\"')
            headers = {"Idempotency-Key": f'"{escaped}"'}
            changed = [
                timed(editor, "PATCH", "/api/customers/1", json={"city": text}, headers=headers)
                for _ in range(2)
            ]
            assert [answer.status_code for answer in changed] == [200, 200]
            assert changed[1].headers["Idempotent-Replayed"] == "true"


def test_every_text_is_stored_as_it_was_sent(editor: Api, named: list[Json]) -> None:
    for text, customer in zip(TEXTS, named, strict=True):
        shown = timed(editor, "GET", f"/api/customers/{customer['id']}").get_json()
        for name in ("first_name", "last_name", "company_name", "city"):
            assert shown[name] == text
        assert shown["tags"] == f"all,{text}"


def test_every_text_is_changed_to_as_it_was_sent(editor: Api, john: Json) -> None:
    editor.post("/api/groups", {"name": "Retail"})
    for method, path, field in (
        ("PATCH", "/api/customers/{id}", "notes"),
        ("PUT", "/loyalty/customers/{uuid}", "address"),
        ("PATCH", "/api/groups/1", "name"),
    ):
        for text in TEXTS:
            answer = timed(editor, method, path.format(**john), json={field: text})
            assert answer.status_code == 200
            assert answer.get_json()[field] == text


def test_every_text_is_found_literally(reader: Api, named: list[Json]) -> None:
    for text in TEXTS:
        those = {each["id"] for each in named if text.lower() in each["company_name"].lower()}
        found = timed(
            reader, "POST", "/api/customers/search", json={"company_name": text, "limit": 99}
        )
        assert {each["id"] for each in found.get_json()["customers"]} == those, text
        both = {"query": text, "city": text, "tags": "all", "limit": 99}
        found = timed(reader, "POST", "/api/v1/customers/search", json=both)
        assert {each["id"] for each in found.get_json()["customers"]} == those, text


def test_every_text_is_a_place_and_a_tag_like_any_other(reader: Api, named: list[Json]) -> None:
    for text, customer in zip(TEXTS, named, strict=True):
        for path in (
            f"/api/customers/tags/{quote(text, safe='')}",
            f"/api/customers/tags/all,{quote(text, safe='')}?match=all",
        ):
            found = timed(reader, "GET", path).get_json()
            assert [each["id"] for each in found] == [customer["id"]], text
        located = timed(reader, "GET", f"/api/customers/location/search?city={quote(text)}")
        assert customer["id"] in {each["id"] for each in located.get_json()}
        for kind in ("username", "email"):
            answer = timed(reader, "GET", f"/api/customers/{kind}/{quote(text, safe='')}")
            assert answer.status_code == 404


def test_a_sort_is_one_of_those_there_are_or_refused_with_their_names(
    reader: Api, editor: Api, john: Json
) -> None:
    editor.post("/api/groups", {"name": "Retail"})
    for sort in SORTS:
        for name, allowed in (("sort", "id, first_name, last_name"), ("order", "asc, desc")):
            answer = timed(reader, "GET", f"/api/customers/group/1?{name}={quote(sort)}")
            assert answer.status_code == 400, sort
            assert allowed in problems(answer)[name]
        for name, allowed in (("sort_by", "id, first_name"), ("sort_order", "asc, desc")):
            answer = timed(reader, "POST", "/api/customers/search", json={name: sort})
            assert answer.status_code == 400, sort
            assert allowed in problems(answer)[f"/{name}"]


def test_no_error_shows_sql(admin: Api, own: Api, reference: Json) -> None:
    words = re.compile(r"\bSELECT\b|\bINSERT INTO\b|sqlite3|psycopg|sqlalchemy|Traceback|\.py\b")
    for method, path, operation in operations(reference):
        api = own if operation.get("x-role") == "customer" else admin
        for address, headers in attempts(operation, path, "'"):
            answer = api(method, address, headers=headers, data="'", content_type="text/plain")
            if answer.status_code >= 400:
                assert not words.search(answer.get_data(as_text=True)), f"{method} {address}"
