"""flask mcp: what it says when it cannot start, and that only the protocol is printed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from flask_migrate import upgrade

from customers_api.extensions import db
from tests.conftest import make_app
from tests.support.api import service_token
from tests.support.checkout import ROOT, environment

SECRET = "a secret of these tests and of nobody else"
FLASK = ("-m", "flask", "--app", "wsgi", "mcp")
# As if the extra were not installed.
WITHOUT_SDK = (
    "import sys; sys.modules.update(dict.fromkeys(['mcp', 'anyio'])); "
    "sys.argv = ['flask', '--app', 'wsgi', 'mcp']; from flask.cli import main; main()"
)
ROUTE_WITHOUT_SDK = (
    "import sys; sys.modules.update(dict.fromkeys(['mcp', 'anyio', 'pydantic'])); "
    "from wsgi import app; print(app.test_client().post('/mcp').status_code)"
)


@pytest.fixture(scope="module")
def environ(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a registry of its own, and an editor's token."""
    url = f"sqlite:///{tmp_path_factory.mktemp('command')}/customers.db"
    app = make_app(url, SECRET_KEY=SECRET)
    with app.app_context():
        upgrade()
    token = service_token(app, "editor")
    with app.app_context():
        db.engine.dispose()
    return environment(
        APP_ENV="production", SECRET_KEY=SECRET, DATABASE_URL=url, CUSTOMERS_API_TOKEN=token
    )


def run(environ: dict[str, str], *command: str) -> tuple[int, str, str]:
    """How a Python command ends, and what it prints to either output."""
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def complaint(environ: dict[str, str], *command: str) -> str:
    """The one line with which the command ends."""
    code, printed, told = run(environ, *command)
    assert (code, printed, told.count("\n")) == (1, "", 1)
    return told


def test_only_the_protocol_is_on_standard_output(environ: dict[str, str]) -> None:
    client = {"name": "tests", "version": "1"}
    params = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, *FLASK],
        cwd=ROOT,
        env=environ | {"LOG_LEVEL": "debug"},
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.write("".join(json.dumps(each) + "\n" for each in messages))
        running.stdin.flush()
        # Whoever ends the input does not wait for answers, so they are read first.
        answers = [json.loads(running.stdout.readline()) for _ in range(2)]
        running.stdin.close()
        assert running.stdout.read() == ""
    assert running.returncode == 0
    assert [answer["id"] for answer in answers] == [1, 2]
    assert len(answers[1]["result"]["tools"]) == 5


@pytest.mark.parametrize("token", ["", "  "])
def test_a_missing_token_is_one_line_that_says_how_to_make_one(
    environ: dict[str, str], token: str
) -> None:
    told = complaint(environ | {"CUSTOMERS_API_TOKEN": token}, *FLASK)
    assert "CUSTOMERS_API_TOKEN is not set" in told
    assert "tokens create" in told


def test_a_token_of_another_server_is_one_line(environ: dict[str, str]) -> None:
    told = complaint(environ | {"SECRET_KEY": "another secret of these tests alone"}, *FLASK)
    assert "CUSTOMERS_API_TOKEN: The token is not one that this server signed" in told


def test_a_database_without_tables_is_one_line(environ: dict[str, str], tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/empty.db"
    assert "Error: " in complaint(environ | {"DATABASE_URL": url}, *FLASK)


def test_a_missing_sdk_is_one_line_that_says_what_to_install(environ: dict[str, str]) -> None:
    assert "pip install 'mcp>=2.3,<3'" in complaint(environ, "-c", WITHOUT_SDK)


def test_the_route_needs_no_sdk(environ: dict[str, str]) -> None:
    code, printed, _ = run(environ, "-c", ROUTE_WITHOUT_SDK)
    assert (code, printed) == (0, "401\n")
