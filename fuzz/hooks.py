"""What schemathesis cannot know: how a caller gets a token, and gets another when it is spent.

Loaded by schemathesis itself; `python -m fuzz` tells it where the database and the server are.
"""

import itertools
import os
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import requests
import schemathesis
from schemathesis.checks import CheckContext
from schemathesis.core.failures import Failure
from schemathesis.generation.meta import TestPhase
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
    use_after_free,
)

from config import Testing
from customers_api import create_app
from customers_api.core import database
from customers_api.core.tokens import service as tokens
from fuzz.refusals import BY_QUERY, DEACTIVATES, has_strange_condition, is_of_state
from fuzz.sequences import MADE_AND_READ
from fuzz.spaces import fits_without_spaces
from tests.support.gunicorn import SECRET

ADDRESS = os.environ["FUZZ_ADDRESS"]
EMAILS = {"email", "email_address"}
KEY, LONGEST_KEY = "Idempotency-Key", 200
PASSWORD = "correct horse battery staple"

_app = create_app(Testing({"DATABASE_URL": os.environ["FUZZ_DATABASE_URL"], "SECRET_KEY": SECRET}))
_numbers = itertools.count(1)


def admin() -> str:
    """A service token that may do everything."""
    with _app.app_context():
        fields = {"name": f"fuzz {next(_numbers)}", "role": "admin"}
        return database.in_unit_of_work(lambda: tokens.service_jwt(tokens.create(fields)))


def customer() -> str:
    """The access token of a customer of its own."""
    email = f"fuzz.{os.getpid()}.{next(_numbers)}@example.com"
    call = requests.Session()
    call.headers["Authorization"] = f"Bearer {admin()}"
    fields = {"first_name": "Ann", "last_name": "Lee", "email": email}
    made = call.post(f"{ADDRESS}/api/customers/", json=fields, timeout=30).json()
    path = f"{ADDRESS}/api/customers/{made['id']}/password"
    call.put(path, json={"password": PASSWORD}, timeout=30).raise_for_status()
    credentials = {"email": email, "password": PASSWORD}
    login = f"{ADDRESS}/api/auth/customers/login"
    answer = call.post(login, json=credentials, timeout=30).json()
    return str(answer["access_token"])


class Purse:
    """A token that is good until an answer says that it is not."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make
        self._token = ""

    def token(self) -> str:
        """The token."""
        if not self._token:
            self._token = self._make()
        return self._token

    def answered(self, bearer: str, status: int) -> None:
        """Some cases end a session, or remove whose token it is; the next ones need another."""
        if status == HTTPStatus.UNAUTHORIZED and bearer == f"Bearer {self._token}":
            self._token = ""


PURSES = {"/api/me": Purse(customer), "": Purse(admin)}


def purse(path: str) -> Purse:
    """Whose token opens this address."""
    return next(each for prefix, each in PURSES.items() if path.startswith(prefix))


@schemathesis.auth(refresh_interval=None)
class Tokens:
    """Gives each case the token that opens its address."""

    def get(self, case: schemathesis.Case, context: schemathesis.AuthContext) -> str:
        """The token."""
        return purse(case.path).token()

    def set(self, case: schemathesis.Case, data: str, context: schemathesis.AuthContext) -> None:
        """Put it where it belongs."""
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def after_call(context: Any, case: schemathesis.Case, response: schemathesis.Response) -> None:
    """Notice tokens that are spent."""
    bearer = response.request.headers.get("Authorization", "")
    purse(case.path).answered(str(bearer), response.status_code)


@schemathesis.hook
def before_call(context: Any, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Give each request an Idempotency-Key of its own: nearly all would be refused otherwise.

    How its body ends is HTTP's matter, and not the API's: a made-up coding is a 501 in any case.
    """
    for name in [name for name in case.headers or {} if name.lower() == "transfer-encoding"]:
        del case.headers[name]
    key = (case.headers or {}).get(KEY)
    if isinstance(key, str) and 0 < len(key) < LONGEST_KEY:
        case.headers[KEY] = f"{next(_numbers)}{key}"
    if is_in_sequence(case) and f"{case.method} {case.path}" in MADE_AND_READ:
        make_possible(case.body)


def is_in_sequence(case: schemathesis.Case) -> bool:
    """Whether what comes of this request is to be followed."""
    return case.meta is not None and case.meta.phase.name is TestPhase.STATEFUL


def make_possible(body: Any) -> None:
    """Take out of a body what no schema can say: an email that is taken, a group that is not there.

    The other phases send that; a sequence ends with it before it has begun.
    """
    if isinstance(body, dict):
        for name in EMAILS & body.keys():
            body[name] = f"{next(_numbers)}.{os.getpid()}@example.com"
        body.pop("group_id", None)


@schemathesis.check
def accepts_what_the_reference_allows(
    ctx: CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> bool | None:
    """`positive_data_acceptance`, but for what no schema can say."""
    if is_of_state(response.status_code, response.content):
        return None
    if has_strange_condition(case.headers or {}, response.content):
        return None
    if (case.method, case.path) in BY_QUERY and response.status_code == HTTPStatus.BAD_REQUEST:
        return None
    return positive_data_acceptance(ctx, response, case)


@schemathesis.check
def refuses_what_the_reference_forbids(
    ctx: CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> bool | None:
    """`negative_data_rejection`, but for the white space around texts, which is taken off."""
    try:
        return negative_data_rejection(ctx, response, case)
    except Failure:
        if fits_without_spaces(case, ADDRESS):
            return None
        raise


@schemathesis.check
def is_gone_once_it_is_removed(
    ctx: CheckContext, response: schemathesis.Response, case: schemathesis.Case
) -> bool | None:
    """`use_after_free`, but for customers who were deactivated, and are still there."""
    try:
        return use_after_free(ctx, response, case)
    except Failure as failure:
        if DEACTIVATES.search(failure.message):
            return None
        raise
