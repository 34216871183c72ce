"""A group of more customers than one chunk is listed to the last, streamed, in order."""

from typing import Any

import pytest

from tests.contracts.main.calls import new_group, person, unchecked
from tests.support.api import Api

# Chunks of the answer are of 1,000 rows: these make the last one full, nearly full and just begun.
SIZES = (999, 1000, 1001, 2000, 2001)


def filled_group(editor: Api, size: int) -> int:
    client, headers = unchecked(editor)
    group_id = new_group(editor, "Large")
    bodies = [person(n, group_id=group_id, city=f"{n % 7}", tags="a,b") for n in range(size)]
    answer = client.post("/api/customers/?size=list", json={"customers": bodies}, headers=headers)
    assert answer.status_code == 201
    return group_id


def listing(editor: Api, group_id: int, query: str) -> list[dict[str, Any]]:
    client, headers = unchecked(editor)
    with client.get(f"/api/customers/group/{group_id}/{query}", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.mimetype == "application/json"
        return list(answer.get_json())


@pytest.mark.parametrize("size", SIZES)
def test_all_are_listed_and_each_once(editor: Api, size: int) -> None:
    listed = listing(editor, filled_group(editor, size), "")
    ids = [customer["id"] for customer in listed]
    assert len(listed) == size
    assert ids == sorted(set(ids))
    assert {customer["email"] for customer in listed} == {person(n)["email"] for n in range(size)}


def test_the_order_holds_over_all_chunks(editor: Api) -> None:
    listed = listing(editor, filled_group(editor, 2500), "?sort=city&order=desc&age=true")
    assert len(listed) == 2500
    key = [(-int(customer["city"]), customer["id"]) for customer in listed]
    assert key == sorted(key)
    assert all(customer["age"] is None for customer in listed)


def test_customers_far_down_are_whole(editor: Api) -> None:
    last = listing(editor, filled_group(editor, 2001), "")[-1]
    assert last == editor.get(f"/api/customers/{last['id']}").get_json()
