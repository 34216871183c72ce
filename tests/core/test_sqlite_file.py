"""SQLite's file: who may read it, and those beside it."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import create_engine, text

from customers_api.core import database, engine
from customers_api.extensions import db
from tests.conftest import make_app
from tests.support.checkout import ROOT

WRITE = text("UPDATE alembic_version SET version_num = version_num")


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The umask that lets everybody read, as most have it."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def write(path: Path) -> dict[str, int]:
    """The rights of the database's files while something has been written to it."""
    app = make_app(f"sqlite:///{path}")
    with app.app_context():
        upgrade()
        database.in_unit_of_work(lambda: database.write(WRITE))
        found = {each.name: rights(each) for each in path.parent.iterdir()}
        db.engine.dispose()
    return found


def test_a_new_database_is_for_its_owner_alone_and_so_are_the_files_beside_it(
    tmp_path: Path,
) -> None:
    files = dict.fromkeys(("some.db", "some.db-wal", "some.db-shm"), 0o600)
    assert write(tmp_path / "some.db") == files


def test_the_rights_of_a_database_that_is_there_stay(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    path.touch(mode=0o640)
    assert set(write(path).values()) == {0o640}


def test_a_database_behind_a_link_that_leads_nowhere_yet_is_made_there(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "some.db").symlink_to(tmp_path / "some.db")
    write(tmp_path / "here" / "some.db")
    assert rights(tmp_path / "some.db") == 0o600


def test_where_no_file_can_be_made_sqlite_says_so(tmp_path: Path) -> None:
    app = make_app(f"sqlite:///{tmp_path}/no/folder.db")
    with app.app_context(), pytest.raises(Exception, match="unable to open database file"):
        db.engine.connect()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///file:x?uri=true"])
def test_what_names_no_file_makes_none(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments, parameters = create_engine(url).dialect.create_connect_args(create_engine(url).url)
    engine._make_file(None, None, arguments, parameters)
    assert [*tmp_path.iterdir()] == []


def test_the_folder_of_a_relative_path_is_for_its_owner_alone(tmp_path: Path) -> None:
    urls = ["sqlite://", f"sqlite:///{tmp_path}/x.db", "postgresql://somewhere/x"]
    for url, name in [(url, "not") for url in urls] + [("sqlite:///some.db", "made")]:
        engine.make_folder(url, str(tmp_path / name))
    assert [each.name for each in tmp_path.iterdir()] == ["made"]
    assert rights(tmp_path / "made") == 0o700


def test_processes_that_start_at_once_share_one_file(tmp_path: Path) -> None:
    path = tmp_path / "some.db"
    script = (
        "import sys; from tests.conftest import make_app; from flask_migrate import upgrade\n"
        "with make_app(sys.argv[1]).app_context(): upgrade()"
    )
    command = [sys.executable, "-c", script, f"sqlite:///{path}"]
    started = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
    assert [process.wait(timeout=120) for process in started] == [0] * 4
    assert rights(path) == 0o600
    assert set(write(path).values()) == {0o600}
