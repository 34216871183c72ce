"""gunicorn's threaded worker: answers in problem documents and is patient with large uploads."""

import logging
import re
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from selectors import EVENT_READ
from typing import Any
from uuid import uuid4

from gunicorn import util
from gunicorn.config import Config
from gunicorn.glogging import Logger as GunicornLogger
from gunicorn.http import Request, errors
from gunicorn.workers.gthread import TConn

from config import load
from customers_api.core.spent import here as spent
from customers_api.web import heads, logs, metrics
from customers_api.web.addresses import Proxies
from customers_api.web.connections import Client
from customers_api.web.observation import Lines
from customers_api.web.patience import PatientWorker
from customers_api.web.present import Present, here
from customers_api.web.refusals import INTERNAL, NoHost, refusal_of, render

# How long, and for how much, the rest of a request is read and thrown away after its answer.
LINGER_SECONDS = 10.0
LINGER_BYTES = 256 * 1024 * 1024
# A longer body costs its connection: "Connection: close" in a refusal makes its sender stop.
LONGEST_KEPT_BODY = 1024 * 1024
PROBE_THREADS = 2
HTTP_1_1 = (1, 1)
# RFC 9112, 3.2, and RFC 3986, 3.2.2: a name, which may be empty, or an address, and perhaps a port.
HOST = re.compile(
    r"(?:(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*|\[[A-Za-z0-9._~!$&'()*+,;=:-]+\])(?::[0-9]*)?"
)


@dataclass(slots=True, eq=False)
class Farewell:
    """A connection that has had its last answer while its client may still be sending."""

    connection: TConn
    deadline: float
    allowance: int = LINGER_BYTES


class CheckedReader:
    """A body's reader that reports bad framing as werkzeug expects it, which then answers 400."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def read(self, size: int) -> bytes:
        """Up to `size` bytes of the body; raises OSError when it is not valid HTTP."""
        try:
            data: bytes = self._reader.read(size)
        except errors.ParseException as error:
            raise OSError("the request's body is not valid HTTP") from error
        return data


class Logger(GunicornLogger):
    """gunicorn's log as ours; requests are logged by the application, which knows their routes."""

    def setup(self, cfg: Config) -> None:
        """Say everything the way the application does; gunicorn calls this again on a reload."""
        self.cfg = cfg
        self._access_log_enabled = False
        logs.configure(load())
        self.error_log.propagate = True
        logging.captureWarnings(True)
        threading.excepthook = _thread_failed


