"""Usernames and customer ids: made by the server, never alike."""

import re
from typing import Any
from uuid import UUID

import pytest

from tests.contracts.main.calls import created, created_list, draw_first, person, unchecked
from tests.support.api import Api, problems


@pytest.mark.parametrize(
    ("first", "last", "username"),
    [
        ("John", "Doe", "johndoe"),
        ("José", "Muñoz", "josemunoz"),
        ("李", "雷", "lilei"),
        ("Владимир", "Ким", "vladimirkim"),
        ("Anne-Marie", "O'Brien", "annemarieobrien"),
        ("Constantine", "Papadopoulos-Smith", "constantinepapadopou"),
        ("...", "---", "customer"),
    ],
)
def test_a_username_is_made_of_the_names(editor: Api, first: str, last: str, username: str) -> None:
    made = created(editor, **person(first_name=first, last_name=last))
    assert made["username"] == username


@pytest.mark.parametrize(
    ("first", "last", "base"),
    [
        ("John", "Doe", "johndoe"),
        ("Constantine", "Papadopoulos-Smith", "constantinepapadopou"),
        ("???", "!!!", "customer"),
    ],
)
def test_a_username_in_use_gets_a_numeric_suffix(
    editor: Api, first: str, last: str, base: str
) -> None:
    names = {"first_name": first, "last_name": last}
    usernames = [created(editor, **person(n, **names))["username"] for n in range(4)]
    assert usernames[0] == base
    assert all(re.fullmatch(base + "[0-9]+", username) for username in usernames[1:])
    assert len(set(usernames)) == 4


def test_names_that_only_look_different_share_a_base(editor: Api) -> None:
    made = created_list(
        editor,
        person(1, first_name="José"),
        person(2, first_name="jose"),
        person(3, first_name="J O S E"),
    )
    usernames = [customer["username"] for customer in made]
    assert usernames[0] == "joselee"
    assert all(username.startswith("joselee") for username in usernames)
    assert len(set(usernames)) == 3


def test_a_thousand_of_one_name_in_one_list_all_differ(editor: Api) -> None:
    client, headers = unchecked(editor)
    created(editor, **person(1000))
    bodies = {"customers": [person(n) for n in range(1000)]}
    made = client.post("/api/customers/?size=list", json=bodies, headers=headers).get_json()
    usernames = {customer["username"] for customer in made["customers"]}
    assert len(usernames) == 1000
    assert all(re.fullmatch("annlee[0-9]+", username) for username in usernames)


def test_a_customer_whose_name_looks_like_anothers_suffix_is_told_apart(editor: Api) -> None:
    first, second = created(editor, **person(1)), created(editor, **person(2))
    suffix = second["username"].removeprefix(first["username"])
    third = created(editor, **person(3, last_name=f"Lee {suffix}"))
    assert third["username"] not in (first["username"], second["username"])


def test_a_new_uuid_is_drawn_when_the_customer_id_is_in_use(
    editor: Api, john: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    draw_first(monkeypatch, UUID(hex=UUID(john["uuid"]).hex[:8] + "ffffffff4fff8fffffffffff"))
    made = created(editor, **person(tags="a,b"))
    assert made["customer_id"] != john["customer_id"]
    assert made["customer_id"] == "CUST_" + UUID(made["uuid"]).hex[:8].upper()
    assert made["tags"] == "a,b"


@pytest.mark.parametrize("field", ["username", "customer_id", "uuid", "id"])
def test_a_client_does_not_choose_them(editor: Api, john: dict[str, Any], field: str) -> None:
    for answer in (
        editor.post("/api/customers/", person(**{field: john[field]})),
        editor.patch(f"/api/customers/{john['id']}", {field: john[field]}),
    ):
        assert answer.status_code == 400
        assert set(problems(answer)) == {f"/{field}"}
