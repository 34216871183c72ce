"""/mcp, message by message: what any client of the protocol relies on."""

import json
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.api import Api

JSON = "application/json"


def send(api: Api, message: Any, **headers: str) -> TestResponse:
    """The answer to one message, which the OpenAPI document says nothing of."""
    given = {"Authorization": f"Bearer {api.token}", **headers}
    data = message if isinstance(message, str) else json.dumps(message)
    return api.app.test_client().post("/mcp", data=data, content_type=JSON, headers=given)


def request(method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def call(tool: str, **arguments: Any) -> dict[str, Any]:
    return request("tools/call", name=tool, arguments=arguments)


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25")],
)
def test_initialize_agrees_on_a_version(reader: Api, asked: str, spoken: str) -> None:
    message = request("initialize", protocolVersion=asked, capabilities={}, clientInfo={})
    answer = send(reader, message)
    assert (answer.status_code, answer.mimetype) == (200, JSON)
    assert (answer.get_json()["jsonrpc"], answer.get_json()["id"]) == ("2.0", 1)
    result = answer.get_json()["result"]
    assert result["protocolVersion"] == spoken
    assert result["capabilities"] == {"tools": {}}
    assert result["serverInfo"]["name"] == "customers-api"
    assert result["instructions"]
    assert "Mcp-Session-Id" not in answer.headers


@pytest.mark.parametrize("id", [0, 7, "seven", "", 2**40])
def test_an_answer_has_the_id_of_its_request(reader: Api, id: int | str) -> None:
    answer = send(reader, {"jsonrpc": "2.0", "id": id, "method": "ping"})
    assert answer.get_json() == {"jsonrpc": "2.0", "id": id, "result": {}}


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_notification_is_accepted_without_content(reader: Api, slash: str) -> None:
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    headers = {"Authorization": f"Bearer {reader.token}"}
    answer = reader.app.test_client().post(f"/mcp{slash}", json=note, headers=headers)
    assert (answer.status_code, answer.get_data()) == (202, b"")


@pytest.mark.parametrize("method", ["server/discover", "resources/list", "tools/List", ""])
def test_an_unknown_method_is_minus_32601(reader: Api, method: str) -> None:
    answer = send(reader, request(method))
    assert answer.status_code == 200
    assert answer.get_json()["error"]["code"] == -32601


@pytest.mark.parametrize(
    "message",
    [
        [request("ping")],
        [],
        7,
        {},
        {"jsonrpc": "1.0", "id": 1, "method": "ping"},
        {"jsonrpc": "2.0", "id": None, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "ping"},
        {"jsonrpc": "2.0", "id": True, "method": "ping"},
        {"jsonrpc": "2.0", "id": 1, "method": 7},
        {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": []},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
    ],
)
def test_what_is_no_request_is_400(reader: Api, message: Any) -> None:
    answer = send(reader, message)
    assert (answer.status_code, answer.mimetype) == (400, JSON)
    assert answer.get_json()["error"]["code"] == -32600


def test_what_is_no_json_is_400_and_no_json_body_415(reader: Api) -> None:
    assert send(reader, '{"jsonrpc": ').status_code == 400
    headers = {"Authorization": f"Bearer {reader.token}"}
    answer = reader.app.test_client().post("/mcp", data="{}", headers=headers)
    assert answer.status_code == 415


def test_a_large_message_is_413(reader: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reader.app.config, "MAX_CONTENT_LENGTH", 1000)
    assert send(reader, request("ping", x="x" * 800)).status_code == 200
    assert send(reader, request("ping", x="x" * 1000)).status_code == 413


def test_a_message_may_be_as_large_as_whoever_sends_it_may_send_elsewhere(
    reader: Api, editor: Api
) -> None:
    for size, status in ((20_000, 200), (200_000, 413)):
        assert send(reader, request("ping", x="x" * size)).status_code == status
        assert send(editor, request("ping", x="x" * size)).status_code == 200


def test_a_message_in_another_charset_or_coding_is_415(reader: Api) -> None:
    for header in ({"Content-Type": f"{JSON}; charset=latin-1"}, {"Content-Encoding": "gzip"}):
        given = {"Authorization": f"Bearer {reader.token}", "Content-Type": JSON, **header}
        answer = reader.app.test_client().post("/mcp", data="{}", headers=given)
        assert answer.status_code == 415


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_there_is_no_stream_and_no_session(reader: Api, method: str) -> None:
    answer = reader(method, "/mcp")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_without_a_good_token_nothing_is_told(anonymous: Api) -> None:
    for token in ("", "Bearer x", "Basic eDp5"):
        headers = {"Authorization": token} if token else {}
        answer = anonymous.app.test_client().post("/mcp", json=request("ping"), headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://localhost", 200),
        ("https://LOCALHOST", 200),
        ("http://localhost:8000", 403),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
    ],
)
def test_pages_of_other_sites_are_refused(reader: Api, origin: str, status: int) -> None:
    assert send(reader, request("ping"), Origin=origin).status_code == status


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json, text/event-stream", 200),
        ("*/*", 200),
        ("application/*", 200),
        ("text/event-stream", 406),
        ("application/json;q=0", 406),
    ],
)
def test_whoever_takes_no_json_is_told(reader: Api, accept: str, status: int) -> None:
    assert send(reader, request("ping"), Accept=accept).status_code == status


