"""The capability's tools, called by the official SDK over stdio and over streamable HTTP."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from flask_migrate import upgrade
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters

from customers_api.core import database
from customers_api.core.tokens import service as tokens
from customers_api.extensions import db
from tests.conftest import empty_database, make_app
from tests.contracts.capability.agents import Agent, complaint, names, over_http, run, text
from tests.contracts.capability.calls import check
from tests.contracts.capability.printed import INPUT, PREFIX, TITLES
from tests.support.checkout import ROOT
from tests.support.gunicorn import SECRET
from tests.web.test_concurrency import Server

README = (ROOT / "README.md").read_text()
SECTION = README[README.index("## For AI agents") : README.index("## Configuration")]


@pytest.fixture(scope="module")
def server(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("mcp")
    with empty_database(backend, request, folder) as url:
        app = make_app(url, SECRET_KEY=SECRET)
        with app.app_context():
            upgrade()
        running = Server(url, folder, app)
        try:
            running.start()
            yield running
        finally:
            running.stop()
            with app.app_context():
                db.engine.dispose()
    assert "Traceback" not in running.log.read_text()


@pytest.fixture(params=["stdio", "streamable HTTP"])
def agent(server: Server, request: pytest.FixtureRequest) -> Agent:
    return Agent(server, request.param)


def test_the_five_tools_are_listed_with_the_operations_schemas(agent: Agent) -> None:
    token = agent.server.token("reader")
    listed = agent.run(token, lambda client: client.list_tools())
    _, capability = agent.server.call("GET", PREFIX, token)
    assert [tool.name for tool in listed.tools] == [*TITLES]
    for tool, operation in zip(listed.tools, capability["operations"], strict=True):
        assert (tool.name, tool.title) == (operation["code"], operation["title"])
        assert tool.description == operation["description"]
        assert tool.input_schema == operation["inputSchema"]
        assert tool.output_schema == operation["outputSchema"]


def test_all_five_tools_are_called(agent: Agent) -> None:
    john = {
        "name": "John Doe",
        "email": f"john.{agent.transport[:5]}@example.com",
        "phone": "555-0123",
        "address": {"line1": " 1 Main St ", "city": "Ulm", "n": [1.5, 10**25, None, "雷"]},
    }

    async def walk(client: Client) -> None:
        async def call(tool: str, **arguments: Any) -> Any:
            result = await client.call_tool(tool, arguments)
            assert not result.is_error, result
            assert json.loads(text(result)) == result.structured_content
            check(tool, result.structured_content)
            return result.structured_content

        customer_id = (await call("create_customer", **john))["customerId"]
        shown = await call("get_customer", customerId=customer_id)
        assert {name: shown[name] for name in john} == john
        await call("update_customer", customerId=customer_id, address={"city": "Bonn"})
        shown = await call("get_customer", customerId=customer_id)
        assert shown["address"] == {"city": "Bonn"}
        credentials = {"email": john["email"], "password": "not the password"}
        refused = await client.call_tool("authenticate_customer", credentials)
        assert "password" in complaint(refused)
        assert not refused.structured_content
        await call("delete_customer", customerId=customer_id)
        gone = await client.call_tool("get_customer", {"customerId": customer_id})
        assert complaint(gone).startswith("Customer not found\nCheck the customerId")

    agent.run(agent.server.token("admin"), walk)


def test_what_is_wrong_is_told_with_its_place(agent: Agent) -> None:
    body = {"name": "", "phone": "call me", "address": {"city": "x" * 101}, "zip": 1}
    told = complaint(agent.call(agent.server.token("editor"), "create_customer", **body))
    places = {line.split(":")[0] for line in told.splitlines() if line.startswith("- ")}
    assert places == {"- /name", "- /email", "- /phone", "- /address/city", "- /zip"}
    assert "call again" in told


def test_a_taken_email_is_told(agent: Agent) -> None:
    body = {"name": "Ann", "email": "ann@example.com"}

    async def twice(client: Client) -> str:
        await client.call_tool("create_customer", body)
        return complaint(await client.call_tool("create_customer", body))

    told = agent.run(agent.server.token("editor"), twice)
    assert told.startswith("Customer with this email already exists")
    assert "- /email" in told


@pytest.mark.parametrize(
    ("role", "beyond"),
    [
        ("reader", {"create_customer": "editor", "update_customer": "editor"}),
        ("editor", {"delete_customer": "admin"}),
    ],
    ids=["reader", "editor"],
)
def test_a_tool_beyond_the_tokens_role_says_which_role_it_needs(
    agent: Agent, role: str, beyond: dict[str, str]
) -> None:
    async def called(client: Client) -> list[str]:
        bodies = {tool: dict.fromkeys(INPUT[tool]["required"], "x") for tool in beyond}
        return [complaint(await client.call_tool(tool, body)) for tool, body in bodies.items()]

    told = agent.run(agent.server.token(role), called)
    for complained, needed in zip(told, beyond.values(), strict=True):
        assert f"the role {needed}; the token's role is {role}" in complained


def test_an_unknown_tool_is_an_error_that_names_those_there_are(agent: Agent) -> None:
    async def close(client: Client) -> MCPError:
        with pytest.raises(MCPError, match="authenticate_customer") as refused:
            await client.call_tool("close_customer", {})
        return refused.value

    assert agent.run(agent.server.token("admin"), close).code == -32602


def test_a_token_that_is_revoked_meanwhile_is_good_for_nothing(server: Server) -> None:
    token = server.token("admin")

    async def revoked_midway(client: Client) -> str:
        body = {"customerId": "CUST_00000000"}
        assert complaint(await client.call_tool("get_customer", body)).startswith("Customer not")
        with server.app.app_context():
            database.in_unit_of_work(lambda: tokens.revoke_named("tests"))
        told = ""
        with anyio.fail_after(10):
            while "revoked" not in told:
                await anyio.sleep(0.1)
                told = complaint(await client.call_tool("get_customer", body))
        return told

    Agent(server, "stdio").run(token, revoked_midway)


def configured(place: int, server: Server, token: str) -> dict[str, Any]:
    """One of the client configurations in the README, its made-up values replaced."""
    blocks = re.findall(r"```json\n(.*?)```", SECTION, re.DOTALL)
    text = blocks[place].replace(
        "/path/to/customers-api/.venv/bin", str(Path(sys.executable).parent)
    )
    text = text.replace("/path/to/customers-api", str(ROOT)).replace(":8000", f":{server.port}")
    return dict(json.loads(text.replace("eyJ…", token))["mcpServers"]["customers"])


def test_the_readmes_command_serves_from_wherever_it_is_started(
    server: Server, tmp_path: Path
) -> None:
    shown = configured(0, server, server.token("reader"))
    given = shown | {"env": server.environ | shown["env"], "cwd": tmp_path}
    assert run(Client(StdioServerParameters.model_validate(given)), names) == [*TITLES]


def test_the_readmes_address_serves(server: Server) -> None:
    shown = configured(1, server, server.token("reader"))
    assert shown["type"] == "http"
    assert run(over_http(shown["url"], shown["headers"]), names) == [*TITLES]


def test_over_http_no_token_is_no_connection(server: Server) -> None:
    with pytest.raises(BaseExceptionGroup) as refused:
        Agent(server, "streamable HTTP").call("no token", "get_customer", customerId="x")
    assert refused.value.subgroup(MCPError)
