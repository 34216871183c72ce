"""POST /bulk-update of thousands: one statement, whose cost grows with the number only."""

from time import monotonic

from customers_api.extensions import db
from tests.contracts.shared.calls import bulk, everybody, statements, without
from tests.support.api import Api


def forget_plans(api: Api) -> None:
    """Have the next requests use new connections, for which nothing is planned yet."""
    with api.app.app_context():
        db.engine.dispose()


def test_ten_thousand_ids_take_one_statement(editor: Api) -> None:
    editor.app.test_cli_runner().invoke(args=["seed", "--customers", "1000"])
    forget_plans(editor)
    made = everybody(editor)
    ids = [c["id"] if n % 2 else c["customer_id"] for n, c in enumerate(made)]
    ids += range(1_000_000, 1_000_000 + 10_000 - len(ids))
    with statements(editor) as seen:
        answer = bulk(editor, "/api/v1/customers", ids, city="Köln", tags="one,two")
    assert answer.get_json()["updated"] == len(made) == 1000
    assert answer.get_json()["not_found"] == ids[len(made) :]
    updates = [statement for statement, _ in seen if "UPDATE customers " in statement]
    assert len(updates) == 1
    # Access, the update, the tags, the events, the fold: a handful, whatever the number of ids.
    assert len(seen) <= 14, [statement[:80] for statement, _ in seen]
    after = everybody(editor)
    assert {(c["city"], c["tags"]) for c in after} == {("Köln", "one,two")}
    moved = {c["version"] - o["version"] for c, o in zip(after, made, strict=True)}
    assert moved == {1}
    changing = ("city", "tags", "version", "updated_at", "full_address")
    assert [without(c, *changing) for c in after] == [without(c, *changing) for c in made]


def test_a_bulk_update_costs_no_more_after_a_change_of_one(editor: Api) -> None:
    editor.app.test_cli_runner().invoke(args=["seed", "--customers", "900"])
    ids = [customer["id"] for customer in everybody(editor)]

    def seconds(city: str) -> float:
        begun = monotonic()
        assert bulk(editor, "/api/customers", ids, city=city).status_code == 200
        return monotonic() - begun

    forget_plans(editor)
    before = seconds("Köln")
    forget_plans(editor)
    editor.patch(f"/api/customers/{ids[0]}", {"city": "Ulm"})
    assert seconds("Bonn") < 4 * before
