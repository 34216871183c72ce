"""POST /search: the order, the pages, what is refused."""

from itertools import product
from typing import Any

import pytest
import time_machine

from customers_api.core.customers import search
from tests.contracts.main.calls import created_list, person, unchecked
from tests.contracts.shared.calls import everybody, found, ids, invalid
from tests.support.api import Api, problems

Json = dict[str, Any]
SORTS = (
    "id", "first_name", "last_name", "email", "username", "age", "city", "country", "created_at",
    "updated_at", "lifetime_value",
)  # fmt: skip


@pytest.fixture
def sortable(editor: Api) -> list[Json]:
    """Customers with equal, different and unknown values in every field of the sort."""
    names = ("bob", "Ann", "Ünal", "ann", "Zoe", "_x")
    people = [
        person(
            n,
            first_name=names[n % 6],
            last_name=names[n % 5],
            email=f"{'zyXw'[n % 4]}{n}@example.com",
            city=[None, "b", "a", "É", "B"][n % 5],
            country=[None, "x", "Y"][n % 3],
            date_of_birth=[None, "1990-01-15", "1980-06-01", "2010-12-31"][n % 4],
            lifetime_value=["0.00", "-5.00", "100.00", "20.50"][n % 4],
        )
        for n in range(17)
    ]
    for n in range(2):
        with time_machine.travel(f"2031-0{2 - n}-15T10:30:00Z", tick=False):
            made = created_list(editor, *people[n::2])
    with time_machine.travel("2032-01-01T00:00:00Z", tick=False):
        editor.patch(f"/api/customers/{made[2]['id']}", {"notes": "x"})
    return everybody(editor)


def in_order(customers: list[Json], field: str, *, descending: bool) -> list[int]:
    """The ids in the order that the contract says: unknown values last, ties by id."""

    def key(customer: Json) -> Any:
        if field == "age":
            # Whole years of these births differ exactly where their dates do.
            return -int(customer["date_of_birth"].replace("-", ""))
        value = customer[field]
        return float(value) if field == "lifetime_value" else value

    source = "date_of_birth" if field == "age" else field
    known = [c for c in customers if c[source] is not None]
    unknown = [c["id"] for c in customers if c[source] is None]
    return ids(sorted(known, key=key, reverse=descending)) + unknown


def test_every_order_with_unknown_values_last_and_ties_by_id(
    reader: Api, prefix: str, sortable: list[Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The second page is one of those that are far behind.
    monkeypatch.setattr(search, "MOST_PASSED", 8)
    filters: Json
    for field, order in product(SORTS, ("asc", "desc")):
        expected = in_order(sortable, field, descending=order == "desc")
        for filters in ({}, {"query": "example.com"}, {"query": "@e", "is_active": True}):
            shown: list[int] = []
            for page in (1, 2):
                asked = {"sort_by": field, "sort_order": order, "page": page, "limit": 9}
                shown += ids(found(reader, prefix, **filters, **asked)["customers"])
            assert shown == expected, (field, order, filters)


def test_the_newest_come_first_ten_a_page_if_nothing_is_said(
    reader: Api, prefix: str, sortable: list[Json]
) -> None:
    answer = found(reader, prefix)
    expected = in_order(sortable, "created_at", descending=True)
    assert ids(answer["customers"]) == expected[:10]
    counts = {name: answer[name] for name in ("total", "page", "limit", "total_pages")}
    assert counts == {"total": 17, "page": 1, "limit": 10, "total_pages": 2}


def test_total_and_pages_are_exact_and_pages_beyond_the_end_empty(
    reader: Api, prefix: str, sortable: list[Json]
) -> None:
    for filters, total in (({}, 17), ({"query": "@example"}, 17), ({"query": "zzz"}, 0)):
        for page, limit, pages in (
            (1, 17, 1), (1, 16, 2), (2, 16, 2), (3, 16, 2), (9, 1, 17), (18, 1, 17), (2, 1000, 1),
            (2**63 - 1, 1000, 1), (2**40, 1, 17),
        ):  # fmt: skip
            answer = found(reader, prefix, **filters, page=page, limit=limit)
            rest = total - (page - 1) * limit
            assert len(answer["customers"]) == max(0, min(limit, rest))
            expected = {"total": total, "page": page, "limit": limit}
            assert {name: answer[name] for name in expected} == expected
            assert answer["total_pages"] == (pages if total else 0)


def test_a_search_that_finds_thousands_is_paged_alike(editor: Api) -> None:
    client, headers = unchecked(editor)
    people = [person(n, company_name="Acme") for n in range(5020)]
    client.post("/api/customers/?size=list", json={"customers": people}, headers=headers)
    for filters in ({}, {"query": "acme"}, {"query": "me"}, {"company_name": "ACM"}):
        answer = found(editor, **filters, sort_by="id", sort_order="asc", page=50, limit=101)
        assert answer["total"] == 5020
        assert ids(answer["customers"]) == [*range(4950, 5021)]


def test_what_is_wrong_is_refused_by_name(reader: Api, prefix: str) -> None:
    for field, value in (
        ("sort_by", "phone"), ("sort_by", ""), ("sort_by", 1), ("sort_order", "up"), ("page", 0),
        ("page", -1), ("page", "1"), ("page", 1.5), ("page", True), ("page", 10**30), ("limit", 0),
        ("limit", 1001), ("limit", None), ("query", 7), ("query", ["a"]), ("query", "a\u0000b"),
        ("city", "a\nb"), ("is_active", "true"), ("is_verified", 1), ("created_after", "soon"),
        ("created_before", "2024-13-01"), ("created_after", 0), ("tags", ["a"]), ("state", "NY"),
        ("phone", "555"), ("query", "x" * 1001),
    ):  # fmt: skip
        answer = reader.post(f"{prefix}/search", {field: value})
        assert answer.status_code == invalid(prefix), (field, value)
        assert set(problems(answer)) == {f"/{field}"}


def test_all_that_is_wrong_is_reported_at_once(reader: Api, prefix: str) -> None:
    answer = reader.post(f"{prefix}/search?x=1", {"page": 0, "sort_by": "x", "nickname": "y"})
    assert answer.status_code == invalid(prefix)
    assert set(problems(answer)) == {"x", "/page", "/sort_by", "/nickname"}


def test_a_body_that_is_no_object_is_refused(reader: Api, prefix: str) -> None:
    bodies: tuple[Any, ...] = ([], "john", 7)
    for body in bodies:
        answer = reader("POST", f"{prefix}/search", json=body)
        assert answer.status_code == invalid(prefix)
