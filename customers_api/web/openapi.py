"""The OpenAPI 3.1 document, generated from what the contracts declare."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from marshmallow import Schema
from marshmallow.fields import Field

from customers_api.core.actor import Role
from customers_api.core.errors import Denied, Error, Invalid, Stale, Unavailable
from customers_api.core.tokens.queries import TokenRevoked
from customers_api.core.tokens.signing import TokenExpired, TokenInvalid, TokenMissing
from customers_api.version import VERSION
from customers_api.web import conditions, idempotency, limits, links, problems, refusals
from customers_api.web.contract import Contract, registered
from customers_api.web.operation import BODIED, By, Operation, Strings, Text, schemas_of
from customers_api.web.problems import (
    BodyEncoded,
    BodyMalformed,
    BodyTooLarge,
    NotJson,
    NotUtf8,
    TooManyRequests,
    Unexpected,
)
from customers_api.web.schemas import AnswerSchema, InputSchema, Shape

JSON = "application/json"
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
KINDS: Mapping[str, tuple[Shape, int | str]] = {
    "int": ({"type": "integer", "minimum": 0}, 7),
    "customer": ({"type": "string", "description": "An id or a customer_id."}, "CUST_A1B2C3D4"),
    "text": ({"type": "string"}, "leonie.koehler@example.com"),
    "uuid": ({"type": "string", "format": "uuid"}, "a1b2c3d4-5e6f-4a7b-8c9d-0e1f2a3b4c5d"),
    "": ({"type": "string"}, "leoniekoehler"),
}
ABOUT = """\
A registry of customers. Every call needs a bearer token, the few public ones excepted.

Errors are problem documents (RFC 9457); all problems of a request are told at once. Text is kept as
sent but for the white space around it. Times are in UTC. A path answers the same with and without
its final slash.

What changes something may carry an Idempotency-Key and is then safe to send again; customers have
ETags, by which a change can be made conditional.

Requests are counted by address and by token. Answers tell in RateLimit what is left, and a 429 in
Retry-After when to go on.

What is no proper request is refused by the server itself, before it looks who asks for what. No
operation tells of it, but `components/responses` does:

"""
# The statuses that only the server itself answers with, not the application behind it.
OF_THE_SERVER = frozenset({408, 414, 417, 431, 501, 505})
REQUEST_ID = {
    "name": "X-Request-ID",
    "in": "header",
    "required": False,
    "description": "The caller's own id of this request, of up to 64 letters, digits, `.`, `_` "
    "and `-`; any other is replaced by a new one.",
    "schema": {"type": "string"},
}
HEADERS: Mapping[str, str] = {
    "X-Request-ID": "What this request is called in the server's log.",
    "WWW-Authenticate": "Bearer",
    "Retry-After": limits.REFUSAL_HEADERS["Retry-After"],
}
# By status, what has all answers of it.
OF_STATUS: Mapping[str, tuple[str, ...]] = {
    "401": ("WWW-Authenticate",),
    "429": ("Retry-After",),
    "503": ("Retry-After",),
}
UNAUTHENTICATED = (TokenMissing, TokenInvalid, TokenExpired, TokenRevoked)
PROBLEM_SCHEMA: Shape = {
    "type": "object",
    "description": "What went wrong, as RFC 9457 has it.",
    "required": ["type", "title", "status", "detail", "request_id"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "A sentence a person can act on."},
        "request_id": {"type": "string", "description": "Also in the server's log."},
        "errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["message"],
                "additionalProperties": False,
                "properties": {
                    "pointer": {"type": "string", "format": "json-pointer"},
                    "parameter": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}


def document() -> dict[str, Any]:
    """The document of all contracts that the application at work serves."""
    spec, plugin, _ = _generator(_limited_field_shape)
    spec.components.security_scheme(
        "bearer", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    )
    spec.components.schema("Problem", component=dict(PROBLEM_SCHEMA))
    for name, text in HEADERS.items():
        spec.components.header(name, {"description": text, "schema": {"type": "string"}})
    for refusal in _refusals():
        spec.components.response(refusal.code, _refused(refusal))
    for contract in registered():
        spec.tag({"name": contract.name, "description": contract.about})
        for operation in contract.operations:
            described = {operation.method.lower(): _operation(contract, operation)}
            spec.path(path=_path(operation.rule), operations=described)
    whole = spec.to_dict()
    _close(whole["components"]["schemas"], plugin)
    return whole


def json_schema(schema: Schema) -> dict[str, Any]:
    """One schema by itself as JSON Schema, for those who read no OpenAPI."""
    _, _, converter = _generator(_field_shape)
    shape = dict(converter.schema2jsonschema(schema))  # type: ignore[no-untyped-call]
    shape["required"] = [name for name in shape["properties"] if name in shape.get("required", ())]
    if isinstance(schema, AnswerSchema):
        # A client that holds answers against it must not break when they gain a field.
        shape.pop("additionalProperties", None)
    return shape


def _generator(
    shape_of: Callable[..., Shape],
) -> tuple[APISpec, MarshmallowPlugin, OpenAPIConverter]:
    """A document to fill, and what makes shapes of our schemas."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec(
        title="customers-api",
        version=VERSION,
        openapi_version="3.1.0",
        info={"description": _about(), "license": {"name": "MIT", "identifier": "MIT"}},
        plugins=[plugin],
    )
    if plugin.converter is None:
        raise LookupError("apispec's plugin was not initialised")
    plugin.converter.add_attribute_function(shape_of)  # type: ignore[no-untyped-call]
    return spec, plugin, plugin.converter


