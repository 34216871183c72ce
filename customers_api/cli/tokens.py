"""flask tokens: service tokens, for programs that call the API."""

import click
from flask.cli import AppGroup

from customers_api.cli.operators import ROLES
from customers_api.cli.running import complaints, run, table
from customers_api.core.tokens import queries, service

tokens = AppGroup("tokens", help="Service tokens, for programs that call the API.")


@tokens.command("create")
@click.option("--role", type=ROLES, required=True, help="What the token may do.")
@click.option("--name", required=True, help="What it is for, to tell it from others.")
@click.option("--days", type=int, help="How long it lasts; without an end when left out.")
def create(role: str, name: str, days: int | None) -> None:
    """Create a service token and print it, alone, on standard output."""
    fields = {"role": role, "name": name.strip(), "days": days}
    click.echo(run(lambda: service.service_jwt(service.create(fields))))


@tokens.command("list")
def every() -> None:
    """List all service tokens; what their holders send is not kept and not shown."""
    with complaints():
        found = queries.services()
    table(
        ("id", "name", "role", "created", "expires", "revoked"),
        [(t.id, t.name, t.role, t.created_at, t.expires_at, t.revoked_at) for t in found],
    )


@tokens.command("revoke")
@click.argument("id_or_name")
def revoke(id_or_name: str) -> None:
    """Revoke the token of this id, or all tokens of this name; works within a second."""
    if id_or_name.isascii() and id_or_name.isdigit():
        run(lambda: service.revoke(int(id_or_name)))
        click.echo(f"Revoked token {id_or_name}.")
        return
    count = run(lambda: service.revoke_named(id_or_name))
    click.echo(f"Revoked {count} token{'s' if count > 1 else ''} named {id_or_name}.")
