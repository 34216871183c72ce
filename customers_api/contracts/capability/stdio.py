"""MCP over standard input and output: `flask --app wsgi mcp`, by the official SDK."""

import json
import math
import os
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import click
from flask import Flask, g
from flask.cli import with_appcontext

from customers_api.contracts.capability import tools
from customers_api.contracts.capability.operations import capability
from customers_api.contracts.capability.registry import CapabilityOperation
from customers_api.contracts.capability.tools import Outcome
from customers_api.core import database
from customers_api.core.actor import Role
from customers_api.core.errors import Error
from customers_api.extensions import application
from customers_api.web import body as incoming
from customers_api.web.access import holder
from customers_api.web.problems import BodyMalformed

if TYPE_CHECKING:
    from mcp.server import Server

TOKEN = "CUSTOMERS_API_TOKEN"
# An agent calls one tool after the other; what calls many must not take every connection.
MOST_AT_ONCE = 4


@click.command("mcp")
@with_appcontext
def mcp() -> None:
    """Serve the customer-management tools to an AI agent over standard input and output.

    The token is taken from the environment variable CUSTOMERS_API_TOKEN, and asked again at each
    call: what its role may not do is refused, and so is everything once it is revoked.
    """
    try:
        import anyio  # the MCP SDK is an extra, and brings this along
        import mcp.server  # noqa: F401  said now rather than at the first message
    except ImportError as error:
        missing = "the MCP SDK is not installed; install it with: pip install 'mcp>=2.3,<3'"
        raise click.ClickException(missing) from error
    token = os.environ.get(TOKEN, "").strip()
    if not token:
        raise click.ClickException(
            f"{TOKEN} is not set; make a token with: flask --app wsgi tokens create --role ROLE "
            "--name NAME"
        )
    try:
        database.revision()
        holder(token, Role.READER)
    except Error as error:
        raise click.ClickException(f"{TOKEN}: {error.detail}") from error
    app = application()
    anyio.run(_serve, _server(app, token))


async def _serve(server: "Server[Any]") -> None:
    from mcp.server.stdio import stdio_server

    async with stdio_server() as (incoming_messages, outgoing_messages):
        options = server.create_initialization_options()
        await server.run(incoming_messages, outgoing_messages, options)


def _server(app: Flask, token: str) -> "Server[Any]":
    """The SDK's server with the capability's tools, called on behalf of this token's holder."""
    from anyio import CapacityLimiter, to_thread
    from mcp import MCPError, types
    from mcp.server import Server

    described = [types.Tool.model_validate(each) for each in tools.described()]
    limiter = CapacityLimiter(MOST_AT_ONCE)

    async def list_tools(_context: Any, _params: Any) -> types.ListToolsResult:
        return types.ListToolsResult(tools=described)

    async def call_tool(_context: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        operation = capability.find(params.name)
        if operation is None:
            there_are = ", ".join(capability.codes())
            raise MCPError(types.INVALID_PARAMS, f"Unknown tool; there are: {there_are}")
        work = partial(_call, app, token, operation, params.arguments or {})
        outcome = await to_thread.run_sync(work, limiter=limiter)
        content: list[types.ContentBlock] = [types.TextContent(type="text", text=outcome.text)]
        if outcome.is_error:
            return types.CallToolResult(content=content, is_error=True)
        structured = json.loads(outcome.text, parse_float=_number)
        return types.CallToolResult(content=content, structured_content=structured)

    return Server(
        tools.SERVER["name"],
        title=tools.SERVER["title"],
        version=tools.SERVER["version"],
        instructions=tools.INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def _call(app: Flask, token: str, operation: CapabilityOperation, arguments: object) -> Outcome:
    with app.app_context():
        g.request_id = uuid4().hex
        try:
            # The SDK has read the message; from here on it is treated as a body of HTTP is.
            document = incoming.decoded(json.dumps(arguments, allow_nan=False).encode())
        except ValueError:
            return tools.refusal(BodyMalformed("A number among the arguments is too large."))
        except BodyMalformed as error:
            return tools.refusal(error)
        return tools.call(operation, document, partial(holder, token))


def _number(digits: str) -> float | str:
    """A number as the SDK can pass it on; one that no float holds stays its digits."""
    number = float(digits)
    return number if math.isfinite(number) else digits
