"""GET /location/search and /available/*: where customers are."""

from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.contracts.main.calls import created, created_list, person
from tests.contracts.shared.calls import ids, invalid, walked
from tests.support.api import Api, problems

PLACES = [
    (None, None, None), ("", "", ""), ("New York", "NY", "USA"), ("new york", "ny", "usa"),
    ("Zürich", "ZH", "Schweiz"), ("ZÜRICH", "zh", "SCHWEIZ"), ("Zurich", "Ontario", "Canada"),
    ("Québec", "Québec", "Canada"), ("Paris", None, "France"), ("Paris", "Texas", "USA"),
    ("100%", "a_b", "USA"), (None, "NY", "USA"), ("Paris", "", None), ("100x", "axb", "USA"),
]  # fmt: skip
NAMES = ("city", "state", "country")


@pytest.fixture
def there(editor: Api) -> list[dict[str, Any]]:
    """Customers in various places."""
    people = [person(n, **dict(zip(NAMES, each, strict=True))) for n, each in enumerate(PLACES)]
    return created_list(editor, *people)


def test_city_state_and_country_alone_and_together_without_regard_to_case(
    reader: Api, prefix: str, there: list[dict[str, Any]]
) -> None:
    cities = (None, "NEW york", "zÜrich", "PARIS", "québec", "New", "100%")
    states = (None, "Ny", "QUÉBEC", "a_b")
    for values in product(cities, states, (None, "Usa", "CANADA", "%")):
        place = {n: v for n, v in zip(NAMES, values, strict=True) if v}
        if place:
            expected = [
                customer["id"]
                for customer in there
                if all((customer[n] or "").lower() == v.lower() for n, v in place.items())
            ]
            found = reader.get(f"{prefix}/location/search?{urlencode(place)}")
            assert ids(found) == expected, place


def test_no_place_at_all_is_refused(reader: Api, prefix: str) -> None:
    for query in ("", "limit=10", "city=", "city=&state=%20&country="):
        answer = reader.get(f"{prefix}/location/search?{query}")
        assert answer.status_code == invalid(prefix), query
        assert problems(answer)


def test_unknown_parameters_and_control_characters_are_refused(reader: Api, prefix: str) -> None:
    for query, name in (("city=a&town=b", "town"), ("city=%00", "city"), ("state=a%0Ab", "state")):
        answer = reader.get(f"{prefix}/location/search?{query}")
        assert answer.status_code == invalid(prefix)
        assert set(problems(answer)) == {name}


def test_the_links_lead_to_every_one_of_them_once(
    reader: Api, prefix: str, there: list[dict[str, Any]]
) -> None:
    expected = [c["id"] for c in there if (c["country"] or "").lower() == "usa"]
    for way, limit in product(("", "&skip=0"), (1, 2, 5, 6)):
        pages = walked(reader, f"{prefix}/location/search?country=USA&limit={limit}{way}")
        assert [id for page in pages for id in page] == expected
    skipped = reader.get(f"{prefix}/location/search?country=usa&skip=2&limit=2")
    assert ids(skipped) == expected[2:4]
    for skip in (4, 5, 100, 2**31, 2**63 - 1):
        answer = reader.get(f"{prefix}/location/search?country=usa&skip={skip}")
        assert ids(answer) == expected[skip:]


def test_available_places_are_sorted_distinct_and_not_empty(
    reader: Api, prefix: str, there: list[dict[str, Any]]
) -> None:
    def shown(path: str) -> Any:
        return reader.get(f"{prefix}/available/{path}").get_json()

    for name, path in (("country", "countries"), ("city", "cities"), ("state", "states")):
        assert shown(path) == sorted({c[name] for c in there} - {None, ""})
    for country in ("USA", "Canada", "Schweiz", "Nowhere"):
        for name, path in (("city", "cities"), ("state", "states")):
            of_country = {c[name] for c in there if c["country"] == country}
            assert shown(f"{path}?country={country}") == sorted(of_country - {None, ""})


def test_available_places_follow_changes_at_once(admin: Api, prefix: str) -> None:
    def shown() -> list[Any]:
        paths = ("countries", "cities", "states", "cities?country=B")
        return [admin.get(f"{prefix}/available/{path}").get_json() for path in paths]

    first, second = (created(admin, **person(n, city="x", country="A")) for n in (1, 2))
    assert shown() == [["A"], ["x"], [], []]
    admin.patch(f"/api/customers/{first['id']}", {"country": "B", "state": "s"})
    assert shown() == [["A", "B"], ["x"], ["s"], ["x"]]
    body = {"customer_ids": [first["id"], second["id"]], "updates": {"city": "y"}}
    admin.post(f"{prefix}/bulk-update", body)
    assert shown() == [["A", "B"], ["y"], ["s"], ["y"]]
    admin.delete(f"/api/customers/{first['id']}")
    assert shown() == [["A"], ["y"], [], []]
    admin.patch(f"/api/customers/{second['id']}", {"country": None, "city": ""})
    assert shown() == [[], [], [], []]


def test_what_available_places_do_not_take_is_refused(reader: Api, prefix: str) -> None:
    for path, name in (
        ("countries?country=USA", "country"),
        ("cities?state=NY", "state"),
        ("states?limit=3", "limit"),
        ("cities?country=%00", "country"),
    ):
        answer = reader.get(f"{prefix}/available/{path}")
        assert answer.status_code == invalid(prefix), path
        assert set(problems(answer)) == {name}
