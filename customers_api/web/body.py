"""What comes in: the JSON body and the query parameters, held against their schemas.

All problems of a request are gathered before any of them is raised.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from functools import cache
from itertools import islice
from typing import Any

import msgspec
from flask import Request
from marshmallow import Schema, ValidationError

from customers_api.core.actor import Role
from customers_api.core.errors import Path, Problem
from customers_api.extensions import settings
from customers_api.web import accept, at_hand, idempotency
from customers_api.web.problems import (
    BodyEncoded,
    BodyMalformed,
    BodyTooLarge,
    NotJson,
    NotUtf8,
    Refused,
)
from customers_api.web.schemas import UNKNOWN, InputSchema

Loaded = dict[str, Any]

_decoder = msgspec.json.Decoder(float_hook=Decimal)
JSON = "application/json"
# The second is no name of it, but what some clients write.
UTF_8 = frozenset({"utf-8", "utf8"})
# Where marshmallow puts what is wrong with an object as a whole.
WHOLE = "_schema"
# Bytes of a body whose sender is not known yet: an email, a password and a code.
MOST_OF_STRANGERS = 16 * 1024
# Bytes of a body of those who make no lists of customers: of customers, and of readers.
MOST_OF_READERS = 128 * 1024
# Unknown fields that one object may have and each be named, and problems that are told at once.
MOST_UNKNOWN, MOST_PROBLEMS = 1_000, 10_000
# Characters of an unknown name that are repeated.
LONGEST_NAME = 100_000


def query(schema: Schema) -> tuple[Loaded, list[Problem]]:
    """The query parameters, and what is wrong with them; paths are of one name."""
    asked = at_hand.request()
    if not asked.query_string:
        return _load(schema, {})
    repeated = [name for name, values in asked.args.lists() if len(values) > 1]
    problems = [Problem((name,), "Given more than once") for name in repeated]
    given = {name: value for name, value in asked.args.items() if name not in repeated}
    loaded, wrong = _load(schema, given, partial=tuple(repeated))
    return loaded, [*problems, *wrong]


def is_given() -> bool:
    """Whether the request has a body at all."""
    asked = at_hand.request()
    return bool(asked.content_length) or "Transfer-Encoding" in asked.headers


def json() -> Any:
    """The request's body as JSON; raises BodyMalformed with the place.

    Raises NotJson, NotUtf8 and BodyEncoded for what calls itself something else.
    """
    # Nearly all say just that; taking the header apart takes longer than reading the body.
    asked = at_hand.request()
    environ = asked.environ
    if environ.get("CONTENT_TYPE") != JSON:
        _check_type(asked)
    if environ.get("HTTP_CONTENT_ENCODING", "").lower() not in ("", "identity"):
        raise BodyEncoded
    return decoded(_content(asked))


def _check_type(asked: Request) -> None:
    if asked.mimetype != JSON:
        raise NotJson
    if asked.mimetype_params.get("charset", "utf-8").lower() not in UTF_8:
        raise NotUtf8


def decoded(content: bytes) -> Any:
    """JSON with every digit of its numbers; raises BodyMalformed with the place."""
    try:
        return _decoder.decode(content)
    except RecursionError as error:
        raise BodyMalformed("The body is not usable JSON: it is nested too deeply.") from error
    except (msgspec.ValidationError, InvalidOperation) as error:
        raise BodyMalformed("The body is not usable JSON: a number is too large.") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BodyMalformed(f"The body is not valid JSON: {_reason(error)}.") from error


def _content(asked: Request) -> bytes:
    """The bytes of the body; raises BodyTooLarge."""
    length, most = _sized(asked)
    if length is None or idempotency.HEADER in asked.headers:
        return _streamed(asked, most)
    content: bytes = asked.environ["wsgi.input"].read(length)
    return _whole(content, length)


def _streamed(asked: Request, most: int) -> bytes:
    """A body in chunks, or one that is asked for again, where a request may be sent again.

    werkzeug cuts a chunked body at its limit without a word, so one byte more is let through.
    """
    asked.max_content_length = most + 1
    content = asked.get_data()
    if len(content) > most:
        raise BodyTooLarge
    return _whole(content, asked.content_length or 0)


def _whole(content: bytes, length: int) -> bytes:
    if len(content) < length:
        raise BodyMalformed("The body is shorter than its Content-Length says.")
    return content


def nothing() -> None:
    """Refuse, by name, what a body holds where none is expected; raises as `json` and Refused."""
    document = json()
    if not isinstance(document, dict):
        raise Refused([], [Problem((), "Must be a JSON object")])
    if document:
        first = islice(document, MOST_UNKNOWN)
        raise Refused([], [Problem((name[:LONGEST_NAME],), UNKNOWN) for name in first])


def check_size() -> None:
    """Raise BodyTooLarge where a larger body is announced than one may be."""
    _sized(at_hand.request())


def _sized(asked: Request) -> tuple[int | None, int]:
    """How many bytes are announced, if any are, and the most there may be; raises BodyTooLarge."""
    most: int = settings()["MAX_CONTENT_LENGTH"]
    actor = at_hand.kept().get("actor")
    if actor is None:
        most = min(most, MOST_OF_STRANGERS)
    elif not actor.may(Role.EDITOR):
        most = min(most, MOST_OF_READERS)
    length = asked.content_length
    if length is not None and length > most:
        raise BodyTooLarge
    return length, most


def body(
    schema: InputSchema, path: Mapping[str, Any], *, refused: bool = False
) -> tuple[Loaded, list[Problem]]:
    """The body's fields, and what is wrong with them, in the wire's names."""
    return checked(schema, json(), path, refused=refused)


def checked(
    schema: InputSchema, document: Any, path: Mapping[str, Any], *, refused: bool = False
) -> tuple[Loaded, list[Problem]]:
    """The fields of a document, however it came in, and what is wrong with them.

    Where the shape is wrong, the schema's review tells what is wrong besides with the fields whose
    shape is right; a body of the right shape is left to the core, which asks the same rules,
    unless the request is `refused` already and will not get there.
    """
    if not isinstance(document, dict):
        return {}, [Problem((), "Must be a JSON object")]
    if crowded := [*_crowded(schema, document)]:
        return {}, crowded
    loaded, problems = _load(schema, document)
    if not problems and not refused:
        return loaded, []
    known = {problem.path for problem in problems}
    found = [
        Problem(on_wire(schema, each.path), each.message) for each in schema.review(loaded, path)
    ]
    return loaded, problems + [problem for problem in found if problem.path not in known]


def _crowded(schema: Schema, document: Loaded, path: Path = ()) -> Iterator[Problem]:
    """Objects with so many fields that to name each unknown one would take the server longer.

    Naming one takes thirty microseconds and some sixty bytes of the answer, and it had cost six.
    """
    if len(document) > len(schema.fields) + MOST_UNKNOWN:
        yield Problem(path, f"Has {len(document)} fields; at most {len(schema.fields)} are known")
        return
    for name, record in _lists(schema):
        items = document.get(name)
        if not isinstance(items, list):
            continue
        known = len(record.fields)
        larger = [
            (place, item)
            for place, item in enumerate(items)
            if isinstance(item, dict) and len(item) > known
        ]
        if sum(len(item) - known for _, item in larger) > MOST_PROBLEMS:
            yield Problem((*path, name), "Has too many unknown fields")
            return
        for place, item in larger:
            yield from _crowded(record, item, (*path, name, place))


@cache
def _lists(schema: Schema) -> Sequence[tuple[str, Schema]]:
    """The keys of the schema's lists of records, and the schema of each; records have no lists."""
    lists = [
        (field.data_key or name, record)
        for name, field in schema.fields.items()
        if (record := getattr(field, "record", None)) is not None
    ]
    if any(_lists(record) for _, record in lists):
        raise NotImplementedError("records with lists of records")
    return lists