def test_a_version_that_is_not_spoken_is_refused_with_those_that_are(reader: Api) -> None:
    for version in ("2025-06-18", "2025-11-25"):
        assert send(reader, request("ping"), **{"MCP-Protocol-Version": version}).status_code == 200
    answer = send(reader, request("ping"), **{"MCP-Protocol-Version": "2026-07-28"})
    assert answer.status_code == 400
    assert answer.get_json()["id"] == 1
    error = answer.get_json()["error"]
    assert error["code"] == -32022
    assert error["data"] == {"supported": ["2025-11-25", "2025-06-18"], "requested": "2026-07-28"}


def test_numbers_keep_every_digit_through_the_tools(editor: Api) -> None:
    body = call("create_customer", name="Ann", email="ann@example.com", address={"n": "NUMBER"})
    made = send(editor, json.dumps(body).replace('"NUMBER"', "1.50e400")).get_json()
    customer_id = made["result"]["structuredContent"]["customerId"]
    shown = send(editor, call("get_customer", customerId=customer_id)).get_data(as_text=True)
    assert '"structuredContent":{"customerId"' in shown
    assert '"address":{"n":1.50E+400}' in shown


@pytest.mark.parametrize(
    "params",
    [{}, {"name": "x"}, {"name": 7}, {"name": ["get_customer"]}, {"name": "GET_CUSTOMER"}],
)
def test_a_call_of_no_tool_is_minus_32602(reader: Api, params: dict[str, Any]) -> None:
    error = send(reader, request("tools/call", **params)).get_json()["error"]
    assert error["code"] == -32602
    assert "get_customer" in error["message"]


@pytest.mark.parametrize("arguments", [None, [], "text", 7])
def test_arguments_that_are_no_object_are_a_tool_error(reader: Api, arguments: Any) -> None:
    message = request("tools/call", name="get_customer", arguments=arguments)
    result = send(reader, message).get_json()["result"]
    assert result["isError"] is True
    assert "arguments: Must be a JSON object" in result["content"][0]["text"]


def test_a_tool_error_changes_nothing_and_has_no_structure(editor: Api) -> None:
    send(editor, call("create_customer", name="Ann", email="ann@example.com"))
    result = send(editor, call("create_customer", name="A", email="ANN@example.com")).get_json()
    assert result["result"].keys() == {"content", "isError"}
    assert len(editor.get("/api/v1/customers").get_json()) == 1
