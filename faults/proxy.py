"""nginx before a server, as examples/nginx.conf has it, with ports and a folder of its own."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.checkout import ROOT, START_SECONDS, free_port

CONFIGURATION = ROOT / "examples" / "nginx.conf"
KINDS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


@contextmanager
def nginx(behind: int) -> Iterator[int]:
    """The port at which it listens, for the server that listens at `behind`."""
    command = shutil.which("nginx")
    if command is None:
        raise RuntimeError("nginx is not installed")
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="nginx-") as folder:
        # Its workers are another user's, where we are root.
        Path(folder).chmod(0o711)
        configuration = Path(folder, "nginx.conf")
        configuration.write_text(_configuration(folder, behind, port))
        process = subprocess.Popen([command, "-p", folder, "-e", "stderr", "-c", configuration])
        try:
            _wait(process, Path(folder, "nginx.pid"))
            yield int(port)
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def _configuration(folder: str, behind: int, port: str) -> str:
    paths = "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in KINDS)
    text = CONFIGURATION.read_text().replace("127.0.0.1:8000", f"127.0.0.1:{behind}")
    text = text.replace("127.0.0.1:8080", f"127.0.0.1:{port}").replace(
        "http {\n", f"http {{\n{paths}"
    )
    return f"daemon off;\npid {folder}/nginx.pid;\nerror_log stderr crit;\n{text}"


def _wait(process: subprocess.Popen[bytes], pid: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not pid.exists():
        if time.monotonic() > deadline or process.poll() is not None:
            raise RuntimeError("nginx did not start")
        time.sleep(0.05)
    # Written once it listens, and before its workers are there.
    time.sleep(0.2)
