"""The virtual environment that the peers run in, and wrk."""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "benchmarks" / "requirements.txt"


class Missing(Exception):
    """Something that has to be installed first; the message says what and how."""


def peers_environment(given: Path | None = None) -> Path:
    """The folder with the commands of the peers' environment; makes it the first time."""
    if given is not None:
        if not (given / "bin" / "uvicorn").exists():
            raise Missing(f"{given} is no virtual environment with what {REQUIREMENTS} lists")
        return given / "bin"
    # A changed list makes a new one.
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    folder = cache() / f"environment-{sys.version_info.major}.{sys.version_info.minor}-{digest}"
    whole = folder / "whole"
    if not whole.exists():
        print(f"installing {REQUIREMENTS.relative_to(ROOT)} into {folder}", file=sys.stderr)
        venv.create(folder, clear=True, with_pip=True)
        install = ["-m", "pip", "install", "-q", "--disable-pip-version-check"]
        command = [folder / "bin" / "python", *install, "-r", REQUIREMENTS]
        subprocess.run(command, check=True)
        whole.touch()
    return folder / "bin"


def cache() -> Path:
    """Where what is made once is kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "customers-api-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def wrk() -> str:
    """The command that makes the load; raises Missing."""
    found = shutil.which("wrk")
    if found is None:
        raise Missing("wrk makes the load and is not installed; on Debian: apt install wrk")
    return found
