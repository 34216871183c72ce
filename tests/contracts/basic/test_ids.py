"""Ids that clients choose and ids that are handed out: one space, and none given twice."""

from functools import partial
from typing import Any

import pytest
from werkzeug.test import TestResponse

from customers_api.core.types import LARGEST_ID
from tests.contracts.main.calls import at_once, created, created_list, person
from tests.support.api import Api, problems

WRITERS = 20


def chosen(id: int, email: str | None = None) -> dict[str, Any]:
    return {"id": id, "name": f"Nr {id}", "email": email or f"nr{id}@example.com", "phone": None}


def choose(api: Api, id: int) -> TestResponse:
    answer = api.post("/customers/", chosen(id))
    assert answer.status_code == 201, answer.get_data(as_text=True)
    return answer


def ids(customers: list[dict[str, Any]]) -> list[int]:
    return [customer["id"] for customer in customers]


def test_an_id_in_use_is_refused(editor: Api) -> None:
    taken = created(editor, **person())["id"]
    answer = editor.post("/customers/", chosen(taken))
    assert answer.status_code == 400
    assert problems(answer) == {"/id": "There is a customer with this id already"}


def test_an_id_and_an_email_in_use_are_told_at_once(editor: Api) -> None:
    ann = created(editor, **person())
    answer = editor.post("/customers/", chosen(ann["id"], ann["email"]))
    assert (answer.status_code, {*problems(answer)}) == (400, {"/id", "/email"})


@pytest.mark.parametrize("id", [0, -1, -(2**63), 2**63, 2**64, 10**400, 1.5, "1", True, None])
def test_what_is_no_id_is_refused(editor: Api, id: Any) -> None:
    answer = editor.post("/customers/", chosen(1) | {"id": id})
    assert answer.status_code == 400
    assert editor.get("/customers/").get_json() == []


def test_ids_go_on_after_a_client_took_the_very_next_ones(editor: Api) -> None:
    first = created(editor, **person())["id"]
    for id in range(first + 1, first + 31):
        choose(editor, id)
    assert created(editor, **person(2))["id"] == first + 31


def test_ids_are_handed_out_around_those_that_clients_took(editor: Api) -> None:
    first = created(editor, **person())["id"]
    taken = {first + n for n in (1, 2, 4, 6, 8, 9, 10, 20)}
    for id in taken:
        choose(editor, id)
    made = [created(editor, **person(n))["id"] for n in range(2, 8)]
    made += ids(created_list(editor, *(person(n) for n in range(8, 20))))
    assert len({*made}) == len(made)
    assert not taken & {*made}


def test_a_list_made_where_clients_took_every_other_id_is_made_whole(editor: Api) -> None:
    first = created(editor, **person())["id"]
    body = {"customers": [person(n) for n in range(2, 302)]}
    for id in range(first + 1, first + 601, 2):
        choose(editor, id)
    answer = editor.post("/api/customers/?size=list", body)
    assert answer.status_code == 201
    made = answer.get_json()["customers"]
    assert [customer["email"] for customer in made] == [each["email"] for each in body["customers"]]
    assert len({*ids(made)}) == 300


def test_the_largest_id_leaves_all_others_to_be_handed_out(editor: Api) -> None:
    choose(editor, LARGEST_ID)
    first = created(editor, **person())["id"]
    choose(editor, 10**15)
    assert created(editor, **person(2))["id"] == first + 1
    assert ids(editor.get("/customers/").get_json()) == [first, first + 1, 10**15, LARGEST_ID]


def test_an_id_that_was_handed_out_is_not_handed_out_again(admin: Api) -> None:
    first = created(admin, **person())["id"]
    admin.delete(f"/customers/{first}")
    assert created(admin, **person())["id"] == first + 1


def test_the_ids_of_a_list_follow_its_order(editor: Api) -> None:
    made = ids(created_list(editor, *(person(n) for n in range(50))))
    assert made == sorted(made)


def test_of_clients_racing_for_one_id_one_gets_it(editor: Api) -> None:
    bodies = [chosen(77, f"racer{n}@example.com") for n in range(WRITERS)]
    answers = at_once(editor, [partial(Api.post, path="/customers/", json=b) for b in bodies])
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * (WRITERS - 1)
    lost = [answer for answer in answers if answer.status_code == 400]
    assert {tuple(problems(answer)) for answer in lost} == {("/id",)}


def test_twenty_racing_writers_of_chosen_and_handed_out_ids_are_all_served(editor: Api) -> None:
    """Each writer takes ids right where the others are handed theirs."""
    first = created(editor, **person())["id"]

    def write(api: Api, writer: int) -> TestResponse:
        answer = api.post("/api/customers/", person(1000 + writer))
        for n in range(5):
            id = first + 1 + WRITERS * n + writer
            taken = api.post("/customers/", chosen(id))
            assert taken.status_code == 201 or [*problems(taken)] == ["/id"]
            answer = api.post("/api/customers/", person(2000 + 10 * writer + n))
            assert answer.status_code == 201, answer.get_data(as_text=True)
        return answer

    at_once(editor, [partial(write, writer=n) for n in range(WRITERS)])
    everybody = editor.get("/customers/").get_json()
    assert len({*ids(everybody)}) == len(everybody) >= 1 + WRITERS * 6
