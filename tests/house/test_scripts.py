"""The commands that a person types: they start anywhere, and say in one line what is missing."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = sorted([*(ROOT / "script").iterdir(), ROOT / ".ci" / "run"])
LOCKS = ("requirements.lock", "requirements-dev.lock")


def run(*command: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which nothing is installed, under a name that careless quoting trips over."""
    copy = tmp_path / "a check out"
    shutil.copytree(ROOT / "script", copy / "script")
    for lock in LOCKS:
        shutil.copy(ROOT / lock, copy)
    return copy


def interpreter(folder: Path, body: str) -> str:
    path = folder / "python3"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def pretend_installed(checkout: Path, *locks: str) -> None:
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / ".venv" / "bin" / "python").symlink_to(sys.executable)
    for lock in locks:
        shutil.copy(checkout / lock, checkout / ".venv")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda path: path.name)
def test_a_command_is_executable_and_plain_sh(command: Path) -> None:
    assert os.access(command, os.X_OK)
    assert command.read_text().startswith("#!/bin/sh\n")
    assert run("sh", "-n", command).stderr == ""


def test_the_server_says_in_one_line_that_python_is_too_old(checkout: Path) -> None:
    old = interpreter(checkout, "exit 1")
    result = run(checkout / "script" / "server", PYTHON=old)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "Python 3.11 or newer is needed" in result.stderr


def test_the_server_says_in_one_line_that_python_is_missing(checkout: Path) -> None:
    result = run(checkout / "script" / "server", PYTHON="no-such-python")
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "no-such-python was not found" in result.stderr


def test_the_server_says_in_one_line_that_worker_count_is_nonsense(checkout: Path) -> None:
    result = run(checkout / "script" / "server", WEB_CONCURRENCY="lots")
    assert result.returncode == 1
    assert (
        result.stderr == "customers-api: WEB_CONCURRENCY takes a whole number of worker processes\n"
    )


def test_setup_says_what_debian_leaves_out_of_python(checkout: Path) -> None:
    body = f'case "$2" in *ensurepip*) exit 1 ;; esac\nexec "{sys.executable}" "$@"'
    result = run(checkout / "script" / "setup", "runtime", PYTHON=interpreter(checkout, body))
    assert result.returncode == 1
    assert result.stderr.splitlines()[1:] == [
        f"customers-api: {checkout}/python3 cannot make virtual environments; "
        "on Debian and Ubuntu: apt install python3-venv"
    ]


@pytest.mark.parametrize("kind", ["runtime", "dev"])
def test_setup_does_nothing_when_the_lock_is_installed(checkout: Path, kind: str) -> None:
    pretend_installed(checkout, *LOCKS)
    result = run(checkout / "script" / "setup", kind, PYTHON="no-such-python")
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_setup_starts_anew_when_an_installation_was_interrupted(checkout: Path) -> None:
    pretend_installed(checkout)
    (checkout / ".venv" / "half-made").touch()
    # Stands in for python3: makes a .venv whose pip succeeds at once.
    body = (
        'case "$*" in *"-m venv --clear"*)\n'
        "    rm -rf .venv && mkdir -p .venv/bin\n"
        "    printf '#!/bin/sh\\nexit 0\\n' > .venv/bin/python && chmod +x .venv/bin/python\n"
        f'    exit 0 ;;\nesac\nexec "{sys.executable}" "$@"'
    )
    result = run(checkout / "script" / "setup", "runtime", PYTHON=interpreter(checkout, body))
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("\n") == 1
    assert not (checkout / ".venv" / "half-made").exists()
    assert (checkout / ".venv" / "requirements.lock").exists()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_pins_everything_by_hash_and_names_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()
    pins = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert pins
    assert all("==" in pin and "--hash=sha256:" in pin for pin in pins)
    assert not re.search(r"://|--index-url|--find-links|^\s*#.*/(?!lock\b)", text, re.MULTILINE)


def test_the_development_lock_holds_the_runtime_lock() -> None:
    runtime, development = (
        set(re.findall(r"^\S+==\S+", (ROOT / lock).read_text(), re.MULTILINE)) for lock in LOCKS
    )
    assert runtime < development


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WEB_CONCURRENCY", "0"),
        ("WEB_CONCURRENCY", "1000"),
        ("WEB_THREADS", "many"),
        ("PORT", "http"),
        ("APP_ENV", "nowhere"),
    ],
)
def test_gunicorn_says_in_one_line_which_setting_is_wrong(name: str, value: str) -> None:
    settings = {"APP_ENV": "testing", "DATABASE_URL": "sqlite:///unused.db", name: value}
    result = run(sys.executable, "-m", "gunicorn", "--check-config", "wsgi:app", **settings)
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"customers-api: {name} is '{value}'")


def test_bandit_reads_all_that_is_served() -> None:
    read = (ROOT / "script" / "lint").read_text().partition("-m bandit")[2].split()
    served = {path.name for path in ROOT.glob("*.py")} | {"customers_api"}
    assert served <= {*read}
