"""POST /bulk-update: many customers changed alike, in one statement, all or none."""

from typing import Any

import pytest

from tests.contracts.main.calls import created_list, new_group, person, set_columns
from tests.contracts.shared.calls import bulk, everybody, invalid
from tests.support.api import Api, problems

Json = dict[str, Any]


@pytest.fixture
def people(editor: Api) -> list[Json]:
    """Four customers, with tags, phones and verified flags."""
    made = created_list(
        editor,
        *[person(n, tags="old,x", phone=f"555-010{n % 2}", city="Bonn") for n in range(4)],
    )
    for customer in made:
        set_columns(editor, customer["id"], email_verified=True, phone_verified=True)
    return everybody(editor)


def test_ids_are_given_in_both_forms(editor: Api, prefix: str, people: list[Json]) -> None:
    ids = [people[0]["id"], people[1]["customer_id"], str(people[2]["id"])]
    answer = bulk(editor, prefix, ids, city="Köln")
    assert answer.status_code == 200
    assert answer.get_json() == {"updated": 3, "not_found": []}
    assert [c["city"] for c in everybody(editor)] == ["Köln", "Köln", "Köln", "Bonn"]


def test_a_repeated_id_counts_once(editor: Api, prefix: str, people: list[Json]) -> None:
    first, second = people[:2]
    ids = [first["id"], first["customer_id"], first["id"], second["customer_id"]] * 2
    assert bulk(editor, prefix, ids, city="Köln").get_json() == {"updated": 2, "not_found": []}
    assert [c["version"] for c in everybody(editor)] == [
        c["version"] + (c["id"] in (first["id"], second["id"])) for c in people
    ]


def test_ids_that_nobody_has_are_named(editor: Api, prefix: str, people: list[Json]) -> None:
    unknown = ["CUST_00000000", 999, 0, -1, 2**63 - 1, "nobody", "", "NUL\0"]
    ids = [unknown[0], people[0]["id"], *unknown[1:], people[3]["customer_id"]]
    answer = bulk(editor, prefix, ids, city="Köln").get_json()
    assert answer["updated"] == 2
    assert [str(each).upper() for each in answer["not_found"]] == [
        str(each).upper() for each in unknown
    ]


def test_ids_that_nobody_has_are_named_as_given(editor: Api, prefix: str) -> None:
    unknown = ["cust_0000abcd", "999", "Nobody"]
    assert bulk(editor, prefix, unknown, city="Köln").get_json()["not_found"] == unknown


def test_no_ids_change_nobody(editor: Api, prefix: str, people: list[Json]) -> None:
    assert bulk(editor, prefix, [], city="Köln").get_json() == {"updated": 0, "not_found": []}
    assert everybody(editor) == people


def test_only_the_given_fields_and_the_version_change(
    editor: Api, prefix: str, people: list[Json]
) -> None:
    group_id = new_group(editor, "Retail")
    updates: Json = {
        "first_name": "Zoë", "notes": "a\nb", "date_of_birth": "1990-01-15", "group_id": group_id,
        "customer_status": "inactive", "lifetime_value": "12.50", "metadata": {"a": 1},
        "preferred_communication_channels": ["text"], "company_name": None, "marketing_sms": True,
    }  # fmt: skip
    bulk(editor, prefix, [people[1]["id"]], **updates)
    others = [each for each in everybody(editor) if each["id"] != people[1]["id"]]
    assert others == people[:1] + people[2:]
    after = editor.get(f"/api/customers/{people[1]['id']}").get_json()
    follows = {
        "full_name": "Zoë Lee",
        "is_active": False,
        "version": people[1]["version"] + 1,
        "updated_at": after["updated_at"],
    }
    assert after == people[1] | updates | follows
    assert after["updated_at"] > people[1]["updated_at"]


@pytest.mark.parametrize(("given", "kept"), [("new,b,new", "new,b"), ("", None), (None, None)])
def test_tags_are_replaced(
    editor: Api, prefix: str, people: list[Json], given: str | None, kept: str | None
) -> None:
    bulk(editor, prefix, [people[0]["id"], people[1]["customer_id"]], tags=given)
    after = everybody(editor)
    assert [customer["tags"] for customer in after] == [kept, kept, "old,x", "old,x"]
    assert [c["version"] - o["version"] for c, o in zip(after, people, strict=True)] == [1, 1, 0, 0]
    tagged = editor.get(f"{prefix}/tags/old").get_json()
    assert [customer["id"] for customer in tagged] == [people[2]["id"], people[3]["id"]]


def test_a_changed_phone_is_no_longer_verified(
    editor: Api, prefix: str, people: list[Json]
) -> None:
    bulk(editor, prefix, [customer["id"] for customer in people[:3]], phone=people[0]["phone"])
    after = everybody(editor)
    assert [c["phone_verified"] for c in after] == [True, False, True, True]
    assert [c["is_verified"] for c in after] == [True, False, True, True]
    assert all(c["email_verified"] for c in after)
    bulk(editor, prefix, [people[0]["id"]], phone=None)
    assert everybody(editor)[0]["phone_verified"] is False


def test_what_is_wrong_is_refused_by_name_and_changes_nothing(
    editor: Api, prefix: str, people: list[Json]
) -> None:
    ids = [customer["id"] for customer in people]
    for updates, pointers in (
        ({}, {"/updates"}),
        ({"email": "new@example.com"}, {"/updates/email"}),
        ({"city": "Köln", "email": None}, {"/updates/email"}),
        ({"tags": "new", "phone": "1", "nickname": "x"}, {"/updates/phone", "/updates/nickname"}),
        ({"city": "Köln", "username": "x"}, {"/updates/username"}),
        ({"city": "Köln", "is_verified": True}, {"/updates/is_verified"}),
        ({"first_name": None, "last_name": ""}, {"/updates/first_name", "/updates/last_name"}),
        ({"city": "Köln", "group_id": 99}, {"/updates/group_id"}),
        ({"date_of_birth": "2999-01-01"}, {"/updates/date_of_birth"}),
    ):
        answer = bulk(editor, prefix, ids, **updates)
        assert answer.status_code == invalid(prefix), updates
        assert set(problems(answer)) == pointers
    for body, pointers in (
        ({}, {"/customer_ids", "/updates"}),
        ({"updates": {"city": "K"}}, {"/customer_ids"}),
        ({"customer_ids": 7, "updates": {"city": "K"}}, {"/customer_ids"}),
        ({"customer_ids": ids, "updates": []}, {"/updates"}),
        ({"customer_ids": [*ids, None], "updates": {"city": "K"}}, {"/customer_ids/4"}),
        ({"customer_ids": [True, 1.5], "updates": {"a": 1}},
         {"/customer_ids/0", "/customer_ids/1", "/updates/a"}),
        ({"customer_ids": ids, "updates": {"city": "K"}, "all": True}, {"/all"}),
    ):  # fmt: skip
        answer = editor.post(f"{prefix}/bulk-update", body)
        assert answer.status_code == invalid(prefix), body
        assert set(problems(answer)) == pointers
    assert everybody(editor) == people


def test_more_than_ten_thousand_ids_are_refused(
    editor: Api, prefix: str, people: list[Json]
) -> None:
    answer = bulk(editor, prefix, [*range(1, 10_002)], city="Köln")
    assert answer.status_code == invalid(prefix)
    assert set(problems(answer)) == {"/customer_ids"}
    assert everybody(editor) == people
