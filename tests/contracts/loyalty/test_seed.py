"""POST /loyalty/seed: ten fixed samples, each created once."""

from tests.contracts.main.calls import created, person
from tests.support.api import Api


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
