"""What was measured becomes tables and a picture; what is counted is counted right."""

import sqlite3
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from benchmarks.compare import recording
from benchmarks.compare.measuring import Measured
from benchmarks.compare.picture import drawn, picture
from benchmarks.compare.tables import Results, tables
from benchmarks.costs.parts import shares
from benchmarks.costs.traced import Traced
from benchmarks.costs.wire import Connection, Traffic

FIRST = Measured(
    size=1000,
    clients=16,
    job="W1",
    contestant="fastapi-orm",
    round=1,
    per_second=100.0,
    p50=10.0,
    p99=20.0,
    bytes=1000,
    failed=0,
)
OURS = replace(FIRST, contestant="ours")
ROUNDS = [
    *(replace(FIRST, round=n, per_second=each) for n, each in enumerate((100, 200, 100), 1)),
    *(replace(OURS, round=n, per_second=each) for n, each in enumerate((300, 400, 500), 1)),
]


def test_a_table_has_the_middle_of_the_rounds_and_of_their_ratios() -> None:
    shown = tables(Results(ROUNDS))
    row = "| W1, read a customer | 16 | **customers-api, gunicorn** | 400 | 10.0 | 20.0 | 3.00 |"
    assert row in shown
    assert "grows" not in shown


def test_what_failed_does_not_count() -> None:
    failed = replace(OURS, round=4, per_second=9000, failed=1)
    assert tables(Results([*ROUNDS, failed])) == tables(Results(ROUNDS))


def test_what_was_measured_at_several_sizes_grows() -> None:
    large = [replace(each, size=1_000_000, per_second=each.per_second / 2) for each in ROUNDS]
    shown = tables(Results([*ROUNDS, *large]))
    assert "| W1 | 16 | customers-api, gunicorn | 400 (10.0) | 200 (10.0) |" in shown
    assert "grows with the clients" not in shown


def test_the_picture_shows_everybody_at_the_largest_size() -> None:
    large = [replace(each, size=1_000_000) for each in ROUNDS]
    results = Results([*ROUNDS, *large])
    places = drawn(results)
    assert places == [(1_000_000, 16, "W1")]
    image = ElementTree.fromstring(picture(results, places))
    texts = [each.text for each in image.iter("{http://www.w3.org/2000/svg}text")]
    assert {"W1: read a customer", "customers-api, gunicorn", "400 (3.0×)"} <= {*texts}  # noqa: RUF001


def test_of_two_files_the_later_wins(tmp_path: Path) -> None:
    import json

    for name, some in (("a", ROUNDS), ("b", [replace(OURS, per_second=7.0)])):
        (tmp_path / name).write_text(json.dumps({"measured": [each.plain() for each in some]}))
    found = recording.read([tmp_path / "a", tmp_path / "b"])
    assert [each for each in found if each.contestant == "ours"] == [replace(OURS, per_second=7.0)]
    assert len(found) == 4


def test_the_relay_counts_what_the_protocol_says() -> None:
    traffic = Traffic()
    connection = Connection(traffic)
    # Its first message has no type; then Parse, Bind, Execute and Sync, cut anywhere.
    connection.ask(b"\0\0\0\x08\0\x03\0\0")
    connection.answer(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I")
    connection.ask(b"P\0\0\0\x04B\0\0\0\x04E\0\0")
    connection.ask(b"\0\x04S\0\0\0\x04")
    connection.answer(b"D\0\0\0\x06..D\0\0\0\x06")
    connection.answer(b"..C\0\0\0\x04Z\0\0\0\x05I")
    counted = traffic.statements, traffic.round_trips, traffic.rows
    assert counted == (1, 2, 2)


def test_each_statement_of_sqlite_is_counted() -> None:
    traced = Traced()
    connection = sqlite3.connect(":memory:", isolation_level=None)
    traced.reset()
    connection.execute("CREATE TABLE t (a)")
    connection.executemany("INSERT INTO t VALUES (?)", [(1,), (2,)])
    connection.close()
    assert traced.statements == 3


def test_a_sample_is_of_the_innermost_part_that_is_known() -> None:
    outside = "main (x.py:1);watched (benchmarks/costs/worker.py:93);wsgi_app (flask/app.py:1)"
    access = f"{outside};bearer (customers_api/web/access.py:9)"
    found = shares(
        [
            "main (x.py:1);_caller (benchmarks/costs/worker.py:1) 1000",
            f"{outside};bind (werkzeug/routing/map.py:2) 4",
            f"{access};get (werkzeug/datastructures/headers.py:1) 3",
            f"{access};rows (customers_api/core/database.py:1) 2",
            f"{outside};dumps (customers_api/web/rows.py:1) 1",
        ]
    )
    assert {part: share for part, share in found.items() if share} == {
        "dispatch": 0.4,
        "token": 0.3,
        "driver": 0.2,
        "encoding": 0.1,
    }
