"""Email: unique over all customers without regard to case, kept as sent."""

from typing import Any

import pytest

from tests.contracts.main.calls import created, person
from tests.support.api import Api, problems

TAKEN = "Customer with this email already exists"
SAME = [
    ("john@example.com", "john@example.com"),
    ("John.Doe@Example.COM", "john.doe@example.com"),
    ("stanisław.wójcik@wp.pl", "STANISŁAW.WÓJCIK@wp.pl"),
    ("ИВАН@example.ru", "иван@EXAMPLE.ru"),
    ("jos\u00e9@example.com", "JOSE\u0301@example.com"),
]


@pytest.mark.parametrize("email", ["John.Doe@Example.COM", "STANISŁAW.WÓJCIK@wp.pl"])
def test_an_email_is_kept_as_sent(editor: Api, email: str) -> None:
    assert created(editor, **person(email=email))["email"] == email


@pytest.mark.parametrize(("first", "second"), SAME)
def test_a_new_customer_has_an_email_of_its_own(editor: Api, first: str, second: str) -> None:
    created(editor, **person(email=first))
    answer = editor.post("/api/customers/", person(email=second))
    assert answer.status_code == 400
    assert answer.get_json()["detail"] == TAKEN
    assert problems(answer) == {"/email": TAKEN}


@pytest.mark.parametrize(("first", "second"), SAME)
def test_a_changed_email_is_nobody_elses(editor: Api, first: str, second: str) -> None:
    created(editor, **person(1, email=first))
    other = created(editor, **person(2))
    answer = editor.patch(f"/api/customers/{other['id']}", {"email": second, "city": "Bern"})
    assert answer.status_code == 400
    assert answer.get_json()["detail"] == TAKEN
    assert problems(answer) == {"/email": TAKEN}
    assert editor.get(f"/api/customers/{other['id']}").get_json() == other


@pytest.mark.parametrize(("first", "second"), SAME)
def test_a_customers_own_email_may_be_spelled_otherwise(
    editor: Api, first: str, second: str
) -> None:
    customer = created(editor, **person(email=first))
    answer = editor.patch(f"/api/customers/{customer['id']}", {"email": second})
    assert answer.status_code == 200
    assert answer.get_json()["email"] == second


def test_addresses_that_differ_in_more_than_case_are_two(editor: Api) -> None:
    emails = ("jose@example.com", "josé@example.com", "jose@example.org", "j.ose@example.com")
    for number, email in enumerate(emails):
        assert created(editor, **person(number, email=email))["email"] == email


def test_an_email_that_was_given_up_is_free(editor: Api, john: dict[str, Any]) -> None:
    editor.patch(f"/api/customers/{john['id']}", {"email": "other@example.com"})
    assert created(editor, **person(email=john["email"]))["email"] == john["email"]


def test_a_taken_email_is_told_with_whatever_else_is_wrong(
    editor: Api, john: dict[str, Any]
) -> None:
    for wrong in ({"phone": "1"}, {"phone": 1}, {"unknown": 1}):
        answer = editor.post("/api/customers/", person(email=john["email"], **wrong))
        assert answer.status_code == 400
        assert set(problems(answer)) == {"/email", *(f"/{name}" for name in wrong)}


@pytest.mark.parametrize(
    "email",
    ["john", "john@", "@example.com", "a b@example.com", "a@b@example.com", "x@-a.com", "a@b\n.c"],
)
def test_what_is_no_address_is_refused(editor: Api, email: str) -> None:
    answer = editor.post("/api/customers/", person(email=email))
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/email"}
