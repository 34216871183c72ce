"""flask seed: placeholder until the generator lands."""

import click


@click.command("seed")
def seed() -> None:
    """Seed."""
