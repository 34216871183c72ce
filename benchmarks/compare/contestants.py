"""Who is compared, and how each is started: each with two processes, on a port of its own."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import jwt

from benchmarks.compare.databases import People, our_environment
from benchmarks.compare.environment import ROOT, Missing
from benchmarks.compare.jobs import Call, Job
from tests.support.checkout import free_port

START_SECONDS = 60
PEERS_SECRET = "a secret of the peers and of nobody else"
# In production and with everything on, but for limits that the load would run into.
OURS_SETTINGS = {
    "WEB_CONCURRENCY": "2",
    "CUSTOMERS_API_PREPARE": "yes",
    "RATE_LIMIT_PER_TOKEN": "1000000/second",
    "RATE_LIMIT_PER_ADDRESS": "1000000/second",
}
# What script/server becomes.
OURS_GUNICORN = "{bin}/gunicorn wsgi:app"
OURS_GRANIAN = (
    "{bin}/granian --interface wsgi wsgi:app --host 127.0.0.1 --port {port} --workers 2"
    " --blocking-threads 4 --no-access-log --log-level warning"
)
UVICORN = (
    "{bin}/uvicorn benchmarks.peers.{module}:app --host 127.0.0.1 --port {port} --workers 2"
    " --loop uvloop --http httptools --no-access-log --log-level warning"
)
GUNICORN = (
    "{bin}/gunicorn benchmarks.peers.{module}:app --bind 127.0.0.1:{port} --workers 2"
    " --worker-class gthread --threads 4 --keep-alive 30 --reuse-port --no-control-socket"
    " --log-level warning"
)
GRANIAN = (
    "{bin}/granian --interface wsgi benchmarks.peers.{module}:app --host 127.0.0.1 --port {port}"
    " --workers 2 --blocking-threads 4 --no-access-log --log-level warning"
)


@dataclass(frozen=True)
class Contestant:
    """One who takes part."""

    name: str
    title: str
    command: str
    # None for ours.
    module: str | None = None

    @property
    def is_ours(self) -> bool:
        """Whether it is this project."""
        return self.module is None

    def call(self, job: Job) -> Call:
        """How this job is asked of it."""
        return job.ours if self.is_ours else job.peers


CONTESTANTS = {
    each.name: each
    for each in (
        Contestant("fastapi-orm", "FastAPI, SQLAlchemy ORM", UVICORN, "fastapi_orm"),
        Contestant("fastapi-asyncpg", "FastAPI, asyncpg", UVICORN, "fastapi_asyncpg"),
        Contestant("django", "Django REST framework", GUNICORN, "django_rest"),
        Contestant("flask", "Flask, as usual", GUNICORN, "flask_usual"),
        Contestant("ours", "customers-api, gunicorn", OURS_GUNICORN),
        Contestant("ours-granian", "customers-api, granian", OURS_GRANIAN),
        Contestant("bare", "bare WSGI, gunicorn", GUNICORN, "bare_wsgi"),
        Contestant("bare-granian", "bare WSGI, granian", GRANIAN, "bare_wsgi"),
    )
}
BASE = "fastapi-orm"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    json: Any


class Server:
    """A contestant that serves some people."""

    def __init__(self, contestant: Contestant, people: People, peers: Path, token: str) -> None:
        """`peers` is where the commands of the peers' environment are, `token` one of ours."""
        self.contestant = contestant
        self.people = people
        self.port = int(free_port())
        self.token = token if contestant.is_ours else peers_token()
        commands = Path(sys.executable).parent if contestant.is_ours else peers
        self._command = contestant.command.format(
            bin=commands, module=contestant.module, port=self.port
        ).split()
        # More of our own variables.
        self.settings: Mapping[str, str] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._log = Path(os.devnull)

    def start(self, log: Path) -> None:
        """Start it; what it says goes to `log`."""
        self._log = log
        if not Path(self._command[0]).exists():
            raise Missing(f"{self.contestant.name} needs {self._command[0]}, which is not there")
        # The peers' gunicorn must not find our configuration.
        folder = ROOT if self.contestant.is_ours else log.parent
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                self._command,
                cwd=folder,
                env=self._environment(),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Wait until it answers."""
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or self._process is None or self._process.poll():
                said = self._log.read_text()
                raise RuntimeError(f"{self.contestant.name} did not start\n{said}")
            time.sleep(0.05)

    @property
    def pid(self) -> int:
        """The first process."""
        if self._process is None:
            raise RuntimeError(f"{self.contestant.name} was not started")
        return self._process.pid

    def stop(self) -> None:
        """End it, politely."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            self._process.wait(START_SECONDS)

    def ask(self, call: Call, *, token: str | None = None) -> Answer:
        """The answer to one request, made with another token if one is given."""
        headers = {"Content-Type": "application/json"} if call.body else {}
        token = self.token if token is None else token
        if token:
            headers["Authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(call.method, call.path, call.body or None, headers)
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        try:
            return Answer(answer.status, json.loads(text))
        except ValueError:
            return Answer(answer.status, None)

    def _environment(self) -> Mapping[str, str]:
        if self.contestant.is_ours:
            ours = {**our_environment(self.people.ours), **OURS_SETTINGS, **self.settings}
            return {**ours, "PORT": str(self.port)}
        return os.environ | {
            "PYTHONPATH": str(ROOT),
            "PEERS_DATABASE_URL": self.people.peers,
            "PEERS_SECRET": PEERS_SECRET,
        }

    def _answers(self) -> bool:
        try:
            return self.ask(Call("GET", "/api/customers/1")).status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False


def peers_token() -> str:
    """A token that all peers take, with the claims that flask-jwt-extended asks for."""
    now = int(time.time())
    claims = {"sub": "benchmark", "jti": "benchmark", "type": "access", "fresh": False}
    return jwt.encode({**claims, "iat": now, "exp": now + 7 * 86_400}, PEERS_SECRET, "HS256")
