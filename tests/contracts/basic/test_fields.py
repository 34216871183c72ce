"""The four fields: which are needed, and how a name comes back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers_api.core.text import is_blank
from tests.contracts.main.calls import created, person, property_of_the_api
from tests.support.api import Api, problems

JOHN: dict[str, Any] = {
    "id": 5,
    "name": "John Doe",
    "email": "john@example.com",
    "phone": "1234567890",
}
EMAIL_TAKEN = "Customer with this email already exists"


def without(name: str) -> dict[str, Any]:
    return {field: value for field, value in JOHN.items() if field != name}


@pytest.mark.parametrize("missing", [*JOHN])
def test_create_and_replace_need_all_four_fields(editor: Api, missing: str) -> None:
    answer = editor.post("/customers/", without(missing))
    assert (answer.status_code, [*problems(answer)]) == (400, [f"/{missing}"])
    editor.post("/customers/", JOHN)
    answer = editor.put("/customers/5", without(missing))
    assert (answer.status_code, [*problems(answer)]) == (400, [f"/{missing}"])
    assert editor.get("/customers/5").get_json() == JOHN


def test_all_problems_are_told_at_once_in_the_contracts_own_names(editor: Api) -> None:
    body = {"id": 0, "name": "", "email": "nobody", "phone": "12", "age": 7}
    answer = editor.post("/customers/", body)
    assert answer.status_code == 400
    assert {*problems(answer)} == {"/id", "/name", "/email", "/phone", "/age"}


@pytest.mark.parametrize(
    "name",
    [
        "Cher",
        "Ana María de la Cruz",
        "Ana  María",
        "李 雷",
        "O'Brien-Smith Jr., MD",
        f"{'a' * 100} {'b' * 100}",
        "José\u00a0Luis Núñez",
        "Cher \u200b",
    ],
)
def test_a_name_comes_back_exactly_as_sent(editor: Api, name: str) -> None:
    assert editor.post("/customers/", JOHN | {"name": name}).get_json()["name"] == name
    assert editor.get("/customers/5").get_json()["name"] == name


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=99)


@property_of_the_api
@given(name=NAMES.filter(lambda name: name == name.strip() and not is_blank(name.split(" ")[0])))
def test_any_name_comes_back_exactly_as_sent(admin: Api, name: str) -> None:
    made = admin.post("/customers/", JOHN | {"name": name})
    assert (made.status_code, made.get_json()["name"]) == (201, name)
    admin.delete("/customers/5")


def test_white_space_around_a_name_is_stripped(editor: Api) -> None:
    assert editor.post("/customers/", JOHN | {"name": "  Cher "}).get_json()["name"] == "Cher"


def test_a_name_is_cut_at_its_first_space(editor: Api) -> None:
    editor.post("/customers/", JOHN | {"name": "Ana María de la Cruz"})
    shown = editor.get("/api/customers/5").get_json()
    assert (shown["first_name"], shown["last_name"]) == ("Ana", "María de la Cruz")


@pytest.mark.parametrize(
    "name", ["a" * 101, f"Ann {'b' * 101}", "Ann\nLee", "Ann \x00", "", "  ", "\u2800"]
)
def test_a_name_that_fits_no_customer_is_refused(editor: Api, name: str) -> None:
    answer = editor.post("/customers/", JOHN | {"name": name})
    assert (answer.status_code, [*problems(answer)]) == (400, ["/name"])


def test_replacing_a_name_by_itself_keeps_its_parts(editor: Api) -> None:
    mary = created(editor, **person(first_name="Mary Ann", last_name="Lee"))
    body = editor.get(f"/customers/{mary['id']}").get_json()
    assert body["name"] == "Mary Ann Lee"
    assert editor.put(f"/customers/{mary['id']}", body).status_code == 200
    shown = editor.get(f"/api/customers/{mary['id']}").get_json()
    assert (shown["first_name"], shown["last_name"]) == ("Mary Ann", "Lee")


def test_replacing_leaves_what_the_contract_does_not_show(editor: Api) -> None:
    ann = created(editor, **person(city="Paris", tags="vip,new", notes="kept"))
    editor.put(f"/customers/{ann['id']}", JOHN | {"id": ann["id"]})
    shown = editor.get(f"/api/customers/{ann['id']}").get_json()
    assert (shown["city"], shown["tags"], shown["notes"]) == ("Paris", "vip,new", "kept")
    assert (shown["email"], shown["phone"]) == (JOHN["email"], JOHN["phone"])


def test_a_phone_may_be_null(editor: Api) -> None:
    assert editor.post("/customers/", JOHN | {"phone": None}).get_json()["phone"] is None


def test_an_email_in_use_is_refused_whatever_its_case(editor: Api) -> None:
    created(editor, **person(email="John@Example.com"))
    answer = editor.post("/customers/", JOHN)
    assert (answer.status_code, answer.get_json()["detail"]) == (400, EMAIL_TAKEN)
    editor.post("/customers/", JOHN | {"email": "else@example.com"})
    answer = editor.put("/customers/5", JOHN)
    assert (answer.status_code, answer.get_json()["detail"]) == (400, EMAIL_TAKEN)


def test_a_body_whose_id_is_not_the_paths_is_refused_with_all_else_that_is_wrong(
    editor: Api,
) -> None:
    editor.post("/customers/", JOHN)
    answer = editor.put("/customers/5", JOHN | {"id": 6})
    assert (answer.status_code, [*problems(answer)]) == (400, ["/id"])
    answer = editor.put("/customers/5", JOHN | {"id": 6, "email": "nobody"})
    assert (answer.status_code, {*problems(answer)}) == (400, {"/id", "/email"})
    assert editor.get("/customers/5").get_json() == JOHN
