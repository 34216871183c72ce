"""Secrets are compared in constant time, or looked up by what they hash to."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.support.checkout import ROOT

SOURCES = sorted((ROOT / "customers_api").rglob("*.py"))
# The last word of a name that holds a secret, or what is computed of one.
SECRET = re.compile(
    r"(?:^|_)(?:secret|password|token|code|otp|digest|hash|signature|fingerprint|hmac|mac|key)s?$"
)
# Names that end so and are no secrets: codes of problems and operations, the hashes of columns
# that are compared inside the database, what sorts and what is indexed by.
NO_SECRET = {
    "code",
    "codes",
    "status_code",
    "key",
    "keys",
    "email_key",
    "data_key",
    "sort_key",
}


def name_of(node: ast.expr) -> str:
    """The last word of what is compared: a variable, an attribute, a call or an item."""
    if isinstance(node, ast.Call):
        return name_of(node.func)
    if isinstance(node, ast.Subscript):
        inner = node.slice
        return str(inner.value) if isinstance(inner, ast.Constant) else name_of(node.value)
    return getattr(node, "attr", getattr(node, "id", ""))


def compared(source: str) -> Iterator[tuple[int, str]]:
    """The line and the name of everything secret that is compared by == or != in Python."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare):
            continue
        if not all(isinstance(each, ast.Eq | ast.NotEq) for each in node.ops):
            continue
        sides = [node.left, *node.comparators]
        # A column makes a condition for the database, which looks it up by an index.
        if any(is_column(side) for side in sides):
            continue
        for name in map(name_of, sides):
            if SECRET.search(name.lower()) and name.lower() not in NO_SECRET:
                yield node.lineno, name


def is_column(node: ast.expr) -> bool:
    """Whether it is a column: of a model, or of a table's columns, which have a capital's name."""
    owner = getattr(node, "value", None)
    return isinstance(owner, ast.Name) and owner.id[:1].isupper()


def places(paths: list[Path]) -> list[str]:
    """Where secrets are compared so."""
    return [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in paths
        for line, name in compared(path.read_text())
    ]


def test_no_secret_is_compared_letter_by_letter() -> None:
    assert places(SOURCES) == []


def test_the_search_for_such_comparisons_finds_them() -> None:
    for text in (
        "if password == kept: ...",
        "ok = given != row.reset_hash",
        "return totp.now_otp() == given",
        "body['refresh_token'] == kept",
        "a == b.fingerprint == c",
    ):
        assert [*compared(text)], text
    for text in ("select(K).where(K.reset_hash == digest)", "error.code == 'x'", "a in tokens"):
        assert not [*compared(text)], text


def test_what_is_compared_in_constant_time_is_all_that_is_compared_in_python() -> None:
    used = {path.stem for path in SOURCES if "compare_digest" in path.read_text()}
    # A one-time password and what a repeated request hashes to; passwords are Argon2's to verify,
    # tokens PyJWT's, and all else is looked up by what it hashes to.
    assert used == {"totp", "queries"}
