"""The log: one line a request, in JSON, with what operators need and nothing of customers."""

import logging
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from customers_api.core.customers import queries
from customers_api.extensions import db
from tests.conftest import JOHN, make_app
from tests.contracts.auth.sessions import log_in, make_operator
from tests.contracts.me.customers import customer_session
from tests.support.api import Api
from tests.support.checkout import ROOT, environment, free_port
from tests.support.conformance import Conformance
from tests.support.gunicorn import SECRET, Gunicorn
from tests.support.log import lines, logging_as, of_requests, parsed

Log = pytest.CaptureFixture[str]
MEMBERS = {
    "time",
    "level",
    "event",
    "process",
    "request_id",
    "method",
    "route",
    "status",
    "duration_ms",
    "database_ms",
    "statements",
    "bytes",
    "actor",
    "actor_name",
}


def only_request(capfd: Log) -> dict[str, Any]:
    (line,) = of_requests(lines(capfd))
    return line


def test_a_request_leaves_one_line(editor: Api, john: dict[str, Any], capfd: Log) -> None:
    lines(capfd)
    answer = editor.get(f"/api/customers/{john['id']}", headers={"X-Request-ID": "find-me"})
    line = only_request(capfd)
    assert line.keys() == MEMBERS
    assert (line["level"], line["request_id"]) == ("info", "find-me")
    assert (line["method"], line["status"]) == ("GET", 200)
    assert line["route"] == "/api/customers/<int:customer_id>"
    assert (line["actor"], line["actor_name"]) == ("service", "editor")
    assert line["bytes"] == len(answer.get_data())
    assert line["statements"] >= 1
    assert 0 < line["database_ms"] < line["duration_ms"]
    assert line["time"].endswith("Z")
    assert datetime.now(UTC) - datetime.fromisoformat(line["time"]) < timedelta(minutes=1)


def test_the_answer_the_line_and_the_event_have_the_same_id(admin: Api, capfd: Log) -> None:
    lines(capfd)
    given = admin.post("/api/customers/", JOHN, headers={"X-Request-ID": "from-outside"})
    made = admin.patch(f"/api/customers/{given.get_json()['id']}", {"city": "Berlin"})
    ids = [answer.headers["X-Request-ID"] for answer in (given, made)]
    assert ids[0] == "from-outside"
    assert re.fullmatch("[0-9a-f]{32}", ids[1])
    assert [line["request_id"] for line in of_requests(lines(capfd))] == ids
    for id in ids:
        (event,) = admin.get(f"/api/events?request_id={id}").get_json()
        assert event["request_id"] == id


def test_an_operator_is_named_and_a_customer_is_not(admin: Api, capfd: Log) -> None:
    make_operator(admin.app, "nadia")
    operator, customer = log_in(admin, "nadia").api, customer_session(admin, "someone")
    lines(capfd)
    operator.get("/api/groups/")
    line = only_request(capfd)
    assert (line["actor"], line["actor_name"]) == ("operator", "nadia")
    customer.get("/api/me")
    line = only_request(capfd)
    assert (line["actor"], line["actor_name"]) == ("customer", None)


def test_an_unknown_address_is_not_repeated(editor: Api, capfd: Log) -> None:
    editor.get("/nothing/at/john@example.com?email=john@example.com")
    line = only_request(capfd)
    assert (line["route"], line["status"]) == (None, 404)
    assert "john" not in str(line)


def test_a_method_that_nobody_knows_is_not_repeated(editor: Api, capfd: Log) -> None:
    editor("BREW", "/api/groups/")
    assert only_request(capfd)["method"] == "other"


def test_who_has_no_token_is_nobody(anonymous: Api, capfd: Log) -> None:
    anonymous.get("/api/groups/")
    line = only_request(capfd)
    assert (line["status"], line["actor"], line["actor_name"]) == (401, None, None)


def test_who_is_not_allowed_is_named(reader: Api, capfd: Log) -> None:
    lines(capfd)
    assert reader.post("/api/customers/", JOHN).status_code == 403
    line = only_request(capfd)
    assert (line["status"], line["actor"], line["actor_name"]) == (403, "service", "reader")


def test_who_comes_too_often_is_named_once_the_token_is_known(
    admin: Api, promises: Conformance, capfd: Log
) -> None:
    customer = customer_session(admin, "someone")
    url = admin.app.config["DATABASE_URL"]
    hurried = make_app(url, RATE_LIMIT_PER_TOKEN="1/hour")
    try:
        for api, path, who in (
            (admin, "/api/groups/", ("service", "admin")),
            (customer, "/api/me", ("customer", None)),
        ):
            asked = Api(hurried, promises, api.token)
            lines(capfd)
            assert [asked.get(path).status_code for _ in range(2)] == [200, 429]
            told = [(line["actor"], line["actor_name"]) for line in of_requests(lines(capfd))]
            assert told == [who, who]
    finally:
        with hurried.app_context():
            db.engine.dispose()


def test_every_call_of_an_agent_says_whose_it_is(reader: Api, capfd: Log) -> None:
    lines(capfd)
    headers = {"Authorization": f"Bearer {reader.token}"}
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    reader.app.test_client().post("/mcp", json=ping, headers=headers)
    assert only_request(capfd)["actor_name"] == "reader"


