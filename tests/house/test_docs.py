"""What is documented and what exists are the same."""

import re

import click
import pytest
from flask import Flask

from config import ENVIRONMENTS, load
from customers_api.version import VERSION
from tests.conftest import make_app
from tests.support.checkout import ROOT

README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


class Recorder(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__(SECRET_KEY="x" * 48, DATABASE_URL="sqlite:////tmp/none.db")
        self.asked: set[str] = set()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        """The value, the question noted."""
        self.asked.add(name)
        return super().get(name, default)


@pytest.fixture
def commands(tmp_path: str) -> dict[str, click.Command]:
    """The commands of `flask`, by what is typed."""
    app: Flask = make_app(f"sqlite:///{tmp_path}/none.db")
    found: dict[str, click.Command] = {}
    for name, command in app.cli.commands.items():
        if isinstance(command, click.Group):
            found |= {f"{name} {sub}": each for sub, each in command.commands.items()}
        else:
            found[name] = command
    return found


def test_the_table_of_variables_is_what_the_configuration_reads() -> None:
    table = README[README.index("## Configuration") : README.index("## Further")]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    documented = set(re.findall(r"`([A-Z_]+)`", " ".join(rows)))
    environ = Recorder()
    load(environ)
    assert documented == environ.asked


def test_each_environment_is_documented() -> None:
    assert all(f"`{name}`" in README for name in ENVIRONMENTS)


def test_each_command_of_ours_is_in_the_readme(commands: dict[str, click.Command]) -> None:
    ours = [name for name in commands if not name.startswith("db ") and name != "db"]
    assert len(ours) >= 9
    assert [name for name in ours if f"`{name}" not in README] == []


def test_each_documented_command_exists(commands: dict[str, click.Command]) -> None:
    for page in PAGES:
        for typed in re.findall(r"flask --app wsgi ((?:[a-z-]+ ?){1,2})", page.read_text()):
            words = typed.split()
            known = {" ".join(words[:2]), words[0]} & {*commands, "routes", "db upgrade"}
            assert known, f"{page.name}: flask {typed} does not exist"


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_changelog_has_the_version() -> None:
    assert f"## [{VERSION}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_configuration_of_nginx_is_the_one_that_is_tried() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    assert f"```nginx\n{(ROOT / 'examples' / 'nginx.conf').read_text()}```" in page
