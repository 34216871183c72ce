"""POST /loyalty/seed: ten fixed samples, each created once."""

from functools import partial

from tests.contracts.main.calls import at_once, created, person, send_text
from tests.support.api import Api, problems


def test_the_first_call_creates_ten_and_the_second_none_and_says_so(admin: Api) -> None:
    first = admin.post("/loyalty/seed")
    assert first.status_code == 201
    made = first.get_json()["customers"]
    assert len({customer["email_address"] for customer in made}) == 10
    assert admin.get("/loyalty/customers").get_json() == made
    second = admin.post("/loyalty/seed")
    assert second.status_code == 201
    assert second.get_json() == {
        "detail": "Created 0 sample customers; 10 were there already",
        "customers": [],
    }
    assert admin.get("/loyalty/customers").get_json() == made


def test_only_those_who_are_not_there_are_created(admin: Api) -> None:
    ten = admin.post("/loyalty/seed").get_json()["customers"]
    gone = ten[3]["customer_id"], ten[7]["customer_id"]
    for id in gone:
        admin.delete(f"/loyalty/customers/{id}")
    again = admin.post("/loyalty/seed").get_json()
    assert [each["email_address"] for each in again["customers"]] == [
        ten[3]["email_address"],
        ten[7]["email_address"],
    ]
    assert again["detail"] == "Created 2 sample customers; 8 were there already"


def test_everybody_else_is_left_alone(admin: Api) -> None:
    ann = created(admin, **person())
    admin.post("/loyalty/seed")
    assert admin.get(f"/api/customers/{ann['id']}").get_json() == ann


def test_racing_calls_create_ten_between_them_and_none_fails(admin: Api) -> None:
    answers = at_once(admin, [partial(Api.post, path="/loyalty/seed")] * 8)
    assert [answer.status_code for answer in answers] == [201] * 8
    counts = sorted(len(answer.get_json()["customers"]) for answer in answers)
    assert counts == [0] * 7 + [10]


def test_a_body_where_none_is_expected_is_refused_unless_it_is_empty(admin: Api) -> None:
    answer = admin.post("/loyalty/seed", {"count": 3})
    assert (answer.status_code, [*problems(answer)]) == (400, ["/count"])
    assert send_text(admin, "POST", "/loyalty/seed", "x").status_code == 400
    assert admin("POST", "/loyalty/seed", data="x", content_type="text/plain").status_code == 415
    assert admin.get("/loyalty/customers").get_json() == []
    assert admin.post("/loyalty/seed", {}).status_code == 201