def _about() -> str:
    return ABOUT + "".join(
        f"- {refusal.status} `{refusal.code}`: {refusal.detail}\n" for refusal in _refusals()
    )


def _refusals() -> list[refusals.Refusal]:
    found = {each for each in refusals.REFUSALS.values() if each.status in OF_THE_SERVER}
    return sorted(found, key=lambda each: each.status)


def _refused(refusal: refusals.Refusal) -> dict[str, Any]:
    example = msgspec.to_builtins(refusals.document(refusal, problems.EXAMPLE_ID))
    examples = {refusal.code: {"value": example}}
    response = {
        "description": HTTPStatus(refusal.status).phrase,
        "content": {problems.MEDIA_TYPE: {"schema": "Problem", "examples": examples}},
    }
    _tell_what_all_have({str(refusal.status): response})
    return response


def _operation(contract: Contract, operation: Operation) -> dict[str, Any]:
    summary, _, more = (operation.view.__doc__ or "").partition("\n")
    described: dict[str, Any] = {
        "operationId": links.name(contract, operation),
        "tags": [contract.name],
        "summary": summary.rstrip("."),
        "parameters": [*_parameters(operation)],
        "responses": {**_success(contract, operation), **_failures(contract, operation)},
    }
    if limits.is_limited(contract.name):
        _tell_limits(described["responses"])
    _tell_what_all_have(described["responses"])
    if more.strip():
        described["description"] = " ".join(more.split())
    if operation.role is not None:
        described["security"] = [{"bearer": []}]
        described["x-role"] = str(operation.role)
    else:
        described["security"] = []
    if operation.body is not None:
        described["requestBody"] = {
            "required": operation.body_required,
            "content": {JSON: _content(operation.body)},
        }
    return described


def _parameters(operation: Operation) -> Iterator[Any]:
    for kind, name in PARAMETER.findall(operation.rule):
        shape, example = KINDS[kind]
        yield {"name": name, "in": "path", "required": True, "schema": shape, "example": example}
    yield REQUEST_ID
    if operation.query.fields:
        yield {"in": "query", "schema": operation.query}
    if operation.takes_key:
        yield idempotency.PARAMETER
    if operation.etag and (condition := conditions.parameter(operation.method)):
        yield condition


def _answered(operation: Operation) -> dict[str, Any]:
    if isinstance(operation.answer, Text):
        media_type = operation.answer.media_type.partition(";")[0]
        example = {"example": {"value": operation.answer.example}}
        return {media_type: {"schema": {"type": "string"}, "examples": example}}
    return {JSON: _content(operation.answer, many=operation.many)}


def _content(choice: Schema | By | Strings, *, many: bool = False) -> dict[str, Any]:
    if isinstance(choice, Strings):
        strings = {"type": "array", "items": {"type": "string"}}
        return {"schema": strings, "examples": {"example": {"value": [*choice.example]}}}
    schemas = schemas_of(choice)
    shape = schemas[0] if len(schemas) == 1 else {"oneOf": [*schemas]}
    if len(schemas) > 1 and many:
        return {
            "schema": {"type": "array", "items": {"anyOf": [*schemas]}},
            "examples": _examples(choice, many=many),
        }
    return {
        "schema": {"type": "array", "items": shape} if many else shape,
        "examples": _examples(choice, many=many),
    }


def _examples(choice: Schema | By, *, many: bool) -> dict[str, Any]:
    def value(schema: Any) -> Any:
        return [dict(schema.EXAMPLE)] if many else dict(schema.EXAMPLE)

    if isinstance(choice, By):
        return {
            f"{choice.parameter}={str(wanted).lower()}": {"value": value(schema)}
            for wanted, schema in choice.schemas.items()
        }
    return {"example": {"value": value(choice)}}


