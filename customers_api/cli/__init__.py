"""The `flask` commands of the registry."""

from flask import Flask


def register(app: Flask) -> None:
    """Add our commands to `flask`."""
