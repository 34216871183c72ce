"""POST /api/customers/?size=list: all of them or none."""

from collections.abc import Iterator
from typing import Any

import pytest

from customers_api.extensions import db
from tests.conftest import make_app
from tests.contracts.main.calls import created, created_list, new_group, person, unchecked
from tests.support.api import Api, problems

LIST = "/api/customers/?size=list"


@pytest.fixture
def takes_three(editor: Api, database_url: str) -> Iterator[Api]:
    """An API on the same database whose lists have three customers at most."""
    app = make_app(database_url, MAX_LIST_SIZE="3")
    yield Api(app, editor.promises, editor.token)
    with app.app_context():
        db.engine.dispose()


def people(count: int) -> dict[str, Any]:
    return {"customers": [person(number) for number in range(count)]}


def nobody_is_there(reader: Api) -> bool:
    return reader.get("/api/customers/1").status_code == 404


def test_customers_come_back_in_the_order_they_were_given(editor: Api) -> None:
    numbers = [3, 1, 4, 15, 9, 2, 6]
    answer = editor.post(LIST, {"customers": [person(number) for number in numbers]})
    assert answer.status_code == 201
    emails = [customer["email"] for customer in answer.get_json()["customers"]]
    assert emails == [f"ann.{number}@example.com" for number in numbers]


def test_ids_follow_the_order_of_the_list(editor: Api) -> None:
    ids = [each["id"] for each in created_list(editor, *people(20)["customers"])]
    assert ids == sorted(ids)


def test_each_customer_of_a_list_is_what_get_shows(editor: Api) -> None:
    for customer in created_list(editor, person(1, tags="a,b"), person(2, city="Oslo")):
        assert editor.get(f"/api/customers/{customer['id']}").get_json() == customer


def test_the_documents_example_of_a_list_is_valid(editor: Api) -> None:
    first, second = new_group(editor, "1"), new_group(editor, "2")
    john = {"first_name": "John", "last_name": "Doe", "email": "john.doe@example.com"}
    jane = {"first_name": "Jane", "last_name": "Smith", "email": "jane.smith@example.com"}
    made = created_list(editor, {**john, "group_id": first}, {**jane, "group_id": second})
    assert [customer["group_id"] for customer in made] == [first, second]


def test_one_bad_customer_keeps_all_out(editor: Api, reader: Api) -> None:
    answer = editor.post(LIST, {"customers": [person(1), person(2, phone="1"), person(3)]})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/customers/1/phone"}
    assert nobody_is_there(reader)


def test_an_email_in_use_keeps_all_out(editor: Api, john: dict[str, Any]) -> None:
    bodies = [person(1), person(2, email="JOHN.DOE@example.com"), person(3)]
    answer = editor.post(LIST, {"customers": bodies})
    assert answer.status_code == 400
    assert answer.get_json()["detail"] == "Customer with this email already exists"
    assert set(problems(answer)) == {"/customers/1/email"}
    assert editor.get(f"/api/customers/{john['id'] + 1}").status_code == 404


def test_an_email_twice_in_one_list_is_reported_at_both_places(editor: Api, reader: Api) -> None:
    bodies = [person(1), person(2), person(3, email="ANN.1@Example.com")]
    answer = editor.post(LIST, {"customers": bodies})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/customers/0/email", "/customers/2/email"}
    assert nobody_is_there(reader)


def test_a_group_that_is_not_there_keeps_all_out(editor: Api, reader: Api) -> None:
    bodies = [person(1), person(2, group_id=99), person(3, group_id=0)]
    answer = editor.post(LIST, {"customers": bodies})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/customers/1/group_id", "/customers/2/group_id"}
    assert nobody_is_there(reader)


def test_the_problems_of_all_customers_are_reported_at_once(editor: Api) -> None:
    created(editor, **person(1))
    bodies: list[Any] = [
        {"first_name": "Bo", "email": "bo"},
        person(1),
        "not an object",
        person(4, city=7, unknown=1, group_id=99),
        person(5, email="same@example.com"),
        person(6, email="same@example.com", date_of_birth="1899-12-31"),
    ]
    assert set(problems(editor.post(LIST, {"customers": bodies}))) == {
        "/customers/0/last_name", "/customers/0/email", "/customers/1/email", "/customers/2",
        "/customers/3/city", "/customers/3/unknown", "/customers/3/group_id",
        "/customers/4/email", "/customers/5/email", "/customers/5/date_of_birth",
    }  # fmt: skip


def test_the_problems_are_in_the_order_of_what_was_given(editor: Api) -> None:
    unknown = {f"unknown {n}": n for n in (5, 3, 9, 1, 7)}
    body = {**unknown, "email": "bo", "first_name": 7}
    [*fields] = map("/{}".format, (*unknown, "first_name", "last_name"))
    alone = [place for place in problems(editor.post("/api/customers/", body)) if place != "/email"]
    listed = problems(editor.post(LIST, {"customers": [person(1), body, 7]}))
    assert alone == fields
    assert [place for place in listed if not place.endswith("email")] == [
        *(f"/customers/1{place}" for place in fields),
        "/customers/2",
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_has_one_customer_to_as_many_as_configured(takes_three: Api, count: int) -> None:
    assert len(created_list(takes_three, *people(count)["customers"])) == count


@pytest.mark.parametrize("count", [0, 4])
def test_a_list_of_none_or_of_too_many_is_refused(takes_three: Api, count: int) -> None:
    answer = takes_three.post(LIST, people(count))
    assert answer.status_code == 400
    assert problems(answer) == {"/customers": f"Takes 1 to 3 items, not {count}"}
    assert nobody_is_there(takes_three)


def test_a_list_has_ten_thousand_customers_at_most_by_default(editor: Api) -> None:
    client, headers = unchecked(editor)
    assert client.post(LIST, json=people(10_001), headers=headers).status_code == 400
    answer = client.post(LIST, json=people(10_000), headers=headers)
    assert answer.status_code == 201
    assert len({customer["username"] for customer in answer.get_json()["customers"]}) == 10_000


@pytest.mark.parametrize("value", [None, {}, "ann", 7, True, [[]], [None], ["ann"]])
def test_what_is_no_list_of_objects_is_refused(editor: Api, value: Any) -> None:
    answer = editor.post(LIST, {"customers": value})
    assert answer.status_code == 400
    assert all(place.startswith("/customers") for place in problems(answer))


def test_the_list_itself_is_required(editor: Api) -> None:
    assert set(problems(editor.post(LIST, {}))) == {"/customers"}


def test_a_body_of_the_other_size_is_refused(editor: Api, reader: Api) -> None:
    assert editor.post("/api/customers/", people(1)).status_code == 400
    assert editor.post(LIST, person()).status_code == 400
    assert nobody_is_there(reader)
