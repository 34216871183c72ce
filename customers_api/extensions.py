"""The Flask extensions, made once here and bound to the application in create_app."""

from collections.abc import Mapping
from typing import Any

from flask import current_app
from flask_jwt_extended import JWTManager
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase


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


# Answers are written after the commit: an expired object would be read anew, or be gone by then.
db = SQLAlchemy(
    model_class=Base, disable_autonaming=True, session_options={"expire_on_commit": False}
)
migrate = Migrate(directory="migrations")
jwt = JWTManager()


def settings() -> Mapping[str, Any]:
    """The configuration of the application that is at work."""
    return current_app.config