def on_wire(schema: Schema | None, path: Iterable[str | int]) -> tuple[str | int, ...]:
    """A path in the core's names as a path in the schema's wire names."""
    translated: list[str | int] = []
    level = schema
    for step in path:
        field = level.fields.get(step) if level is not None and isinstance(step, str) else None
        if field is not None:
            level = getattr(field, "record", None) or getattr(field, "schema", None)
        translated.append(step if field is None or field.data_key is None else field.data_key)
    return tuple(translated)


def _load(
    schema: Schema, given: Loaded, partial: tuple[str, ...] = ()
) -> tuple[Loaded, list[Problem]]:
    try:
        if partial:
            return schema.load(given, partial=partial), []
        return accept.load(schema, given), []
    except ValidationError as error:
        valid = error.valid_data if isinstance(error.valid_data, dict) else {}
        return valid, _in_order(islice(_flat(error.messages, ()), MOST_PROBLEMS), given)


def _in_order(problems: Iterable[Problem], given: Loaded) -> list[Problem]:
    """The problems in the order of what was given, and then those of what was not.

    marshmallow tells unknown fields in none.
    """
    orders: dict[int, dict[object, int]] = {}

    def place(problem: Problem) -> list[int]:
        places: list[int] = []
        inside: Any = given
        for step in problem.path:
            if isinstance(inside, dict):
                if id(inside) not in orders:
                    orders[id(inside)] = {name: place for place, name in enumerate(inside)}
                places.append(orders[id(inside)].get(step, len(inside)))
                inside = inside.get(step)
            elif isinstance(inside, list) and isinstance(step, int):
                places.append(step)
                inside = inside[step]
        return places

    return sorted(problems, key=place)


def _flat(messages: Any, path: tuple[str | int, ...]) -> Iterator[Problem]:
    """marshmallow's nested messages as a list of problems."""
    if isinstance(messages, Mapping):
        for step, inner in messages.items():
            # A client's field may have that name, too, and be unknown.
            whole = step == WHOLE and UNKNOWN not in inner
            name = step[:LONGEST_NAME] if isinstance(step, str) else step
            yield from _flat(inner, path if whole else (*path, name))
    elif isinstance(messages, str):
        yield Problem(path, messages.rstrip("."))
    else:
        for inner in messages:
            yield from _flat(inner, path)


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"invalid UTF-8 at byte {error.start}"
    reason = str(error).removeprefix("JSON is malformed: ").rstrip(".")
    return reason[:1].lower() + reason[1:]
