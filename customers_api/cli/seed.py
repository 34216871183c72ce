"""`flask seed`: customers to try the registry with."""

import sys
import time

import click
from flask.cli import with_appcontext

from customers_api.core import database
from customers_api.core.customers import samples

MOST_CUSTOMERS = 100_000_000
INTERRUPTED = 130


@click.command
@click.option(
    "--customers",
    "wanted",
    type=click.IntRange(1, MOST_CUSTOMERS),
    metavar="N",
    help="Add N made-up customers instead.",
)
@with_appcontext
def seed(wanted: int | None) -> None:
    """Add customers to try the registry with.

    Without options: ten fixed ones, where they are not there yet (by email).

    With --customers N: the next N of an endless list of made-up customers, most of them in one of
    a few groups. The list is always the same, so an empty registry gets the same customers each
    time, and seeding 1000 twice gives 2000. Who shares an email with somebody in the registry is
    passed over, and somebody else comes instead.

    From 5,000 on, into a registry that is small in comparison, a transaction adds up to 1,000,000
    or as many as are there, and builds the indexes anew at its end. The API has to wait for it:
    do not seed so many while it serves. Fewer are added 5,000 at a time, and it may go on serving.
    What is interrupted keeps the transactions that were complete.
    """
    if wanted is None:
        _add_samples()
    else:
        _add_generated(wanted)


def _add_samples() -> None:
    added = len(database.in_unit_of_work(samples.add))
    kept = len(samples.SAMPLES) - added
    click.echo(f"Added {added} sample customers; {kept} were there already.")


def _add_generated(wanted: int) -> None:
    # Here, because the tables that it makes cost time that no other command should pay.
    from customers_api.core.customers.generation import loading

    started = time.perf_counter()
    added = 0
    try:
        with click.progressbar(
            length=wanted,
            label="Adding customers",
            file=sys.stderr,
            hidden=not sys.stderr.isatty(),
            show_pos=True,
        ) as bar:
            for some in loading.add(wanted, bar.update):
                added += some
    except KeyboardInterrupt:
        click.echo(f"Interrupted: added {_took(added, started)}.", err=True)
        raise click.exceptions.Exit(INTERRUPTED) from None
    click.echo(f"Added {_took(added, started)}.")


def _took(added: int, started: float) -> str:
    seconds = time.perf_counter() - started
    return f"{added:,} customers in {seconds:,.1f} seconds ({added / seconds:,.0f} a second)"
