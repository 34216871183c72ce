"""flask operators: the people who run the registry."""

import click
from flask.cli import AppGroup

from customers_api.cli.running import complaints, password, run, table
from customers_api.core.actor import Role
from customers_api.core.operators import queries, service

operators = AppGroup("operators", help="The people who run the registry.")
ROLES = click.Choice([role.value for role in Role])


@operators.command("create")
@click.argument("username")
@click.option("--role", type=ROLES, required=True, help="What the operator may do.")
def create(username: str, role: str) -> None:
    """Create an operator; the password is asked for, or read from standard input."""
    fields = {"username": username.strip(), "password": password(), "role": role}
    operator = run(lambda: service.create(fields))
    click.echo(f"Created operator {operator.username} ({operator.role}).")


@operators.command("list")
def every() -> None:
    """List all operators."""
    with complaints():
        found = queries.every()
    table(
        ("id", "username", "role", "last login", "disabled"),
        [(o.id, o.username, o.role, o.last_login_at, o.disabled_at) for o in found],
    )


@operators.command("set-password")
@click.argument("username")
def set_password(username: str) -> None:
    """Give an operator a new password, which ends the operator's sessions."""
    changes = {"password": password()}
    run(lambda: service.change(queries.by_username(username).id, changes))
    click.echo(f"Changed the password of {username}; all of their sessions are over.")


@operators.command("disable")
@click.argument("username")
def disable(username: str) -> None:
    """Keep an operator out, at once; nothing is removed."""
    run(lambda: service.change(queries.by_username(username).id, {"disabled": True}))
    click.echo(f"Disabled {username}.")
