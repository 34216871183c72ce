"""GET /api/customers/group/<id>/: which query parameters there are."""

import pytest

from tests.contracts.main.calls import created, new_group, person
from tests.contracts.main.test_listing import SORTS
from tests.support.api import Api, problems


@pytest.fixture
def path(editor: Api) -> str:
    """Where a group of one customer, born on the first of January 1990, is listed."""
    group_id = new_group(editor, "Retail")
    created(editor, **person(group_id=group_id, date_of_birth="1990-01-01"))
    return f"/api/customers/group/{group_id}/"


@pytest.mark.parametrize("word", ["true", "1", "yes"])
def test_these_words_add_the_age(reader: Api, path: str, word: str) -> None:
    assert "age" in reader.get(f"{path}?age={word}").get_json()[0]


@pytest.mark.parametrize("query", ["", "?age=false", "?age=0", "?age=no"])
def test_without_them_there_is_no_age(reader: Api, path: str, query: str) -> None:
    assert "age" not in reader.get(f"{path}{query}").get_json()[0]


def test_sorting_by_age_does_not_show_it(reader: Api, path: str) -> None:
    assert "age" not in reader.get(f"{path}?sort=age").get_json()[0]


@pytest.mark.parametrize("sort", SORTS)
def test_every_sort_is_taken_with_every_age(reader: Api, path: str, sort: str) -> None:
    for age in ("true", "false"):
        assert len(reader.get(f"{path}?sort={sort}&order=desc&age={age}").get_json()) == 1


@pytest.mark.parametrize(
    ("query", "parameter", "allowed"),
    [
        ("sort=phone", "sort", SORTS),
        ("sort=ID", "sort", SORTS),
        ("sort=", "sort", SORTS),
        ("sort=id;DROP%20TABLE%20customers", "sort", SORTS),
        ("sort=%00", "sort", SORTS),
        ("sort=%FF", "sort", SORTS),
        ("order=up", "order", ["asc", "desc"]),
        ("order=ASC", "order", ["asc", "desc"]),
        ("order=", "order", ["asc", "desc"]),
        ("age=maybe", "age", ["true", "false", "1", "0", "yes", "no"]),
        ("age=2", "age", ["true", "false", "1", "0", "yes", "no"]),
        ("age=", "age", ["true", "false", "1", "0", "yes", "no"]),
    ],
)
def test_anything_else_is_400_and_names_what_is_allowed(
    reader: Api, path: str, query: str, parameter: str, allowed: list[str]
) -> None:
    answer = reader.get(f"{path}?{query}")
    assert answer.status_code == 400
    [(named, message)] = problems(answer).items()
    assert named == parameter
    words = message.removeprefix("Must be one of ").split(", ")
    assert sorted(words) == sorted(allowed)
    assert all(word in answer.get_json()["detail"] for word in allowed)


@pytest.mark.parametrize("name", ["limit", "Sort", "group_id", "~", "a/b", "%C3%A9"])
def test_an_unknown_parameter_is_refused_by_name(reader: Api, path: str, name: str) -> None:
    answer = reader.get(f"{path}?{name}=5")
    assert answer.status_code == 400
    assert set(problems(answer)) == {name.replace("%C3%A9", "é")}


@pytest.mark.parametrize("query", ["sort=id&sort=id", "age=1&age=0", "order=asc&order=desc"])
def test_a_parameter_that_is_given_twice_is_refused(reader: Api, path: str, query: str) -> None:
    answer = reader.get(f"{path}?{query}")
    assert answer.status_code == 400
    assert set(problems(answer)) == {query.partition("=")[0]}


def test_all_that_is_wrong_is_told_at_once(reader: Api, path: str) -> None:
    answer = reader.get(f"{path}?sort=x&order=y&age=z&limit=1&limit=2&page=3")
    assert set(problems(answer)) == {"sort", "order", "age", "limit", "page"}
