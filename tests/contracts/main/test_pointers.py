"""What is refused is named, by JSON Pointer or by parameter, all of it at once."""

from typing import Any

import pytest

from tests.contracts.main.calls import created, person
from tests.support.api import Api, problems

READ_ONLY = [
    "id",
    "customer_id",
    "uuid",
    "username",
    "full_name",
    "full_address",
    "is_active",
    "is_verified",
    "email_verified",
    "phone_verified",
    "version",
    "created_at",
    "updated_at",
    "last_login_at",
    "age",
]
# A field's name, and its escaped form (RFC 6901).
STRANGE = [
    ("a/b", "/a~1b"),
    ("m~n", "/m~0n"),
    ("~1", "/~01"),
    ("/", "/~1"),
    ("~/~", "/~0~1~0"),
    ("", "/"),
    (" ", "/ "),
    ("0", "/0"),
    ("a.b", "/a.b"),
    ("é", "/é"),
    ('"', '/"'),
    ("__proto__", "/__proto__"),
    ("email_key", "/email_key"),
    ("metadata_", "/metadata_"),
]


@pytest.mark.parametrize("field", READ_ONLY)
def test_a_read_only_field_is_refused_by_name(
    editor: Api, john: dict[str, Any], field: str
) -> None:
    path = f"/api/customers/{john['id']}"
    answer = editor.patch(path, {"city": "Bern", field: john.get(field)})
    assert answer.status_code == 400
    assert set(problems(answer)) == {f"/{field}"}
    assert field in answer.get_json()["detail"]
    assert editor.get(path).get_json() == john


@pytest.mark.parametrize(("field", "pointer"), STRANGE)
def test_an_unknown_field_is_refused_by_its_pointer(
    editor: Api, john: dict[str, Any], field: str, pointer: str
) -> None:
    path = f"/api/customers/{john['id']}"
    assert set(problems(editor.patch(path, {"city": "Bern", field: 1}))) == {pointer}
    in_list = {"customers": [person(), person(2, **{field: 1})]}
    answer = editor.post("/api/customers/?size=list", in_list)
    assert set(problems(answer)) == {f"/customers/1{pointer}"}
    assert editor.get(path).get_json() == john


def test_an_unknown_field_named_as_marshmallow_names_the_whole_is_named_too(editor: Api) -> None:
    answer = editor.post("/api/customers/", person(_schema=1))
    assert set(problems(answer)) == {"/_schema"}


def test_what_a_customer_shows_is_not_taken_back_whole(editor: Api, john: dict[str, Any]) -> None:
    answer = editor.patch(f"/api/customers/{john['id']}", john)
    refused = {f"/{field}" for field in READ_ONLY if field in john}
    assert refused <= set(problems(answer))


def test_everything_wrong_with_one_customer_is_told_at_once(
    editor: Api, john: dict[str, Any]
) -> None:
    body = {
        "last_name": 7,
        "email": "JOHN.DOE@example.com",
        "phone": "1",
        "group_id": 99,
        "city": "a\nb",
        "date_of_birth": "1899-12-31",
        "gender": "x" * 21,
        "customer_status": "gone",
        "marketing_emails": "yes",
        "lifetime_value": "1.005",
        "preferred_communication_channels": ["fax", "email", "pigeon"],
        "tags": ["a"],
        "metadata": [],
        "unknown": None,
    }
    answer = editor.post("/api/customers/", body)
    assert answer.status_code == 400
    expected = {f"/{name}" for name in body if name != "preferred_communication_channels"}
    channels = {f"/preferred_communication_channels/{place}" for place in (0, 2)}
    assert set(problems(answer)) == expected | channels | {"/first_name"}


QUERY = "?size=one&age=1&size=list&x=y"


@pytest.mark.parametrize(
    "wrong",
    [
        {"phone": 1},
        {"unknown": 1},
        {"phone": "1"},
    ],
)
def test_the_query_and_the_body_are_complained_of_together(
    editor: Api, wrong: dict[str, Any]
) -> None:
    answer = editor.post(f"/api/customers/{QUERY}", person(**wrong))
    errors = answer.get_json()["errors"]
    assert {each["parameter"] for each in errors if "parameter" in each} == {"size", "age", "x"}
    assert {each["pointer"] for each in errors if "pointer" in each} == {f"/{f}" for f in wrong}


def test_a_good_body_does_not_save_a_bad_query(editor: Api) -> None:
    answer = editor.post("/api/customers/?sise=one", person())
    assert answer.status_code == 400
    assert set(problems(answer)) == {"sise"}
    assert editor.get("/api/customers/1").status_code == 404


def test_the_detail_says_it_in_words_and_counts_what_it_leaves_out(editor: Api) -> None:
    body = person(phone="1", city=7, gender="x" * 21, tags=7, metadata=7)
    answer = editor.post("/api/customers/", body)
    detail = answer.get_json()["detail"]
    assert sum(name in detail for name in body) == 3
    assert detail.endswith("and 2 more")


def test_one_problem_in_a_thousand_customers_is_found(editor: Api) -> None:
    created(editor, **person(0))
    bodies = [person(n) for n in range(1, 1001)]
    bodies[777]["email"] = "ANN.0@example.com"
    answer = editor.post("/api/customers/?size=list", {"customers": bodies})
    assert set(problems(answer)) == {"/customers/777/email"}
