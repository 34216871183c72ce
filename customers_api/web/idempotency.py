"""Requests that may be sent again: the Idempotency-Key header, and the answer of the first time."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

import msgspec
from flask import Response

from customers_api.core.actor import Actor
from customers_api.core.customers import answers
from customers_api.core.errors import Invalid
from customers_api.core.idempotency import queries, service
from customers_api.core.idempotency.queries import Answer, AnswerForgotten, KeyReused
from customers_api.core.idempotency.service import StillRunning
from customers_api.web import at_hand
from customers_api.web.problems import BadRequest, BodyMalformed
from customers_api.web.rows import encode
from customers_api.web.schemas import Shape

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
# As the draft of the IETF has it, an RFC 8941 string, or bare, as everybody sends it.
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_KEY = re.compile(r"[\x20-\x7e]{1,255}")

# By the names of what an answer holds and nobody may keep: how it is told again from the rest.
Secrets = Mapping[str, Callable[[Mapping[str, Any]], Any]]

HEADERS: Mapping[str, str] = {REPLAYED: "`true` where the answer is that of the first time."}
# Without an example: the reference's page would send the same key with each call that is tried.
PARAMETER: Shape = {
    "name": HEADER,
    "in": "header",
    "description": (
        "A name for this request, new for each new one, which makes it safe to send again: for 24 "
        "hours, or what the server is set to, the same request with the same key is answered as "
        "the first time and done once. Bare, or in double quotes. What was refused was not done "
        "and is tried anew. Once a customer whom the answer shows is removed, it is answered 410."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]*$"},
}


class KeyMalformed(BadRequest):
    """An Idempotency-Key has 1 to 255 characters of printable ASCII, in double quotes or without"""

    code = "idempotency-key-malformed"


ERRORS = (KeyMalformed, KeyReused, AnswerForgotten, StillRunning)


def key() -> str | None:
    """The key of the request at hand, if it has one; raises KeyMalformed."""
    text: str | None = at_hand.request().environ.get("HTTP_IDEMPOTENCY_KEY")
    if text is None:
        return None
    if text.startswith('"'):
        quoted = _QUOTED.fullmatch(text)
        text = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else ""
    if not _KEY.fullmatch(text):
        raise KeyMalformed
    return text


def once(key: str, secrets: Secrets, serve: Callable[[], tuple[Any, Response]]) -> Response:
    """What `serve` answers, in a unit of work, or what it answered the first time.

    `serve` gives the content as well, as its view has it: the customers in it are those whose
    removal forgets the answer. Raises KeyReused, AnswerForgotten or StillRunning.
    """
    asked = _request(key)

    def work() -> tuple[Response, Answer]:
        content, response = serve()
        shown = [*dict.fromkeys(_customers_in(content))]
        there = answers.note(asked, shown) if shown else True
        return response, replace(_kept(response, secrets), forgotten=not there)

    outcome = service.once(asked, work)
    return _replayed(outcome, secrets) if isinstance(outcome, Answer) else outcome


def reuse_told_first(serve: Callable[[], Response]) -> Response:
    """What `serve` answers; of a request that is not valid, that its key stands for another.

    The valid ones are told that while they are served.
    """
    try:
        return serve()
    except (Invalid, BodyMalformed):
        name = key()
        if name is not None:
            queries.find(_request(name))
        raise


def _request(key: str) -> queries.Request:
    request = at_hand.request()
    parts = (
        request.method.encode(),
        request.path.rstrip("/").encode(),
        request.query_string,
        # Read already, and held for us; an operation without a body leaves it alone.
        request.get_data(),
    )
    content = sha256()
    for part in parts:
        # With its length: what ends one part must not look like the beginning of the next.
        content.update(b"%d:" % len(part))
        content.update(part)
    return queries.Request(_caller(), key, content.digest())


def _customers_in(content: Any) -> Iterator[int]:
    """The ids of the customers whose rows are in an answer's content: they carry their identity.

    Nobody's are in one that only names customers, or counts them.
    """
    if isinstance(content, Mapping):
        if "row_id" in content:
            yield content["row_id"]
        content = [*content.values()]
    if isinstance(content, list):
        for each in content:
            yield from _customers_in(each)
    elif (id := getattr(content, "row_id", None)) is not None:
        yield id


def _caller() -> str:
    """Who keeps being the same while tokens are refreshed; raises LookupError if nobody does."""
    actor: Actor = at_hand.kept().actor
    if actor.operator_id is not None:
        return f"operator {actor.operator_id}"
    if actor.customer_id is not None:
        return f"customer {actor.customer_id}"
    if actor.token_id is None:
        # Callers who share a name would be given each other's answers.
        raise LookupError(f"nothing tells one {actor.kind} from another")
    return f"{actor.kind} {actor.token_id}"


def _kept(response: Response, secrets: Secrets) -> Answer:
    headers = {name: text for name, text in response.headers if name != "Content-Length"}
    body = response.get_data()
    if secrets:
        shown = msgspec.json.decode(body)
        body = encode({name: value for name, value in shown.items() if name not in secrets})
    return Answer(response.status_code, headers, body)


def _replayed(answer: Answer, secrets: Secrets) -> Response:
    body = answer.body
    if secrets:
        shown = msgspec.json.decode(body)
        body = encode(shown | {name: tell(shown) for name, tell in secrets.items()})
    response = Response(body, answer.status, answer.headers)
    response.headers[REPLAYED] = "true"
    return response
