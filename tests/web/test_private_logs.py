"""What clients give is in no line of the log, whatever goes wrong with it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from customers_api.core import database
from customers_api.core.customers import queries
from customers_api.extensions import db
from customers_api.web import faults
from tests.conftest import make_app
from tests.support.api import Api
from tests.support.log import logging_as, parsed

MARK = "m4rk3d"
EMAIL = f"{MARK}@example.com"
PERSON = {"first_name": MARK, "last_name": MARK, "email": EMAIL, "phone": "+49 30 901820"}
PASSWORD = f"{MARK} is a long password"


def fail_as(raised: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raised()

    monkeypatch.setattr(queries, "get", fail)


def duplicate() -> object:
    """A constraint that nobody maps to an answer breaks."""
    insert = text("INSERT INTO operators (username, password_hash, role) VALUES (:u, :u, :u)")
    with db.engine.connect() as connection:
        connection.execute(insert, {"u": MARK})
        return connection.execute(insert, {"u": MARK})


def nonsense() -> object:
    """The database cannot read a value."""
    wrong = "SELECT CAST(:v AS integer)" if database.dialect() == "postgresql" else MARK
    return database.rows(text(wrong), {"v": MARK} if ":v" in wrong else None)


def number() -> object:
    return int(MARK)


def encoded() -> object:
    return f"{MARK}ü".encode("ascii")


def missing() -> object:
    return {}[MARK]


@pytest.mark.parametrize("raised", [duplicate, nonsense, number, encoded, missing])
def test_a_failure_does_not_repeat_what_it_failed_with(
    app: Flask,
    reader: Api,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    raised: Callable[[], object],
) -> None:
    fail_as(raised, monkeypatch)
    answer = reader.get("/api/customers/1")
    written = capfd.readouterr().err
    assert answer.status_code in (500, 503)
    assert [line["level"] for line in parsed(written)] == ["error", "error"]
    assert MARK not in written


def calls() -> list[tuple[str, str, dict[str, Any]]]:
    """Marked values at every place where a client may put one."""
    return [
        ("POST", "/api/customers/", {"json": PERSON}),
        ("POST", "/api/customers/", {"json": PERSON}),
        ("POST", "/api/customers/", {"json": PERSON | {MARK: MARK, "phone": MARK}}),
        ("POST", "/api/customers/", {"data": MARK, "content_type": f"text/{MARK}"}),
        ("POST", "/api/customers/", {"data": f"{{{MARK}", "content_type": "application/json"}),
        ("POST", "/api/customers/search", {"json": {"email": EMAIL, "query": MARK}}),
        ("POST", "/api/customers/search", {"json": {"query": MARK, "tags": MARK}}),
        ("GET", f"/api/customers/email/{EMAIL}", {}),
        ("GET", f"/api/customers/username/{MARK}", {}),
        ("GET", f"/{MARK}/{EMAIL}?{MARK}={MARK}", {}),
        ("GET", f"/api/customers?{MARK}={MARK}", {}),
        ("POST", "/api/auth/login", {"json": {"username": MARK, "password": PASSWORD}}),
        ("POST", "/api/auth/customers/login", {"json": {"email": EMAIL, "password": PASSWORD}}),
        ("POST", "/api/auth/refresh", {"json": {"refresh_token": MARK}}),
        ("GET", "/api/customers/1", {"headers": {"Authorization": f"Bearer {MARK}"}}),
        ("GET", "/api/customers/1", {"headers": {"X-Request-ID": f"{MARK} {MARK}"}}),
        ("PUT", "/api/customers/1/password", {"json": {"password": PASSWORD}}),
        (MARK.upper(), "/api/groups/", {}),
        ("POST", "/api/groups/", {"json": {"name": MARK}, "headers": {"Idempotency-Key": MARK}}),
    ]


@pytest.mark.parametrize("level", ["info", "debug"])
def test_nothing_that_clients_give_is_logged(
    admin: Api, capfd: pytest.CaptureFixture[str], level: str
) -> None:
    statuses = set()
    with logging_as(admin.app, LOG_LEVEL=level) as app:
        for method, path, options in calls():
            headers = {"Authorization": f"Bearer {admin.token}"} | options.pop("headers", {})
            client = app.test_client()
            with client.open(path, method=method, headers=headers, **options) as answer:
                statuses.add(answer.status_code)
    written = capfd.readouterr().err
    assert {200, 201, 400, 401, 404, 405, 415} <= statuses
    assert len(parsed(written)) >= len(calls())
    assert MARK not in written.lower()
    assert str(admin.token) not in written


def test_a_database_that_is_away_is_told_without_its_password(
    capfd: pytest.CaptureFixture[str],
) -> None:
    app = make_app(f"postgresql://{MARK}:{MARK}pw@127.0.0.1:1/customers")
    with app.test_client() as client:
        answer = client.get("/api/customers/1", headers={"Authorization": "Bearer x.y.z"})
        health = client.get("/health")
    written = capfd.readouterr().err
    assert (answer.status_code, health.status_code) == (401, 503)
    assert f"{MARK}pw" not in written


def test_broken_constraints_are_named(app: Flask) -> None:
    with app.app_context(), pytest.raises(Exception) as caught:  # noqa: PT011  see what is told
        duplicate()
    told = faults.told(caught.value, whole=False)
    assert "IntegrityError" in told
    assert "operators" in told
    assert MARK not in told


def test_what_python_says_of_the_program_is_kept() -> None:
    with pytest.raises(AttributeError) as caught:
        object().nothing  # type: ignore[attr-defined]  # noqa: B018
    assert "no attribute 'nothing'" in faults.told(caught.value, whole=False)


def test_the_longest_story_fits_a_pipe() -> None:
    def deep(n: int) -> None:
        try:
            deep(n - 1) if n else number()
        except Exception as error:
            raise RuntimeError(MARK * 1000) from error

    with pytest.raises(RuntimeError) as caught:
        deep(50)
    assert len(faults.told(caught.value, whole=False)) < 3500
    assert MARK in faults.told(caught.value, whole=True)
