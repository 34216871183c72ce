"""flask prepare: what script/server does before it serves."""

import logging
import secrets
import socket
from collections.abc import Iterator

import click
from flask import Flask, current_app
from flask.cli import ScriptInfo, with_appcontext
from flask_migrate import upgrade
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from customers_api.cli.running import complaints, run
from customers_api.core.actor import Role
from customers_api.core.customers import queries as customers
from customers_api.core.customers import samples
from customers_api.core.operators import queries as operators
from customers_api.core.operators import service as operator_service
from customers_api.core.tokens import queries as tokens
from customers_api.core.tokens import service as token_service
from customers_api.version import VERSION

log = logging.getLogger(__name__)
ADMIN = "admin"
# The token of the printed curl line; revoked, it is not made again.
QUICKSTART = "quickstart"


@click.command("prepare")
@with_appcontext
def prepare() -> None:
    """Migrate, fill an empty development database, and say where the server will be.

    Development only: an admin whose password is shown once, sample customers, and a token for
    the printed curl line. Production tells how to make the first token instead, in its log.
    """
    host, port = current_app.config["HOST"], current_app.config["PORT"]
    _check_free(host, port)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    try:
        upgrade()
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise click.ClickException(f"the database cannot be opened: {reason}") from error
    password = None
    if current_app.config["ENVIRONMENT"] == "development":
        password = run(_fill)
    tell = _log if _is_logged() else click.echo
    for line in _introduction(f"http://{host}:{port}", password):
        tell(line)


def prepare_here(app: Flask) -> None:
    """Run `flask prepare` in this process, which goes on if it succeeds; raises SystemExit."""
    try:
        app.cli.main(["prepare"], prog_name="flask", obj=ScriptInfo(create_app=lambda: app))
    except SystemExit as end:
        if end.code:
            raise


def _is_logged() -> bool:
    """Whether what a start says is for programs to read; what development says is never logged."""
    settings = current_app.config
    return (settings["ENVIRONMENT"], settings["LOG_FORMAT"]) == ("production", "json")


def _log(line: str) -> None:
    log.info(" ".join(line.split()))


def _check_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"{host}:{port} cannot be listened on ({error.strerror}); "
                "stop what listens there, or choose another with PORT or HOST"
            ) from error


def _fill() -> str | None:
    """Make an admin, samples and a token where there is nothing; returns the admin's password."""
    if operators.every() or tokens.services() or customers.lowest_id() is not None:
        return None
    password = secrets.token_urlsafe(12)
    operator_service.create({"username": ADMIN, "password": password, "role": Role.ADMIN.value})
    token_service.create({"name": QUICKSTART, "role": Role.ADMIN.value})
    samples.add()
    return password


def _introduction(address: str, password: str | None) -> Iterator[str]:
    settings = current_app.config
    database = make_url(settings["DATABASE_URL"]).render_as_string(hide_password=True)
    yield f"customers-api {VERSION}, {settings['ENVIRONMENT']}, {database}"
    yield f"  address    {address}"
    yield f"  reference  {address}/docs"
    if password:
        yield f"  operator   {ADMIN}, password {password} (shown this once)"
    token = _quickstart()
    if token is None:
        yield "  a token    flask --app wsgi tokens create --role admin --name NAME"
        return
    lowest = customers.lowest_id()
    path = f"/api/customers/{lowest}" if lowest else "/api/groups"
    yield f"  try        curl -H 'Authorization: Bearer {token}' {address}{path}"


def _quickstart() -> str | None:
    if current_app.config["ENVIRONMENT"] != "development":
        return None
    with complaints():
        good = (t for t in tokens.services() if t.name == QUICKSTART and t.revoked_at is None)
        row = next(good, None)
    return token_service.service_jwt(row) if row else None
