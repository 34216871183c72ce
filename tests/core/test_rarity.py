"""Which parts of a text PostgreSQL's index is asked for, and that nobody is missed by that."""

import random
from collections.abc import Iterator

import pytest
from flask import Flask
from flask_migrate import upgrade
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, text

from customers_api.core import database
from customers_api.core.customers import rarity, search
from customers_api.core.customers.text_index import move
from customers_api.core.paging import Slice, Sort
from customers_api.extensions import db
from tests.conftest import empty_database, make_app

pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True, scope="module")
MANY, ASKED, SEED = 3_000, 150, 20_261_128
SOME = Slice(0, 10)
NEWEST = Sort("created_at", descending=True)


@pytest.fixture(scope="module")
def seeded(
    backend: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[str]]:
    """The searched texts of many customers, in the application at work."""
    with empty_database(backend, request, tmp_path_factory.mktemp("rarity")) as url:
        app: Flask = make_app(url)
        with app.app_context():
            upgrade()
        assert app.test_cli_runner().invoke(args=["seed", "--customers", str(MANY)]).exit_code == 0
        with app.app_context():
            with db.engine.connect() as connection:
                while move(connection, leave=0):
                    pass
            yield [row.key for row in database.rows(text("SELECT key FROM customer_texts"))]
            db.engine.dispose()


@pytest.fixture
def sampled(seeded: list[str]) -> Iterator[list[str]]:
    """The statements that read the sample from now on, of which there is none yet."""
    assert seeded
    asked: list[str] = []

    def note(*arguments: object) -> None:
        if "TABLESAMPLE" in str(arguments[2]):
            asked.append(str(arguments[2]))

    rarity._samples.clear()
    event.listen(db.engine, "before_cursor_execute", note)
    yield asked
    event.remove(db.engine, "before_cursor_execute", note)


def found(query: str) -> int:
    return search.search({"query": query}, NEWEST, ("id",), SOME).total


def test_any_piece_of_a_text_finds_all_who_have_it(seeded: list[str]) -> None:
    draw = random.Random(SEED)
    for _ in range(ASKED):
        field = draw.choice(draw.choice(seeded).split("\x1f")) or "x"
        start = draw.randrange(len(field))
        piece = field[start : start + draw.randint(3, 30)]
        if piece.strip() != piece:
            continue
        assert found(piece) == sum(piece in each for each in seeded), piece


@pytest.mark.usefixtures("seeded")
def test_what_is_only_together_rare_is_asked_for_in_several_parts() -> None:
    firms = ["maple", "cedar", "pine", "elm", "walnut", "birch", "willow", "aspen", "juniper"]
    kinds = ["industries", "holdings", "labs", "logistics", "foods"]
    named = [f"{firm} and sons {kind}" for firm in firms for kind in kinds]
    texts = [f"{name} {n}" for name in named for n in range(10, 20)]
    rarity._samples[db.engine] = rarity.Sample(texts, 60.0)
    firm, kind = rarity.rare_parts("willow and sons logistics")
    assert firm in "willow and"
    assert kind in "sons logistics"
    assert rarity.rare_parts("willow and sons logistics 77") == ["ics 77"]
    rarity._samples.clear()


@given(wanted=st.text("ab1 _%\\.ö-", min_size=1, max_size=40), seed=st.integers(0, 99))
@pytest.mark.usefixtures("seeded")
def test_parts_are_pieces_of_the_text_in_their_order(wanted: str, seed: int) -> None:
    draw = random.Random(seed)
    texts = ["".join(draw.choices("ab1 _%\\.ö-", k=60)) for _ in range(rarity.MOST_TEXTS)]
    rarity._samples[db.engine] = rarity.Sample(texts, 60.0)
    rest = wanted
    for part in rarity.rare_parts(wanted):
        _, there, rest = rest.partition(part)
        assert there == part != ""


@pytest.mark.parametrize(
    "part",
    [
        "okafor",
        "es 125",
        "ies 15",
        "r.doe@",
        "o'neil",
        "+1 555",
        "köhler",
        "a_b c",
        "x",
        "--",
        "m&m",
    ],
)
@pytest.mark.usefixtures("seeded")
def test_the_index_leaves_what_is_expected_of_it(part: str) -> None:
    """Told by a table of texts of which some hold the part, and some only what it is made of."""
    texts = [
        part,
        f"maple {part} industries",
        f"a{part}b",
        f"+1555 tries {part[::-1]} okaforge",
        "the okafors 1255 o neil mr.doer@x +15 55 köhlers a b cd m m",
        "es-125.ies+15 1 555 e.s 1.25",
    ]
    sample = rarity.Sample(texts, 60.0)
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TEMP TABLE held (place int, key text)"))
        places = [{"place": place, "key": each} for place, each in enumerate(texts)]
        connection.execute(text("INSERT INTO held VALUES (:place, :key)"), places)
        connection.execute(text("CREATE INDEX ON held USING gin (key gin_trgm_ops)"))
        connection.execute(text("SET enable_seqscan = off"))
        asked = text("EXPLAIN (ANALYZE, FORMAT JSON) SELECT FROM held WHERE key LIKE :like")
        escaped = part.replace("_", "\\_")
        plan = connection.execute(asked, {"like": f"%{escaped}%"}).scalar_one()[0]["Plan"]
        connection.execute(text("RESET enable_seqscan"))
        connection.execute(text("DROP TABLE held"))
    assert plan["Plans"][0]["Node Type"] == "Bitmap Index Scan"
    left = sample.left(part, sample.all)
    assert left.bit_count() == plan["Plans"][0]["Actual Rows"]


def test_what_many_have_is_frequent_and_what_few_have_is_not(seeded: list[str]) -> None:
    rarity._samples.clear()
    assert rarity.is_frequent("cust_")
    assert not rarity.is_frequent(next(each for each in seeded).split("\x1f")[1])


@pytest.mark.parametrize(
    ("enough", "lasts"), [(rarity.ENOUGH, "GOOD_SECONDS"), (MANY, "FEW_GOOD_SECONDS")]
)
def test_searches_share_a_sample_as_long_as_it_lasts(
    sampled: list[str], monkeypatch: pytest.MonkeyPatch, enough: int, lasts: str
) -> None:
    # One of few texts lasts less long.
    monkeypatch.setattr(rarity, "ENOUGH", enough)
    assert found("zebra works") == found("zebra") == 0
    assert len(sampled) == 1
    monkeypatch.setattr(rarity, lasts, 0.0)
    rarity._samples.clear()
    assert found("zebra works") == 0
    assert len(sampled) > 2
