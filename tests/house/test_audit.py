"""script/audit: it says that nothing is known only where something would have been."""

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.checkout import ROOT

KNOWN = {"django": "2.2.0", "pillow": "6.0.0", "paramiko": "2.4.0"}
LOCKED = dict(re.findall(r"^(\S+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
FLAW = [{"id": "PYSEC-2019-1", "fix_versions": ["99.0"]}]


def told(vulnerable: dict[str, str], *, silent: str = "") -> str:
    """What pip-audit writes of all that it is asked for, were these the vulnerable ones."""
    dependencies: list[dict[str, Any]] = [
        {"name": name, "version": version, "vulns": FLAW if name in vulnerable else []}
        for name, version in (LOCKED | KNOWN).items()
        if name != silent
    ]
    return json.dumps({"dependencies": dependencies, "fixes": []})


def audit(folder: Path, answer: str | None, *, status: int = 0) -> subprocess.CompletedProcess[str]:
    """The script's end, where its tool writes this answer, or none, and ends so."""
    tool = folder / "pip-audit"
    (folder / "answer").write_text(answer or "")
    copy = f'cp "{folder}/answer" "$2"' if answer is not None else "echo no network >&2"
    tool.write_text(
        "#!/bin/sh\n"
        'while [ $# -gt 0 ]; do\n    [ "$1" != --output ] || ' + copy + "\n    shift\ndone\n"
        f"exit {status}\n"
    )
    tool.chmod(0o755)
    return subprocess.run(
        [str(ROOT / "script" / "audit")],
        env=os.environ | {"PIP_AUDIT": str(tool)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_audit_passes_where_the_known_are_found_and_nothing_else(tmp_path: Path) -> None:
    done = audit(tmp_path, told(KNOWN), status=1)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"customers-api: none of the {len(LOCKED)} packages in requirements.lock "
        "has a known vulnerability\n"
    )


@pytest.mark.parametrize("missed", KNOWN)
def test_the_audit_fails_where_one_of_the_known_is_not_found(tmp_path: Path, missed: str) -> None:
    found = {name: version for name, version in KNOWN.items() if name != missed}
    done = audit(tmp_path, told(found), status=1)
    assert done.returncode != 0
    assert "NOT CHECKED: the vulnerability data cannot be reached, or is not true" in done.stderr
    assert f"{missed}=={KNOWN[missed]}, which" in done.stderr
    assert done.stdout == ""


def test_the_audit_fails_where_everything_is_said_to_be_well(tmp_path: Path) -> None:
    done = audit(tmp_path, told({}))
    assert done.returncode != 0
    assert all(name in done.stderr for name in ("NOT CHECKED", *KNOWN))


@pytest.mark.parametrize("answer", [None, "", "[]", "{}", '{"dependencies": [{"name": 1}]}', "oh"])
@pytest.mark.parametrize("status", [0, 1])
def test_the_audit_fails_where_nothing_of_use_is_said(
    tmp_path: Path, answer: str | None, status: int
) -> None:
    done = audit(tmp_path, answer, status=status)
    assert done.returncode != 0
    assert "NOT CHECKED" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_audit_fails_where_a_package_of_ours_was_left_out(tmp_path: Path) -> None:
    done = audit(tmp_path, told(KNOWN, silent="flask"), status=1)
    assert done.returncode != 0
    assert f"NOT CHECKED: nothing was said of flask=={LOCKED['flask']}" in done.stderr


def test_the_audit_names_what_is_vulnerable_and_where_it_is_mended(tmp_path: Path) -> None:
    done = audit(tmp_path, told(KNOWN | {"flask": ""}), status=1)
    assert done.returncode != 0
    assert done.stdout == f"flask=={LOCKED['flask']}: PYSEC-2019-1; mended in 99.0\n"
    assert "1 of the packages in requirements.lock have known" in done.stderr
