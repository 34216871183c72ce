"""Racing writers: what each event calls old is what the one before calls new."""

from functools import partial
from typing import Any

from tests.contracts.events.calls import Json, activity, all_events, changes
from tests.contracts.main.calls import at_once, created_list, new_group, person
from tests.support.api import Api

WRITERS = 8


def check_chain(events: list[Json], state: dict[str, Any]) -> None:
    """Fail unless these events, the newest first, lead from nothing to this state."""
    known: dict[str, Any] = {}
    for event in reversed(events):
        for field, (old, new) in changes(event).items():
            assert old == known.get(field), event
            known[field] = new
    assert {field: state[field] for field in known} == known


def test_racing_changes_of_one_customer_form_a_chain(editor: Api, john: Json) -> None:
    path = f"/api/customers/{john['id']}"
    bodies = [
        {"city": f"City {n}", "tags": f"t{n},x", "email": f"{n}@example.org"}
        for n in range(WRITERS)
    ]
    for _ in range(3):
        calls = [partial(Api.patch, path=path, json=body) for body in bodies]
        assert {answer.status_code for answer in at_once(editor, calls)} == {200}
    told = activity(editor, john["id"])
    assert len(told) == 1 + 3 * WRITERS
    check_chain(told, editor.get(path).get_json())


def test_racing_bulk_updates_form_a_chain_for_each(editor: Api) -> None:
    made = created_list(editor, *(person(n) for n in range(30)))
    ids = [each["id"] for each in made]

    def call(api: Api, n: int) -> Any:
        chosen = ids if n % 2 else ids[::-1]
        body = {"customer_ids": chosen, "updates": {"city": f"City {n}", "tags": f"{n}"}}
        return api.post("/api/customers/bulk-update", body)

    answers = at_once(editor, [partial(call, n=n) for n in range(WRITERS)])
    assert {answer.status_code for answer in answers} == {200}
    for id in ids:
        told = activity(editor, id)
        assert len(told) == 1 + WRITERS
        check_chain(told, editor.get(f"/api/customers/{id}").get_json())


def test_customers_moved_while_their_group_is_emptied_form_a_chain(admin: Api) -> None:
    for attempt in range(3):
        old, new = new_group(admin, f"Old {attempt}"), new_group(admin, f"New {attempt}")
        people = [person(10 * attempt + n, group_id=old) for n in range(WRITERS - 1)]
        made = created_list(admin, *people)
        moves = [
            partial(Api.patch, path=f"/api/customers/{each['id']}", json={"group_id": None})
            for each in made
        ]
        removal = partial(Api.delete, path=f"/api/groups/{old}?reassign_to={new}")
        at_once(admin, [*moves, removal])
        for each in made:
            state = admin.get(f"/api/customers/{each['id']}").get_json()
            check_chain(activity(admin, each["id"]), state)


def test_racing_changes_of_one_group_and_of_one_operator_form_a_chain(admin: Api) -> None:
    group = new_group(admin, "Retail")
    fields = {"username": "otto", "password": "correct horse battery staple", "role": "reader"}
    operator = admin.post("/api/operators/", fields).get_json()["id"]
    roles = ("reader", "editor", "admin")
    calls = [
        partial(Api.patch, path=f"/api/groups/{group}", json={"description": f"{n}"})
        for n in range(WRITERS)
    ] + [
        partial(Api.patch, path=f"/api/operators/{operator}", json={"role": roles[n % 3]})
        for n in range(WRITERS)
    ]
    assert {answer.status_code for answer in at_once(admin, calls)} == {200}
    for noun, id in (("group", group), ("operator", operator)):
        told = all_events(admin, subject_type=noun, subject_id=id)
        assert len(told) == 1 + WRITERS
        state = admin.get(f"/api/{noun}s/{id}").get_json()
        check_chain(told, {**state, "password": "[redacted]"})


def test_a_removal_racing_with_changes_leaves_no_value(admin: Api) -> None:
    for attempt in range(5):
        [made] = created_list(admin, person(attempt, city="Personal city"))
        path = f"/api/customers/{made['id']}"
        calls = [
            partial(Api.patch, path=path, json={"city": f"Personal {n}"})
            for n in range(WRITERS - 1)
        ]
        at_once(admin, [*calls, partial(Api.delete, path=path)])
        told = activity(admin, made["id"])
        assert told[0]["kind"] == "customer.removed"
        assert {value for event in told for value in changes(event).values()} == {
            ("[removed]", "[removed]")
        }
