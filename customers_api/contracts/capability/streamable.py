"""MCP over streamable HTTP at /mcp: one JSON-RPC message in, one JSON answer out, no sessions.

See docs/decisions/0012.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import msgspec
from flask import Response, g, request

from customers_api.contracts.capability import tools
from customers_api.contracts.capability.operations import capability
from customers_api.core.actor import Role
from customers_api.core.errors import Denied
from customers_api.web import body as incoming
from customers_api.web import cors
from customers_api.web.access import bearer
from customers_api.web.application import Whole
from customers_api.web.contract import Contract
from customers_api.web.operation import NOTHING
from customers_api.web.problems import NotAcceptable, Refused
from customers_api.web.rows import encode

# Of these the newest is offered to whoever asks for another.
VERSIONS = ("2025-11-25", "2025-06-18")
INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32600, -32601, -32602
UNSUPPORTED_VERSION = -32022
Params = Mapping[str, Any]

contract = Contract(
    "mcp",
    prefix="/mcp",
    about="The capability's operations as MCP tools, at /mcp: streamable HTTP, described by the "
    "protocol's own tools/list.",
    authenticate=bearer,
    statuses={},
)


class ForeignOrigin(Denied):
    """The call comes from a web page of another site, which may not call this server."""

    code = "foreign-origin"


class Refusal(Exception):
    """A JSON-RPC error."""

    def __init__(self, code: int, message: str, data: Params | None = None) -> None:
        self.error = {"code": code, "message": message} | ({"data": data} if data else {})
        super().__init__(message)


@contract.route("", methods=["POST"])
def receive() -> Response:
    """Answer one message of a client that speaks MCP."""
    # By whom it is known how much of a body is read.
    g.actor = bearer(Role.READER)
    _check_origin()
    _, unknown = incoming.query(NOTHING)
    if unknown:
        raise Refused(unknown, [])
    if request.headers.get("Accept") and not request.accept_mimetypes["application/json"]:
        raise NotAcceptable
    message = incoming.json()
    if isinstance(message, dict) and "method" in message and "id" not in message:
        # A notification; the protocol has none of which anything would follow here.
        return Response(status=HTTPStatus.ACCEPTED, content_type="application/json")
    known = message.get("id") if isinstance(message, dict) else None
    answer: dict[str, Any] = {"jsonrpc": "2.0", "id": known if _is_id(known) else None}
    try:
        return Whole(encode(answer | {"result": _result(message)}))
    except Refusal as refusal:
        answered = Whole(encode(answer | {"error": refusal.error}))
        if refusal.error["code"] in (INVALID_REQUEST, UNSUPPORTED_VERSION):
            answered.status_code = HTTPStatus.BAD_REQUEST
        return answered


def _check_origin() -> None:
    """Refuse pages of sites that may not call; programs that are no browsers send no Origin."""
    origin = request.headers.get("Origin")
    if origin is None or cors.allows(origin):
        return
    if urlsplit(origin).netloc.lower() != request.host.lower():
        raise ForeignOrigin


def _result(message: object) -> Params:
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise Refusal(INVALID_REQUEST, "Not a JSON-RPC 2.0 request in an object of its own")
    method, params = message.get("method"), message.get("params", {})
    if not isinstance(method, str) or not _is_id(message.get("id")) or not isinstance(params, dict):
        raise Refusal(INVALID_REQUEST, "A request has an id, a method and an object of params")
    spoken = request.headers.get("MCP-Protocol-Version", VERSIONS[0])
    if spoken not in VERSIONS:
        supported = {"supported": [*VERSIONS], "requested": spoken}
        raise Refusal(UNSUPPORTED_VERSION, "Unsupported protocol version", supported)
    if method not in METHODS:
        raise Refusal(METHOD_NOT_FOUND, f"Method not found: {method}")
    return METHODS[method](params)


def _is_id(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool)


def _initialize(params: Params) -> Params:
    wanted = params.get("protocolVersion")
    return {
        "protocolVersion": wanted if wanted in VERSIONS else VERSIONS[0],
        "capabilities": {"tools": {}},
        "serverInfo": tools.SERVER,
        "instructions": tools.INSTRUCTIONS,
    }


def _call(params: Params) -> Params:
    operation, arguments = capability.find(params.get("name")), params.get("arguments", {})
    if operation is None:
        there_are = ", ".join(capability.codes())
        raise Refusal(INVALID_PARAMS, f"Unknown tool; there are: {there_are}")
    outcome = tools.call(operation, arguments, bearer)
    content = [{"type": "text", "text": outcome.text}]
    if outcome.is_error:
        return {"content": content, "isError": True}
    structured = msgspec.Raw(outcome.text.encode())
    return {"content": content, "structuredContent": structured, "isError": False}


METHODS: Mapping[str, Callable[[Params], Params]] = {
    "initialize": _initialize,
    "ping": lambda _: {},
    "tools/list": lambda _: {"tools": tools.described()},
    "tools/call": _call,
}
