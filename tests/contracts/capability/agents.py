"""An AI agent's end of MCP: the official SDK's client, over either transport."""

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, TypeVar

import anyio
import httpx2
from mcp import Client, types
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.support.checkout import ROOT
from tests.web.test_concurrency import Server

Result = TypeVar("Result")
Connection = AbstractAsyncContextManager[Client]


class Agent:
    """Whoever calls the tools of a running server, with a token."""

    def __init__(self, server: Server, transport: str) -> None:
        self.server = server
        self.transport = transport

    def run(self, token: str, work: Callable[[Client], Awaitable[Result]]) -> Result:
        """What `work` makes of a client that has introduced itself."""
        return run(self._client(token), work)

    def call(self, token: str, tool: str, **arguments: Any) -> types.CallToolResult:
        """What one call of one tool gives; the SDK holds it against the tool's output schema."""
        return self.run(token, lambda client: client.call_tool(tool, arguments))

    def _client(self, token: str) -> Connection:
        if self.transport == "stdio":
            return Client(command(self.server, token))
        address = f"http://127.0.0.1:{self.server.port}/mcp"
        return over_http(address, {"Authorization": f"Bearer {token}"})


def run(connection: Connection, work: Callable[[Client], Awaitable[Result]]) -> Result:
    """What `work` makes of this connection."""

    async def connected() -> Result:
        with anyio.fail_after(60):
            async with connection as client:
                return await work(client)

    return anyio.run(connected)


def command(server: Server, token: str) -> StdioServerParameters:
    """How a client starts the tools of the server's registry."""
    return StdioServerParameters(
        command=sys.executable,
        args=["-m", "flask", "--app", "wsgi", "mcp"],
        cwd=ROOT,
        env=server.environ | {"CUSTOMERS_API_TOKEN": token},
    )


@asynccontextmanager
async def over_http(address: str, headers: Mapping[str, str]) -> AsyncIterator[Client]:
    """A client of the tools at this address."""
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        yield client


async def names(client: Client) -> list[str]:
    """The tools there are."""
    return [tool.name for tool in (await client.list_tools()).tools]


def text(result: types.CallToolResult) -> str:
    """What a result says in words; there is one text."""
    (content,) = result.content
    assert isinstance(content, types.TextContent)
    return content.text


def complaint(result: types.CallToolResult) -> str:
    """What a tool error tells the model."""
    assert result.is_error
    return text(result)
