"""How a command does its work: one unit of work, and complaints in one line each."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

import click

from customers_api.core import database
from customers_api.core.errors import Error, Invalid

Result = TypeVar("Result")


def run(work: Callable[[], Result]) -> Result:
    """What `work` returns, its writes committed; what the core refuses is said and ends us."""
    with complaints():
        return database.in_unit_of_work(work)


@contextmanager
def complaints() -> Iterator[None]:
    """Turn the core's errors into click's, which end the command with one line."""
    try:
        yield
    except Invalid as error:
        wrong = (f"{'.'.join(map(str, each.path))}: {each.message}" for each in error.problems)
        raise click.ClickException("; ".join(wrong)) from error
    except Error as error:
        raise click.ClickException(error.detail) from error


def password() -> str:
    """A new password: asked for twice on a terminal, else the first line of standard input."""
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise click.ClickException("the password on standard input is not UTF-8") from error


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows in columns as wide as their widest value."""
    lines = [list(head), *([_shown(value) for value in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        cells = (value.ljust(width) for value, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "-" if value is None else str(value)
