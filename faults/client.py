"""A client that does not give up: it repeats a call, with one key, until it knows the outcome."""

import http.client
import json
import random
import socket
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

TIMEOUT_SECONDS = 15.0
GIVE_UP_SECONDS = 120.0
# Of the calls, those that the client breaks off itself.
CUT_ONE_IN = 25


@dataclass
class Seen:
    """What the client has seen of the server."""

    calls: int = 0
    broken: int = 0
    unavailable: int = 0
    conflicts: int = 0
    replayed: int = 0
    cut: int = 0
    longest: float = 0.0
    unexpected: list[str] = field(default_factory=list)


class Client:
    """One client, with one connection and a chance of its own."""

    def __init__(self, port: int, token: str, seed: int) -> None:
        self.seen = Seen()
        self._port, self._token = port, token
        self._chance = random.Random(seed)
        self._connection: http.client.HTTPConnection | None = None

    def settle(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The final answer to a call, which the server does exactly once."""
        key = uuid4().hex
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while time.monotonic() < deadline:
            self._perhaps_cut(method, path, body, key)
            began = time.monotonic()
            try:
                status, headers, document = self._send(method, path, body, key)
            except (OSError, http.client.HTTPException):
                self.seen.broken += 1
                self._forget()
                time.sleep(0.05)
                continue
            finally:
                self.seen.longest = max(self.seen.longest, time.monotonic() - began)
            if headers.get("Idempotent-Replayed") == "true":
                self.seen.replayed += 1
            if status == http.HTTPStatus.SERVICE_UNAVAILABLE:
                self.seen.unavailable += 1
                time.sleep(0.2)
            elif status == http.HTTPStatus.CONFLICT:
                self.seen.conflicts += 1
                time.sleep(0.05)
            else:
                return status, document
        raise RuntimeError(f"no outcome of {method} {path} within {GIVE_UP_SECONDS} seconds")

    def _send(self, method: str, path: str, body: Any, key: str) -> tuple[int, Any, Any]:
        self.seen.calls += 1
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=TIMEOUT_SECONDS
            )
        content = None if body is None else json.dumps(body)
        self._connection.request(method, path, content, self._headers(key))
        answer = self._connection.getresponse()
        document = json.loads(answer.read())
        return answer.status, answer.headers, document

    def _headers(self, key: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
        }

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _perhaps_cut(self, method: str, path: str, body: Any, key: str) -> None:
        """Now and then send the call, or a part of it, and go away without the answer."""
        if method == "GET" or self._chance.randrange(CUT_ONE_IN):
            return
        content = b"" if body is None else json.dumps(body).encode()
        head = "".join(f"{name}: {value}\r\n" for name, value in self._headers(key).items())
        length = f"Host: localhost\r\nContent-Length: {len(content)}\r\n\r\n"
        whole = f"{method} {path} HTTP/1.1\r\n{head}{length}".encode() + content
        part = self._chance.choice((len(whole), len(whole), self._chance.randrange(len(whole))))
        try:
            with socket.create_connection(("127.0.0.1", self._port), TIMEOUT_SECONDS) as cut:
                cut.sendall(whole[:part])
                time.sleep(self._chance.choice((0, 0.002, 0.02)))
            self.seen.cut += 1
        except OSError:
            self.seen.broken += 1
