"""GET /api/customers/group/<id>/: who is listed, and in which order."""

from typing import Any

import pytest
import time_machine

from tests.contracts.main.calls import created, created_list, new_group, person
from tests.support.api import Api

# By sort: what makes the first, the second and the third customer in ascending order.
SORTED = {
    "first_name": [{"first_name": name} for name in ("Ada", "Bo", "Cy")],
    "last_name": [{"last_name": name} for name in ("Abel", "Berg", "Curie")],
    "email": [{"email": f"{name}@example.com"} for name in "abc"],
    "username": [{"first_name": name} for name in ("Ada", "Bo", "Cy")],
    "age": [{"date_of_birth": day} for day in ("2010-05-05", "1990-05-05", "1931-05-05")],
    "city": [{"city": name} for name in ("Aachen", "Bern", "Cork")],
    "country": [{"country": name} for name in ("Austria", "Brazil", "Chile")],
    "lifetime_value": [{"lifetime_value": amount} for amount in ("-5", "9.99", "10")],
}
SORTS = [*SORTED, "id", "created_at", "updated_at"]
# The order in which they are created, so that no order of ids is the one wanted.
PLACES = (1, 2, 0)


@pytest.fixture
def group(editor: Api) -> int:
    """The id of an empty group."""
    return new_group(editor, "Retail")


def listed(reader: Api, group: int, query: str = "") -> list[int]:
    answer = reader.get(f"/api/customers/group/{group}/{query}")
    assert answer.status_code == 200
    return [customer["id"] for customer in answer.get_json()]


def test_a_group_that_is_empty_is_an_empty_list(reader: Api, group: int) -> None:
    answer = reader.get(f"/api/customers/group/{group}/")
    assert answer.status_code == 200
    assert answer.get_json() == []


@pytest.mark.parametrize("group_id", [0, 999, 2**63 - 1, 2**63, 2**64, 10**30])
def test_a_group_that_is_not_there_is_404(reader: Api, group_id: int) -> None:
    answer = reader.get(f"/api/customers/group/{group_id}/")
    assert answer.status_code == 404
    assert answer.get_json()["detail"] == "Group not found"


def test_each_customer_is_listed_whole(editor: Api, group: int) -> None:
    made = created_list(editor, person(1, group_id=group, tags="a,b"), person(2, group_id=group))
    assert editor.get(f"/api/customers/group/{group}/").get_json() == made


def test_only_customers_of_the_group_are_listed(editor: Api, group: int) -> None:
    other = new_group(editor, "Other")
    inside = created(editor, **person(1, group_id=group))
    created_list(editor, person(2, group_id=other), person(3))
    assert listed(editor, group) == [inside["id"]]


def test_who_is_inactive_is_listed_too(editor: Api, group: int) -> None:
    made = created(editor, **person(group_id=group, customer_status="inactive"))
    assert listed(editor, group) == [made["id"]]


def test_a_list_is_by_id_unless_it_says_otherwise(editor: Api, group: int) -> None:
    made = created_list(editor, *(person(n, group_id=group) for n in (3, 1, 2)))
    ids = [customer["id"] for customer in made]
    assert listed(editor, group) == ids == sorted(ids)
    assert listed(editor, group, "?order=desc") == ids[::-1]


@pytest.mark.parametrize("sort", SORTED)
def test_every_sort_goes_both_ways(editor: Api, group: int, sort: str) -> None:
    made = created_list(editor, *(person(n, group_id=group) | SORTED[sort][n] for n in PLACES))
    ids = [made[PLACES.index(place)]["id"] for place in range(3)]
    assert listed(editor, group, f"?sort={sort}") == ids
    assert listed(editor, group, f"?sort={sort}&order=asc") == ids
    assert listed(editor, group, f"?sort={sort}&order=desc") == ids[::-1]


def test_moments_sort_by_time(editor: Api, group: int) -> None:
    made = []
    for number, day in enumerate(("2031-05-05", "2029-05-05", "2030-05-05")):
        with time_machine.travel(f"{day}T00:00:00Z"):
            made.append(created(editor, **person(number, group_id=group))["id"])
    last, first, middle = made
    assert listed(editor, group, "?sort=created_at") == [first, middle, last]
    with time_machine.travel("2032-05-05T00:00:00Z"):
        editor.patch(f"/api/customers/{first}", {"city": "Bern"})
    assert listed(editor, group, "?sort=updated_at") == [middle, last, first]
    assert listed(editor, group, "?sort=updated_at&order=desc") == [first, last, middle]
    assert listed(editor, group, "?sort=created_at&order=desc") == [last, middle, first]


@pytest.mark.parametrize("sort", ["city", "country", "age"])
def test_unknown_values_come_last_in_both_directions(editor: Api, group: int, sort: str) -> None:
    fields: list[dict[str, Any]] = [{}, SORTED[sort][1], {}, SORTED[sort][0]]
    made = created_list(editor, *(person(n, group_id=group) | f for n, f in enumerate(fields)))
    none, second, nothing, first = (customer["id"] for customer in made)
    assert listed(editor, group, f"?sort={sort}") == [first, second, none, nothing]
    assert listed(editor, group, f"?sort={sort}&order=desc") == [second, first, none, nothing]


@pytest.mark.parametrize("sort", ["first_name", "last_name", "city", "country", "lifetime_value"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_ties_are_by_id_in_both_directions(editor: Api, group: int, sort: str, order: str) -> None:
    same = {"city": "Bern", "country": "Chile", "lifetime_value": "7"}
    made = created_list(editor, *(person(n, group_id=group, **same) for n in (4, 2, 3, 1)))
    ids = [customer["id"] for customer in made]
    assert listed(editor, group, f"?sort={sort}&order={order}") == ids


def test_customers_of_one_age_tie_whatever_their_days(editor: Api, group: int) -> None:
    days = ("1990-03-03", "1990-01-01", "1990-02-02")
    bodies = [person(n, group_id=group, date_of_birth=day) for n, day in enumerate(days)]
    ids = [customer["id"] for customer in created_list(editor, *bodies)]
    with time_machine.travel("2030-06-15T00:00:00Z"):
        assert listed(editor, group, "?sort=age") == ids
        assert listed(editor, group, "?sort=age&order=desc") == ids


def test_text_sorts_by_code_point_on_either_database(editor: Api, group: int) -> None:
    names = ("Zoe", "adam", "Émile", "李雷", "🎷")
    made = [created(editor, **person(n, group_id=group, city=c)) for n, c in enumerate(names)]
    assert listed(editor, group, "?sort=city") == [customer["id"] for customer in made]


def test_a_customer_who_leaves_the_group_leaves_the_list(editor: Api, group: int) -> None:
    made = created_list(editor, person(1, group_id=group), person(2, group_id=group))
    editor.patch(f"/api/customers/{made[0]['id']}", {"group_id": None})
    assert listed(editor, group) == [made[1]["id"]]
