"""The Flask extensions, made once here and bound to the application in create_app."""

from collections.abc import Callable, Mapping
from typing import Any, cast

from flask import Flask, current_app
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine, MetaData
from sqlalchemy.orm import DeclarativeBase

ENGINE = "customers-api-engine"
# The application at work: what Flask's proxy stands for, asked for without it.
application = cast(Callable[[], Flask], current_app._get_current_object)  # type: ignore[attr-defined]


class Base(DeclarativeBase):
    """The declarative base; the naming convention gives every constraint a name to match on."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Database(SQLAlchemy):
    """Flask-SQLAlchemy with one engine an application, which is found without searching."""

    def init_app(self, app: Flask) -> None:
        """Make the engine of an application."""
        super().init_app(app)
        with app.app_context():
            app.extensions[ENGINE] = super().engine

    @property
    def engine(self) -> Engine:
        """The engine of the application that is at work; asked for several times a request."""
        engine: Engine = application().extensions[ENGINE]
        return engine


# Answers are written after the commit: an expired object would be read anew, or be gone by then.
db = Database(
    model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False}
)
migrate = Migrate(directory="migrations")
jwt = JWTManager()


def settings() -> Mapping[str, Any]:
    """The configuration of the application that is at work."""
    return application().config
