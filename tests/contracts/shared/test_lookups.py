"""Look-ups by what may hold a slash, and ids of any length."""

import pytest

from tests.contracts.main.calls import created, person
from tests.contracts.shared.calls import ids
from tests.support.api import Api


def test_an_email_and_a_tag_with_a_slash_are_found(editor: Api, prefix: str) -> None:
    made = created(editor, **person(1, email="a/b@example.com", tags="x/y"))
    for slash in ("", "/"):
        answer = editor.get(f"{prefix}/email/a%2Fb@example.com{slash}")
        assert answer.get_json()["id"] == made["id"]
        assert ids(editor.get(f"{prefix}/tags/x%2Fy{slash}")) == [made["id"]]


@pytest.mark.parametrize("id", ["1" * 5000, "0" * 4400 + "9", str(2**63), "0"])
def test_a_number_of_any_length_is_an_id_that_nobody_has(editor: Api, id: str) -> None:
    for method, body in (("GET", None), ("PATCH", {"city": "Ulm"})):
        answer = editor(method, f"/api/customers/{id}", json=body)
        assert answer.status_code == 404
        assert answer.get_json()["detail"] == "Customer not found"


def test_only_ascii_digits_are_a_number(editor: Api) -> None:
    created(editor, **person(1))
    assert editor.get("/api/customers/%D9%A1").status_code == 404


def test_tags_to_search_for_hold_no_control_character(editor: Api, prefix: str) -> None:
    for tags in ("\0", "a\0b", "a\nb"):
        answer = editor.post(f"{prefix}/search", {"tags": tags})
        assert answer.status_code in (400, 422)
        assert answer.get_json()["errors"][0]["pointer"] == "/tags"


def test_a_search_of_many_tags_is_answered(editor: Api, prefix: str) -> None:
    made = created(editor, **person(1, tags="t7,rare"))
    many = ",".join(f"t{n}" for n in range(150))
    answer = editor.post(f"{prefix}/search", {"tags": many})
    assert [each["id"] for each in answer.get_json()["customers"]] == [made["id"]]
