"""The README's walk, run as it is written, on both databases."""

import csv
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.conftest import BACKENDS, empty_database
from tests.support.checkout import ROOT, copy_to, environment, free_port, served

README = (ROOT / "README.md").read_text()
WALK = README[README.index("## A walk") : README.index("## What there is")]
BLOCKS = re.findall(r"```sh\n(.*?)```", WALK, re.DOTALL)


@pytest.fixture(params=BACKENDS)
def environ(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a newcomer, with PostgreSQL chosen or not."""
    with empty_database(request.param, request, tmp_path) as url:
        chosen = {"DATABASE_URL": url} if request.param == "postgresql" else {}
        yield environment(PORT=free_port(), **chosen)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A fresh clone."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    return copy_to(folder)


def run(folder: Path, environ: dict[str, str], blocks: list[str]) -> str:
    """What the blocks print, run one after the other in one shell."""
    script = "set -eu\n" + "\n".join(blocks).replace(":8000", f":{environ['PORT']}")
    done = subprocess.run(
        ["sh", "-c", script],
        check=False,
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_walk_does_what_the_readme_says(checkout: Path, environ: dict[str, str]) -> None:
    *before, after_restart = BLOCKS
    with served(checkout, environ) as printed:
        said = run(checkout, environ, [*before, 'printf "%s" "$TOKEN" > token'])
    assert any(line.endswith("/docs") for line in printed)
    assert said.count("CUST_") >= 59
    assert f"{age(date(1968, 5, 17))}  Luís Gonçalves  São José dos Campos" in said
    assert "\n".join(by_last_name("Support rep 3")) in said
    assert '"detail":"Customer deleted"' in said

    setting_up = re.sub(r"\$\(.venv.*\)", "$(cat token)", before[0])
    with served(checkout, environ):
        said = run(checkout, environ, [setting_up, before[3], after_restart, EVERY_ID])
    person, *ids = said.splitlines()
    assert person == "Luís Gonçalves  1968-05-17  vip,jazz  2"
    assert len(ids) == 58


EVERY_ID = (
    'for group in 1 2 3; do call "$API/api/customers/group/$group/"'
    " | python3 examples/columns.py id; done"
)


def by_last_name(group: str) -> list[str]:
    """The lines that list a group of the example file by last name."""
    with (ROOT / "examples" / "chinook_customers.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["group"] == group]
    rows.sort(key=lambda row: row["last_name"])
    return [f"{row['last_name']}  {row['first_name']}  {row['country']}" for row in rows]


def age(born: date) -> int:
    """Whole years today."""
    today = datetime.now(UTC).date()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def test_a_second_start_changes_no_data(checkout: Path) -> None:
    environ = environment(PORT=free_port())
    with served(checkout, environ) as first:
        pass
    with served(checkout, environ) as second:
        pass
    assert [line for line in first if "curl" in line] == [line for line in second if "curl" in line]
    assert not any("password" in line for line in second)


def test_a_taken_port_is_one_line(checkout: Path) -> None:
    environ = environment(PORT=free_port())
    with served(checkout, environ):
        second = subprocess.run(
            ["script/server"],
            check=False,
            cwd=checkout,
            env=environ,
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert second.returncode != 0
    assert len(second.stderr.strip().splitlines()) == 1
    assert environ["PORT"] in second.stderr


@pytest.mark.parametrize(
    "url", ["postgresql://nobody@127.0.0.1:1/none", "sqlite:////nonexistent/none.db"]
)
def test_a_database_that_cannot_be_opened_is_one_line(checkout: Path, url: str) -> None:
    environ = environment(PORT=free_port(), DATABASE_URL=url)
    ended = subprocess.run(
        ["script/server"],
        check=False,
        cwd=checkout,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.returncode != 0
    assert "the database cannot be opened" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
