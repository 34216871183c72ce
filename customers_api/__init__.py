"""customers-api: a customer registry. `create_app` is the only place that knows every room."""

import os
from typing import Any

from flask import Flask, Response

from config import Config, load
from customers_api import cli
from customers_api.contracts.auth.customers import contract as customer_auth
from customers_api.contracts.auth.sessions import contract as auth
from customers_api.contracts.basic.customers import basic
from customers_api.contracts.capability import stdio
from customers_api.contracts.capability.operations import contract as capability
from customers_api.contracts.capability.streamable import contract as mcp
from customers_api.contracts.events.events import contract as events
from customers_api.contracts.groups.groups import contract as groups
from customers_api.contracts.loyalty.customers import loyalty
from customers_api.contracts.main.customers import main
from customers_api.contracts.me.me import contract as me
from customers_api.contracts.operators.operators import contract as operators
from customers_api.contracts.registry.customers import registry
from customers_api.contracts.tokens.tokens import contract as tokens
from customers_api.core import engine
from customers_api.extensions import db, jwt, migrate
from customers_api.web import (
    access,
    addresses,
    at_hand,
    contract,
    cors,
    exposition,
    health,
    limits,
    logs,
    metrics,
    observation,
    problems,
    reference,
    secure_headers,
    tracing,
)
from customers_api.web.application import Application
from customers_api.web.converters import CONVERTERS

CONTRACTS = (
    main,
    registry,
    basic,
    loyalty,
    capability,
    mcp,
    groups,
    auth,
    customer_auth,
    me,
    operators,
    tokens,
    events,
    health.contract,
    exposition.contract,
)


def create_app(config: Config | None = None) -> Flask:
    """The application, configured by `config` or by the environment.

    Raises ConfigurationError, in one line, where a setting is missing or makes no sense.
    """
    config = config or load()
    logs.configure(config)
    tracer = tracing.Tracer() if config.TRACING else None
    app = Application(__name__, static_folder=None, template_folder="web/templates")
    app.config.from_object(config)
    app.config.from_mapping(_extension_settings(config))
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.url_map.converters.update(CONVERTERS)

    engine.make_folder(config.DATABASE_URL, app.instance_path)
    db.init_app(app)
    migrate.init_app(app, db)
    jwt.init_app(app)
    with app.app_context():
        engine.prepare(db, timeout_seconds=config.DATABASE_TIMEOUT_SECONDS)
        metrics.watch(db.engine)
        if tracer:
            tracer.watch(db.engine)
    app.extensions[access.EXTENSION] = access.Tokens(config.REVOCATION_CHECK_SECONDS)

    app.before_request(_identify)
    observation.Observer(config, tracer).watch(app)
    app.register_error_handler(Exception, _refuse)
    for each in CONTRACTS:
        contract.register(app, each)
    app.register_blueprint(reference.pages)
    proxies = addresses.Proxies(config.TRUSTED_PROXIES)
    app.extensions[addresses.EXTENSION] = proxies
    secure_headers.init_app(app, proxies)
    limits.init_app(app, proxies)
    cors.init_app(app, config.CORS_ORIGINS)
    cli.register(app)
    app.cli.add_command(stdio.mcp)
    return app


def _extension_settings(config: Config) -> dict[str, Any]:
    return {
        "SQLALCHEMY_DATABASE_URI": config.DATABASE_URL,
        "SQLALCHEMY_ENGINE_OPTIONS": engine.options(
            config.DATABASE_URL,
            pool_size=config.DATABASE_POOL_SIZE,
            timeout_seconds=config.DATABASE_TIMEOUT_SECONDS,
            prepare=config.DATABASE_PREPARE,
        ),
        # No route has OPTIONS of its own: CORS answers it for all of them, or nobody does.
        "PROVIDE_AUTOMATIC_OPTIONS": False,
        # Tokens come in a header, where no other site can put one.
        "JWT_COOKIE_CSRF_PROTECT": False,
        # Seconds by which the clocks of two machines may differ.
        "JWT_DECODE_LEEWAY": 60,
        "JWT_SECRET_KEY": config.SECRET_KEY,
        "JWT_DECODE_ALGORITHMS": [config.JWT_ALGORITHM],
        "JWT_ENCODE_ISSUER": config.JWT_ISSUER,
        "JWT_DECODE_ISSUER": config.JWT_ISSUER,
        "JWT_ENCODE_AUDIENCE": config.JWT_AUDIENCE,
        "JWT_DECODE_AUDIENCE": config.JWT_AUDIENCE,
    }


def _identify() -> None:
    given = at_hand.request().environ.get("HTTP_X_REQUEST_ID")
    kept = given is not None and problems.REQUEST_ID.fullmatch(given)
    at_hand.kept().request_id = given if kept else os.urandom(16).hex()


def _refuse(raised: Exception) -> Response:
    return problems.response(raised, contract.statuses_here())