@pytest.mark.parametrize("path", ["/health", "/health/live", "/metrics"])
def test_probes_are_logged_for_debugging_only(app: Flask, capfd: Log, path: str) -> None:
    app.test_client().get(path)
    assert of_requests(lines(capfd)) == []
    with logging_as(app, LOG_LEVEL="debug") as debugged:
        debugged.test_client().get(path)
    assert only_request(capfd)["level"] == "debug"


def test_the_lines_of_requests_can_be_left_out(app: Flask, capfd: Log) -> None:
    with logging_as(app, ACCESS_LOG="no") as silent:
        silent.test_client().get("/api/groups/")
    assert lines(capfd) == []


def test_a_failure_is_told_with_where_it_happened(
    reader: Api, monkeypatch: pytest.MonkeyPatch, capfd: Log
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("john@example.com is wrong") from KeyError("john@example.com")

    monkeypatch.setattr(queries, "get", fail)
    answer = reader.get("/api/customers/1")
    failure, line = lines(capfd)
    assert {each["request_id"] for each in (failure, line)} == {answer.headers["X-Request-ID"]}
    assert (failure["level"], line["level"], line["status"]) == ("error", "error", 500)
    assert "customers_api.contracts.main.customers:" in failure["exception"]
    assert failure["exception"].endswith("ValueError")
    assert "KeyError" in failure["exception"]
    assert "john" not in str(failure)


def test_a_streamed_answer_is_logged_when_it_is_sent(editor: Api, capfd: Log) -> None:
    people = [JOHN | {"email": f"{n}@example.com", "notes": "x" * 100} for n in range(1200)]
    assert editor.post("/api/customers/?size=list", {"customers": people}).status_code == 201
    lines(capfd)
    answer = editor.get("/customers/")
    line = only_request(capfd)
    assert len(answer.get_json()) == 1200
    assert line["bytes"] == len(answer.get_data())


def test_an_answer_to_head_has_no_bytes(reader: Api, capfd: Log) -> None:
    reader("HEAD", "/api/groups/")
    assert only_request(capfd)["bytes"] == 0


@pytest.mark.parametrize("text", ["a\nb", 'a","level":"error', "a\r\n{}", "a\u2028b", "\x1b[31m"])
def test_what_is_logged_cannot_make_a_line_of_its_own(app: Flask, capfd: Log, text: str) -> None:
    logging.getLogger("customers_api.test").error("said: %s", text)
    (line,) = lines(capfd)
    assert line["event"] == f"said: {text}"
    with logging_as(app, LOG_FORMAT="text"):
        logging.getLogger("customers_api.test").error("said: %s", text)
    written = capfd.readouterr().err
    assert len(written.splitlines()) == 1
    assert "\x1b[31m" not in written


def test_people_may_read_it_as_text(app: Flask, capfd: Log) -> None:
    with logging_as(app, LOG_FORMAT="text") as readable:
        readable.test_client().get("/api/groups/")
    written = capfd.readouterr().err
    assert "request" in written
    assert "/api/groups" in written
    assert "401" in written


def test_a_log_that_nobody_reads_fails_no_request(database_url: str) -> None:
    script = (
        "import os, sys; from tests.conftest import make_app;"
        "app = make_app(sys.argv[1]); os.close(2);"
        "print(app.test_client().get('/health/live').status_code,"
        " app.test_client().get('/nothing').status_code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, database_url],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        check=True,
    )
    assert done.stdout.split() == [b"200", b"404"]


def test_sqlalchemy_tells_no_rows_even_when_everything_is_debugged(
    app: Flask, editor: Api, john: dict[str, Any], capfd: Log
) -> None:
    headers = {"Authorization": f"Bearer {editor.token}"}
    with logging_as(app, LOG_LEVEL="debug") as debugged:
        answer = debugged.test_client().get(f"/api/customers/{john['id']}", headers=headers)
    assert answer.status_code == 200
    assert "john" not in capfd.readouterr().err.lower()


def test_a_command_keeps_standard_output_to_itself(database_url: str) -> None:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"]
    environ = environment(APP_ENV="testing", DATABASE_URL=database_url)
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"")
    assert parsed(done.stderr.decode())


def test_all_that_a_start_in_production_prints_is_json(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    asked = {"CUSTOMERS_API_PREPARE": "yes", "LOG_LEVEL": "info"}
    server = Gunicorn(f"sqlite:///{tmp_path}/some.db", log=tmp_path / "log", **asked)
    request.addfinalizer(server.stop)
    server.start()
    printed = [line["event"] for line in parsed((tmp_path / "log").read_text())]
    assert f"reference http://127.0.0.1:{server.port}/docs" in printed
    assert "a token flask --app wsgi tokens create --role admin --name NAME" in printed


@pytest.mark.parametrize(
    "settings",
    [
        {"APP_ENV": "development", "LOG_FORMAT": "json"},
        {"APP_ENV": "production", "LOG_FORMAT": "text"},
    ],
    ids=["development", "text"],
)
def test_elsewhere_a_start_tells_a_person(settings: dict[str, str], tmp_path: Path) -> None:
    environ = environment(
        DATABASE_URL=f"sqlite:///{tmp_path}/some.db",
        SECRET_KEY=SECRET,
        PORT=free_port(),
        **settings,
    )
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, check=False)
    first, *_ = done.stdout.decode().splitlines()
    assert first.startswith("customers-api ")
    # Passwords and tokens that are shown once are not for the log.
    assert done.stderr == b""
