"""docs/security.md: what it promises by name exists, and what it says is absent is absent."""

import ast
import re
from collections.abc import Iterator
from typing import Any

from tests.house.test_routes import operations
from tests.support.checkout import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
ROWS = re.findall(r"^\| (API\d+) .*", PAGE, re.MULTILINE)
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
# Whatever a program of Python calls other servers with. Traces are sent by a library that whoever
# runs the server installs and gives an address.
CLIENTS = {
    "aiohttp",
    "ftplib",
    "http.client",
    "httpx",
    "httpx2",
    "pycurl",
    "requests",
    "smtplib",
    "telnetlib",
    "urllib.request",
    "urllib3",
    "xmlrpc",
}


def imported() -> Iterator[str]:
    """Every module that the package imports, by its whole name."""
    for path in (ROOT / "customers_api").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (each.name for each in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{each.name}" for each in node.names)


def test_each_of_the_ten_has_a_row_with_a_test_that_exists() -> None:
    assert [f"API{number}" for number in range(1, 11)] == ROWS
    for line in PAGE.splitlines():
        if line.startswith("| API"):
            assert any(test for _, test in TEST.findall(line)), line[:40]


def test_each_test_that_the_page_names_exists() -> None:
    named = TEST.findall(PAGE)
    assert len(named) > 20
    for path, test in named:
        assert (ROOT / path).is_file(), path
        if test:
            assert f"def {test}(" in (ROOT / path).read_text(), f"{path}::{test}"


def test_the_package_has_nothing_to_call_other_servers_with() -> None:
    modules = {*imported()}
    assert "urllib.parse" in modules
    assert modules & CLIENTS == set()


def test_nothing_leaves_the_server_as_csv(reference: dict[str, Any]) -> None:
    kinds = {
        kind
        for _, _, operation in operations(reference)
        for response in operation["responses"].values()
        for kind in response.get("content", {})
    }
    assert "application/json" in kinds
    assert not any("csv" in kind or "spreadsheet" in kind for kind in kinds)
    assert "csv" not in {*imported()}
