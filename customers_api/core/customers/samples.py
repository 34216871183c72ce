"""Placeholder until the samples land."""


def add() -> None:
    """Add."""