class Worker(PatientWorker):
    """A patient worker that answers in problem documents and closes its connections gently."""

    # Set by gunicorn.conf.py, before the workers are forked.
    proxies = Proxies(())
    lines: Lines | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Probes must be answered when all other threads wait for a database.
        self.probes = ThreadPoolExecutor(PROBE_THREADS)
        # In the order of their deadlines, as each has the same time.
        self.farewells: dict[Farewell, None] = {}

    def answer_probe(self, conn: TConn) -> None:
        """Have a probe answered by threads that nothing else can keep busy."""
        answering = self.probes.submit(self.handle, conn)
        answering.add_done_callback(
            lambda done: self.method_queue.defer(self.finish_request, conn, done)
        )

    def _cap_keepalive(self, deadline: float) -> None:
        """Let go of the listeners: gunicorn calls this once, when it takes no more requests.

        Kept until the last answer, they would let clients connect to somebody who never answers.
        """
        for listener in self.sockets:
            listener.close()
        super()._cap_keepalive(deadline)

    def handle_request(self, req: Request, conn: TConn) -> bool:
        """Serve one request, having seen to what its body may do to the connection."""
        # Of two alike the first, by which it was decided how much to wait for.
        headers = dict(reversed(req.headers))
        spoken = req.version or HTTP_1_1
        _check_host(headers.get("HOST"), spoken)
        # A later version is answered in the highest that is spoken here.
        req.version = min(spoken, HTTP_1_1)
        client = conn.sock if isinstance(conn.sock, Client) else None
        if client is not None:
            # It has been told to, if it was to send anything, and has.
            req._expected_100_continue = False  # type: ignore[attr-defined]
            client.hold()
        if not _may_stay(headers):
            req.force_close()
        if req.body is not None:
            req.body.reader = CheckedReader(req.body.reader)  # type: ignore[assignment]
        try:
            return super().handle_request(req, conn)
        finally:
            if client is not None:
                client.let_go()

    def handle_error(
        self, req: Request | None, client: socket.socket, addr: Any, exc: BaseException
    ) -> None:
        """Answer what the application never saw, or failed to answer."""
        refusal = refusal_of(exc)
        head = heads.read(client.head) if isinstance(client, Client) else heads.Head()
        request_id = head.request_id or uuid4().hex
        answer, body = render(refusal, request_id, secure=self._is_secure(head, addr))
        present = Present(request_id, time.perf_counter(), head.method)
        present.status, present.size = refusal.status, len(body)
        here.request = present
        spent.begin()
        if refusal is INTERNAL:
            self.log.error("A request failed outside the application", exc_info=exc)
        metrics.refused(refusal.status)
        if self.lines is not None:
            # Not `exc`, which quotes the request.
            self.lines.refused(present, refusal.code)
        here.request = None
        with suppress(OSError):
            util.write_nonblock(client, answer + body)

    def _is_secure(self, head: heads.Head, address: Any) -> bool:
        return self.proxies.is_secure(
            {
                "wsgi.url_scheme": "https" if self.cfg.is_ssl else "http",
                "HTTP_X_FORWARDED_PROTO": head.forwarded_proto,
                "REMOTE_ADDR": address[0] if isinstance(address, tuple) else "",
            }
        )

    def say_farewell(self, conn: TConn) -> None:
        """End our side of the connection and read on, on the main loop, until its client ends too.

        Closing while bytes arrive resets the connection, and a reset makes the client lose the
        answer it has not read yet. No thread is held meanwhile.
        """
        farewell = Farewell(conn, time.monotonic() + LINGER_SECONDS)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, EVENT_READ, partial(self.discard, farewell))
        except (OSError, ValueError):
            self.nr_conns -= 1
            conn.close()
        else:
            self.farewells[farewell] = None

    def discard(self, farewell: Farewell, sock: socket.socket) -> None:
        """Throw away what has arrived, and close when that was the end or is enough."""
        try:
            received = sock.recv_into(self.waste)
        except (BlockingIOError, ssl.SSLWantReadError):
            return
        except OSError:
            received = 0
        farewell.allowance -= received
        if not received or farewell.allowance <= 0:
            self.close(farewell)

    def close(self, farewell: Farewell) -> None:
        """Close a connection for good."""
        del self.farewells[farewell]
        self.poller.unregister(farewell.connection.sock)
        self.nr_conns -= 1
        farewell.connection.close()

    def murder_pending(self) -> None:
        """Close what has waited too long; gunicorn calls this once in a turn of its loop."""
        super().murder_pending()
        now = time.monotonic()
        while self.farewells and (oldest := next(iter(self.farewells))).deadline < now:
            self.close(oldest)


def _thread_failed(failure: threading.ExceptHookArgs) -> None:
    told = (failure.exc_type, failure.exc_value, failure.exc_traceback)
    logging.getLogger(__name__).error("A thread failed", exc_info=told)  # type: ignore[arg-type]


def _check_host(host: str | None, version: tuple[int, int]) -> None:
    """Raise NoHost unless the request tells which host it is for; gunicorn refuses a second one."""
    if host is None:
        if version >= HTTP_1_1:
            raise NoHost("no Host")
    elif not HOST.fullmatch(host):
        raise NoHost("an invalid Host")


def _may_stay(headers: Mapping[str, str]) -> bool:
    """Whether a connection may have another request: all of this one's body is there, or will be.

    What a stranger may not send is not waited for, so there may be more of it to come.
    """
    length, limits = _length(headers), Worker.limits
    if "TRANSFER-ENCODING" in headers or length > LONGEST_KEPT_BODY:
        return False
    if length <= limits.stranger_bytes:
        return True
    return limits.know(headers.get("AUTHORIZATION", "").encode("latin-1").strip())


def _length(headers: Mapping[str, str]) -> int:
    # gunicorn has checked the value, and that there is one at most.
    return int(headers.get("CONTENT-LENGTH", 0))
