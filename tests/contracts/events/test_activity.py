"""GET /api/customers/<id>/activity."""

from tests.contracts.events.calls import activity, kinds
from tests.contracts.main.calls import created, person
from tests.contracts.shared.calls import statements, walked
from tests.support.api import Api


def test_a_customer_is_named_in_either_form(editor: Api, reader: Api) -> None:
    made = created(editor, **person())
    created(editor, **person(2))
    by_id = activity(reader, made["id"])
    assert kinds(by_id) == ["customer.created"]
    assert activity(reader, made["customer_id"]) == by_id
    assert activity(reader, made["customer_id"].lower()) == by_id


def test_pages_lead_through_all_events_newest_first(editor: Api) -> None:
    made = created(editor, **person())
    for n in range(9):
        editor.patch(f"/api/customers/{made['id']}", {"city": f"{n}"})
    path = f"/api/customers/{made['id']}/activity"
    whole = [event["id"] for event in activity(editor, made["id"])]
    assert whole == sorted(whole, reverse=True)
    for limit in (1, 3, 5, 10):
        pages = walked(editor, f"{path}?limit={limit}")
        assert [id for page in pages for id in page] == whole
        assert {len(page) for page in pages[:-1]} <= {limit}
    assert "Link" not in editor.get(f"{path}?limit=10").headers
    assert editor.get(f"{path}?limit=9").headers["Link"].startswith(f"<{path}?limit=9&cursor=")


def test_the_usual_page_has_a_hundred(editor: Api) -> None:
    made = created(editor, **person())
    for _ in range(100):
        editor.patch(f"/api/customers/{made['id']}", {"city": "Ulm"})
    assert [len(page) for page in walked(editor, f"/api/customers/{made['id']}/activity")] == [
        100,
        1,
    ]


def test_a_customer_who_never_was_is_not_found(reader: Api) -> None:
    for who in ("1", "0", "99999999999999999999", "CUST_00000000", "nobody", "%00"):
        answer = reader.get(f"/api/customers/{who}/activity")
        assert answer.status_code == 404
        assert answer.get_json()["detail"] == "Customer not found"


def test_a_customer_without_events_has_none(editor: Api) -> None:
    editor.app.test_cli_runner().invoke(args=["seed", "--customers", "3"])
    assert activity(editor, 1) == []


def test_what_is_wrong_with_the_query_is_told(reader: Api) -> None:
    for query in ("limit=0", "limit=1001", "cursor=x", "kind=customer.changed"):
        assert reader.get(f"/api/customers/1/activity?{query}").status_code == 400


def test_a_page_takes_one_statement(editor: Api) -> None:
    made = created(editor, **person())
    editor.get(f"/api/customers/{made['id']}")
    with statements(editor) as seen:
        activity(editor, made["id"])
    assert len([s for s, _ in seen if "FROM tokens" not in s]) == 1


def test_the_activity_belongs_to_the_main_contract_alone(reader: Api) -> None:
    assert reader.get("/api/v1/customers/1/activity").status_code == 404
