"""No framework: a WSGI callable, psycopg, msgspec for what comes in and orjson for what goes out.

Nobody would keep an API so, but it is what Python has left to give: the others are held against it.
"""

import hmac
import re
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any
from urllib.parse import parse_qs

import msgspec
import orjson
import psycopg
from psycopg.rows import dict_row

from benchmarks.peers.columns import (
    DATABASE_URL,
    MOST_IN_A_LIST,
    REQUIRED,
    SEARCHED,
    SECRET,
    TEXTS,
    WRITABLE,
    pattern,
)
from benchmarks.peers.statements import Statements

Environ = Mapping[str, Any]
Answer = tuple[str, Any]
OK, CREATED, NOT_FOUND = "200 OK", "201 Created", "404 Not Found"
EMAIL = r"^[^@\s]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
SQL = Statements(lambda place: "%s")
KEY = SECRET.encode()
kept = threading.local()


def _kind(name: str) -> Any:
    if name == "email":
        return Annotated[str, msgspec.Meta(max_length=TEXTS[name], pattern=EMAIL)]
    if name in REQUIRED:
        return Annotated[str, msgspec.Meta(min_length=1, max_length=TEXTS[name])]
    if name in TEXTS:
        return Annotated[str, msgspec.Meta(max_length=TEXTS[name])] | None
    return {"date_of_birth": date, "group_id": int}[name] | None


NewCustomer = msgspec.defstruct(
    "NewCustomer",
    [(name, _kind(name)) if name in REQUIRED else (name, _kind(name), None) for name in WRITABLE],
    forbid_unknown_fields=True,
    kw_only=True,
)
Changes = msgspec.defstruct(
    "Changes",
    [(name, _kind(name) | msgspec.UnsetType, msgspec.UNSET) for name in WRITABLE],
    forbid_unknown_fields=True,
)
Several = Annotated[list[NewCustomer], msgspec.Meta(min_length=1, max_length=MOST_IN_A_LIST)]
NewCustomers = msgspec.defstruct(
    "NewCustomers", [("customers", Several)], forbid_unknown_fields=True
)
new_customer, new_customers, changes_of = (
    msgspec.json.Decoder(kind) for kind in (NewCustomer, NewCustomers, Changes)
)


def rows(statement: str, parameters: Sequence[Any]) -> list[dict[str, Any]]:
    """What a statement returns, on this thread's own connection."""
    cursor = getattr(kept, "cursor", None)
    if cursor is None:
        connection = psycopg.connect(
            DATABASE_URL, autocommit=True, prepare_threshold=0, row_factory=dict_row
        )
        cursor = kept.cursor = connection.cursor()
    return cursor.execute(statement, parameters).fetchall()


def is_good(authorization: str) -> bool:
    """Whether this is a bearer's token that we signed and that has not expired."""
    try:
        scheme, token = authorization.split(" ")
        signed, signature = token.rsplit(".", 1)
        header, claims = (orjson.loads(_decoded(part)) for part in signed.split("."))
        ours = hmac.digest(KEY, signed.encode(), "sha256")
        return (
            scheme == "Bearer"
            and header["alg"] == "HS256"
            and hmac.compare_digest(ours, _decoded(signature))
            and claims["exp"] > time.time()
        )
    except (ValueError, KeyError):
        return False


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _body(environ: Environ) -> bytes:
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def _one(found: list[dict[str, Any]]) -> Answer:
    return (OK, found[0]) if found else (NOT_FOUND, {"detail": "Customer not found"})


def get(environ: Environ, id: str) -> Answer:
    """One customer."""
    return _one(rows(SQL.get, [int(id)]))


def in_group(environ: Environ, id: str) -> Answer:
    """The customers of a group, by last name."""
    return OK, rows(SQL.group, [int(id)])


def search(environ: Environ) -> Answer:
    """A page of those who have this in their names, email or company, and how many do."""
    query = parse_qs(environ["QUERY_STRING"])["query"][0]
    page = rows(SQL.search, [pattern(query)] * len(SEARCHED))
    total = [row.pop("total") for row in page]
    return OK, {"total": total[0] if total else 0, "customers": page}


def create(environ: Environ) -> Answer:
    """Create one."""
    new = new_customer.decode(_body(environ))
    return CREATED, rows(SQL.create, [getattr(new, name) for name in WRITABLE])[0]


def create_many(environ: Environ) -> Answer:
    """Create several, or none."""
    new = new_customers.decode(_body(environ)).customers
    columns = [[getattr(each, name) for each in new] for name in WRITABLE]
    return CREATED, {"customers": rows(SQL.create_many, columns)}


def change(environ: Environ, id: str) -> Answer:
    """Change some fields."""
    given = changes_of.decode(_body(environ))
    changes = {name: getattr(given, name) for name in WRITABLE}
    changes = {name: value for name, value in changes.items() if value is not msgspec.UNSET}
    return _one(rows(SQL.change([*changes]), [*changes.values(), int(id)]))


ROUTES: Sequence[tuple[str, re.Pattern[str], Callable[..., Answer]]] = [
    ("GET", re.compile(r"/api/customers/(\d+)"), get),
    ("PATCH", re.compile(r"/api/customers/(\d+)"), change),
    ("GET", re.compile(r"/api/customers/group/(\d+)"), in_group),
    ("GET", re.compile(r"/api/customers/search"), search),
    ("POST", re.compile(r"/api/customers"), create),
    ("POST", re.compile(r"/api/customers/list"), create_many),
]


def answer(environ: Environ) -> Answer:
    """The status, and what is to be sent as JSON."""
    if not is_good(environ.get("HTTP_AUTHORIZATION", "")):
        return "401 Unauthorized", {"detail": "The token is not good"}
    for method, form, work in ROUTES:
        if method == environ["REQUEST_METHOD"] and (path := form.fullmatch(environ["PATH_INFO"])):
            return work(environ, *path.groups())
    return NOT_FOUND, {"detail": "There is nothing here"}


def app(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The WSGI application."""
    try:
        status, shown = answer(environ)
    except msgspec.ValidationError as error:
        status, shown = "422 Unprocessable Content", {"detail": str(error)}
    except (msgspec.DecodeError, KeyError):
        status, shown = "400 Bad Request", {"detail": "This cannot be read"}
    except psycopg.IntegrityError:
        status, shown = "409 Conflict", {"detail": "This conflicts with what is there"}
    body = orjson.dumps(shown)
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]
