"""GET / lists customers by id, in parts."""

from itertools import product
from typing import Any

import pytest

from tests.contracts.main.calls import created, created_list, person
from tests.contracts.shared.calls import go_on_after, ids, invalid, next_of, walked
from tests.support.api import Api, problems

LISTS = ("?", "tags/a?", "location/search?city=x&")
WRONG = (
    *((f"limit={limit}", "limit") for limit in (0, 1001, -1, "", "x", "1.5", 10**30, "%D9%A1")),
    *((f"skip={skip}", "skip") for skip in (-1, "", "x", "1e2", 2**63, 10**30)),
    *((f"cursor={c}", "cursor") for c in ("", "x", "1", "%00", "%FF", "YWZ0ZXI6", "=", "é")),
    ("cursor=YWZ0ZXI6LTE", "cursor"),
    ("skip=0&cursor=YWZ0ZXI6MQ", "cursor"),
    ("limit=1&limit=2", "limit"),
    ("offset=3", "offset"),
    ("Limit=3", "Limit"),
)
FINE = ("limit=1", "limit=1000", "skip=0", f"skip={2**63 - 1}", "cursor=YWZ0ZXI6MQ")


@pytest.fixture
def gaps(admin: Api) -> list[int]:
    """The ids of 20 customers: far apart in places, some between them removed, some inactive."""
    made: list[int] = []
    for part, start in enumerate((0, 1020, 5000, 400_000)):
        if start:
            go_on_after(admin, start)
        people = [
            person(10 * part + n, customer_status="inactive" if n % 3 == 0 else "active")
            for n in range(7)
        ]
        customers = created_list(admin, *people)
        for removed in (0, 4):
            admin.delete(f"/api/customers/{customers[removed]['id']}")
        made += [customer["id"] for n, customer in enumerate(customers) if n not in (0, 4)]
    return made


def test_the_list_is_in_the_order_of_the_ids(reader: Api, prefix: str, gaps: list[int]) -> None:
    assert ids(reader.get(f"{prefix}/")) == gaps == sorted(gaps)


def test_a_list_of_nobody_is_empty(reader: Api, prefix: str) -> None:
    answer = reader.get(f"{prefix}/?count=true")
    assert (answer.get_json(), next_of(answer)) == ([], None)
    assert answer.headers["X-Total-Count"] == "0"


def test_the_links_lead_to_every_customer_once(reader: Api, prefix: str, gaps: list[int]) -> None:
    for limit in (1, 3, 5, 19, 20):
        for way in ("", "&skip=0"):
            pages = walked(reader, f"{prefix}/?limit={limit}{way}")
            assert [id for page in pages for id in page] == gaps
            assert {len(page) for page in pages[:-1]} <= {limit}
            assert pages[-1]


def test_the_links_keep_the_filter(reader: Api, prefix: str, gaps: list[int]) -> None:
    inactive = [id for n, id in enumerate(gaps) if n % 5 in (2, 4)]
    active = [id for id in gaps if id not in inactive]
    for way in ("", "&skip=0"):
        for flag, expected in (("false", inactive), ("true", active)):
            pages = walked(reader, f"{prefix}/?is_active={flag}&limit=2{way}")
            assert [id for page in pages for id in page] == expected


def test_skip_passes_over_exactly_so_many(reader: Api, prefix: str, gaps: list[int]) -> None:
    active = [id for n, id in enumerate(gaps) if n % 5 not in (2, 4)]
    for skip in (0, 1, 5, 9, 14, 19, 20, 10**9, 2**63 - 1):
        assert ids(reader.get(f"{prefix}/?skip={skip}&limit=4")) == gaps[skip : skip + 4]
        found = ids(reader.get(f"{prefix}/?skip={skip}&limit=4&is_active=yes"))
        assert found == active[skip : skip + 4]


def test_skip_and_count_follow_changes_at_once(admin: Api, prefix: str, gaps: list[int]) -> None:
    admin.delete(f"/api/customers/{gaps.pop(3)}")
    admin.patch(f"/api/customers/{gaps[5]}", {"customer_status": "canceled"})
    gaps.append(created(admin, **person(1000))["id"])
    assert ids(admin.get(f"{prefix}/?skip=4")) == gaps[4:]
    answer = admin.get(f"{prefix}/?is_active=false&count=true&limit=1")
    shown = admin.get(f"{prefix}/").get_json()
    assert answer.headers["X-Total-Count"] == str(sum(not c["is_active"] for c in shown))


def test_count_tells_how_many_match_in_all(reader: Api, prefix: str, gaps: list[int]) -> None:
    def total(query: str) -> Any:
        return reader.get(f"{prefix}/?limit=3{query}").headers.get("X-Total-Count")

    assert total("") is None
    assert total("&count=false") is None
    assert total("&count=true") == "20"
    assert total("&count=true&skip=19") == "20"
    assert total("&count=1&is_active=true") == "12"
    assert total("&count=yes&is_active=false") == "8"


def test_a_limit_left_out_means_a_hundred(editor: Api, prefix: str) -> None:
    created_list(editor, *[person(n) for n in range(101)])
    answer = editor.get(f"{prefix}/")
    assert len(answer.get_json()) == 100
    assert len(editor.get(str(next_of(answer))).get_json()) == 1


def test_the_link_goes_by_skip_only_where_the_request_did(
    reader: Api, prefix: str, gaps: list[int]
) -> None:
    by_cursor = str(next_of(reader.get(f"{prefix}/?limit=5")))
    by_skip = str(next_of(reader.get(f"{prefix}/?limit=5&skip=5")))
    assert "cursor=" in by_cursor
    assert "skip" not in by_cursor
    assert "skip=10" in by_skip
    assert "cursor" not in by_skip


def test_a_cursor_goes_on_though_its_customer_is_removed(
    admin: Api, prefix: str, gaps: list[int]
) -> None:
    onward = str(next_of(admin.get(f"{prefix}/?limit=5")))
    admin.delete(f"/api/customers/{gaps[4]}")
    assert ids(admin.get(onward)) == gaps[5:10]


def test_bounds_and_cursors_are_checked(reader: Api, prefix: str) -> None:
    for path, (query, parameter) in product(LISTS, WRONG):
        answer = reader.get(f"{prefix}/{path}{query}")
        assert answer.status_code == invalid(prefix), query
        assert set(problems(answer)) == {parameter}, query
    for path, query in product(LISTS, FINE):
        assert reader.get(f"{prefix}/{path}{query}").status_code == 200, query


def test_the_flags_are_true_or_false(reader: Api, prefix: str) -> None:
    for name in ("is_active", "count"):
        for value in ("", "maybe", "2", "TRUE", "null"):
            answer = reader.get(f"{prefix}/?{name}={value}")
            assert answer.status_code == invalid(prefix), value
            assert set(problems(answer)) == {name}
