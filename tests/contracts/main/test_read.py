"""GET /api/customers/<id>."""

from typing import Any

from tests.support.api import Api


def test_a_reader_gets_a_customer_by_id(reader: Api, john: dict[str, Any]) -> None:
    answer = reader.get(f"/api/customers/{john['id']}")
    assert answer.status_code == 200
    assert answer.get_json() == john


def test_a_customer_that_is_not_there_is_404(reader: Api) -> None:
    answer = reader.get("/api/customers/7")
    assert answer.status_code == 404
    assert answer.get_json()["detail"] == "Customer not found"
