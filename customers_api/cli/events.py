"""flask events: what was changed, by whom; how to keep that from growing for ever."""

from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from customers_api.cli.running import complaints
from customers_api.core import clock
from customers_api.core.events import service

events = AppGroup("events", help="What was changed, by whom, in which request.")


@events.command("purge")
@click.option(
    "--before",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]),
    required=True,
    metavar="DATE",
    help="The first day, or moment, in UTC, whose events are kept.",
)
def purge(before: datetime) -> None:
    """Remove all earlier events, for good; that this was done is an event of its own.

    They go some thousands at a time: the API may serve meanwhile, and what is interrupted can be
    run again.
    """
    moment = before.replace(tzinfo=UTC)
    if moment > clock.now():
        raise click.BadParameter("lies in the future", param_hint="--before")
    with complaints():
        removed = sum(service.purge(moment))
    click.echo(f"Removed {removed:,} events from before {moment:%Y-%m-%d %H:%M} UTC.")
