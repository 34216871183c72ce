"""DELETE /api/customers/<id>."""

from typing import Any

from sqlalchemy import func, select

from customers_api.core import database
from customers_api.core.customers.model import TAGS
from tests.contracts.main.calls import created, new_group, person
from tests.support.api import Api


def test_removing_says_whom(admin: Api, john: dict[str, Any]) -> None:
    answer = admin.delete(f"/api/customers/{john['id']}")
    assert answer.status_code == 200
    assert answer.get_json() == {"detail": "Customer deleted", "id": john["id"]}


def test_the_record_is_gone(admin: Api, john: dict[str, Any]) -> None:
    path = f"/api/customers/{john['id']}"
    admin.delete(path)
    for again in (admin.get(path), admin.patch(path, {"city": "x"}), admin.delete(path)):
        assert again.status_code == 404
        assert again.get_json()["detail"] == "Customer not found"


def test_tags_and_membership_go_with_the_record(admin: Api) -> None:
    group_id = new_group(admin, "Retail")
    customer = created(admin, **person(group_id=group_id, tags="a,b"))
    admin.delete(f"/api/customers/{customer['id']}")
    assert admin.get(f"/api/customers/group/{group_id}/").get_json() == []
    with admin.app.app_context():
        assert database.rows(select(func.count()).select_from(TAGS))[0][0] == 0


def test_email_and_username_are_free_again_and_the_id_is_not(
    admin: Api, john: dict[str, Any]
) -> None:
    admin.delete(f"/api/customers/{john['id']}")
    again = created(admin, first_name="John", last_name="Doe", email=john["email"])
    assert (again["email"], again["username"]) == (john["email"], john["username"])
    assert again["id"] > john["id"]


def test_other_customers_stay(admin: Api, john: dict[str, Any]) -> None:
    other = created(admin, **person())
    admin.delete(f"/api/customers/{john['id']}")
    assert admin.get(f"/api/customers/{other['id']}").get_json() == other


def test_a_customer_that_is_not_there_is_404(admin: Api) -> None:
    answer = admin.delete("/api/customers/7")
    assert answer.status_code == 404
    assert answer.get_json()["detail"] == "Customer not found"
