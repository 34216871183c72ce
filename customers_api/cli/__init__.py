"""The `flask` commands of the registry."""

from flask import Flask

from customers_api.cli.events import events
from customers_api.cli.operators import operators
from customers_api.cli.prepare import prepare
from customers_api.cli.seed import seed
from customers_api.cli.tokens import tokens


def register(app: Flask) -> None:
    """Add our commands to `flask`."""
    for command in (events, operators, prepare, seed, tokens):
        app.cli.add_command(command)