def _success(contract: Contract, operation: Operation) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": HTTPStatus(operation.status).phrase,
        "content": _answered(operation),
    }
    headers = {
        **operation.headers,
        **(conditions.ETAG if operation.etag and operation.method != "DELETE" else {}),
        **(idempotency.HEADERS if operation.takes_key else {}),
    }
    if headers:
        answer["headers"] = _headers(headers)
    if leading := links.of(contract, operation):
        answer["links"] = leading
    if operation.etag and operation.method == "GET":
        unchanged = {"description": HTTPStatus.NOT_MODIFIED.phrase, "content": {}}
        return {str(operation.status): answer, "304": unchanged}
    return {str(operation.status): answer}


def _headers(described: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: {"description": text, "schema": {"type": "string"}}
        for name, text in described.items()
    }


def _tell_limits(responses: dict[str, Any]) -> None:
    """Add the headers that tell of limits to what was heard, and to what was one too many."""
    for status, response in responses.items():
        if status < "300":
            response["headers"] = response.get("headers", {}) | _headers(limits.HEADERS)
    # Optional ones: too many attempts to sign in are told by Retry-After alone.
    responses["429"]["headers"] = _headers(limits.HEADERS | limits.REFUSAL_HEADERS)


def _tell_what_all_have(responses: dict[str, Any]) -> None:
    """Add what is on every answer, and on every one of its status."""
    for status, response in responses.items():
        told = response.setdefault("headers", {})
        for header in ("X-Request-ID", *OF_STATUS.get(status, ())):
            told.setdefault(header, header)


def _failures(contract: Contract, operation: Operation) -> dict[str, Any]:
    by_status: dict[int, list[type[Error]]] = {}
    limited = [TooManyRequests] if limits.is_limited(contract.name) else []
    for error in dict.fromkeys([*_common(operation), *limited, *operation.errors]):
        by_status.setdefault(problems.status_of(error, contract.statuses), []).append(error)
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {
                problems.MEDIA_TYPE: {
                    "schema": "Problem",
                    "examples": {
                        error.code: {"value": problems.example(error, contract.statuses)}
                        for error in errors
                    },
                }
            },
        }
        for status, errors in sorted(by_status.items())
    }


def _common(operation: Operation) -> Iterable[type[Error]]:
    """What any operation of this form can answer."""
    yield Invalid
    if operation.role is not None:
        yield from UNAUTHENTICATED
    if isinstance(operation.role, Role):
        yield Denied
    yield BodyTooLarge
    if operation.body is not None or operation.method in BODIED:
        yield from (BodyMalformed, NotJson, NotUtf8, BodyEncoded)
    if operation.takes_key:
        yield from idempotency.ERRORS
    if operation.takes_expected:
        yield Stale
    if operation.etag and conditions.parameter(operation.method):
        yield conditions.ConditionMalformed
    yield from (Unexpected, Unavailable)


def _path(rule: str) -> str:
    return PARAMETER.sub(r"{\2}", rule)


def _name(schema: Any) -> str:
    return str(resolve_schema_cls(schema).__name__)  # type: ignore[union-attr]


def _field_shape(_converter: Any, field: Field[Any], **_: Any) -> dict[str, Any]:
    """What our own field types say of themselves, null added where it is allowed."""
    shape = dict(getattr(field, "openapi", {}))
    if field.allow_none and "type" in shape:
        kinds = shape["type"] if isinstance(shape["type"], list) else [shape["type"]]
        shape["type"] = [*kinds, "null"]
    return shape


def _limited_field_shape(converter: Any, field: Field[Any], **_: Any) -> dict[str, Any]:
    """The same, and what the core asks of the field."""
    limits = getattr(field.parent, "LIMITS", {})
    return {**_field_shape(converter, field), **limits.get(field.name, {})}


def _close(shapes: Mapping[str, dict[str, Any]], plugin: MarshmallowPlugin) -> None:
    """Say that no schema takes or shows more than it names, and that answers show all of it."""
    for (kind, *_), name in plugin.converter.refs.items():  # type: ignore[union-attr]
        if issubclass(kind, AnswerSchema) and not kind.SPARSE:
            shapes[name]["required"] = [*shapes[name]["properties"]]
        if issubclass(kind, AnswerSchema | InputSchema):
            shapes[name]["additionalProperties"] = False
        if issubclass(kind, InputSchema) and kind.LEAST:
            shapes[name]["minProperties"] = kind.LEAST
        shapes[name]["description"] = (kind.__doc__ or "").partition("\n")[0]
