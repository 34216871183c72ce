"""Racing writers of groups: one name, one group at the same moment."""

from functools import partial

from tests.contracts.main.calls import at_once, created, new_group, person
from tests.support.api import Api

WRITERS = 8


def test_of_creates_racing_for_one_name_one_wins(editor: Api) -> None:
    for attempt in range(3):
        call = partial(Api.post, path="/api/groups/", json={"name": f"Group {attempt}"})
        answers = at_once(editor, [call] * WRITERS)
        assert sorted(a.status_code for a in answers) == [201] + [400] * (WRITERS - 1)


def test_of_changes_racing_for_one_name_one_wins(editor: Api) -> None:
    ids = [new_group(editor, f"Group {n}") for n in range(WRITERS)]
    change = {"name": "Wanted"}
    calls = [partial(Api.patch, path=f"/api/groups/{id}", json=change) for id in ids]
    answers = at_once(editor, calls)
    assert sorted(a.status_code for a in answers) == [200] + [400] * (WRITERS - 1)


def test_of_removals_racing_for_one_group_one_wins(admin: Api) -> None:
    id = new_group(admin, "Retail")
    answers = at_once(admin, [partial(Api.delete, path=f"/api/groups/{id}")] * WRITERS)
    assert sorted(a.status_code for a in answers) == [200] + [404] * (WRITERS - 1)


def test_changes_racing_with_the_removal_are_made_or_find_nothing(admin: Api) -> None:
    for attempt in range(5):
        path = f"/api/groups/{new_group(admin, f'Group {attempt}')}"
        changes = [
            partial(Api.patch, path=path, json={"description": f"{n}"}) for n in range(WRITERS - 1)
        ]
        *changed, removed = at_once(admin, [*changes, partial(Api.delete, path=path)])
        assert removed.status_code == 200
        assert {answer.status_code for answer in changed} <= {200, 404}


def test_customers_racing_into_a_group_that_is_being_emptied_are_not_lost(admin: Api) -> None:
    for attempt in range(3):
        old, new = new_group(admin, f"Old {attempt}"), new_group(admin, f"New {attempt}")
        made = [created(admin, **person(10 * attempt + n)) for n in range(WRITERS - 1)]
        moves = [
            partial(Api.patch, path=f"/api/customers/{each['id']}", json={"group_id": old})
            for each in made
        ]
        removal = partial(Api.delete, path=f"/api/groups/{old}?reassign_to={new}")
        *moved, removed = at_once(admin, [*moves, removal])
        shown = {admin.get(f"/api/customers/{each['id']}").get_json()["group_id"] for each in made}
        assert {answer.status_code for answer in moved} <= {200, 400}
        assert removed.status_code in (200, 409)
        assert shown <= ({None, new} if removed.status_code == 200 else {None, old, new})


def test_a_group_whose_customers_go_elsewhere_goes_even_while_others_join_it(admin: Api) -> None:
    for attempt in range(5):
        group = new_group(admin, f"Leaving {attempt}")
        path = f"/api/groups/{group}?reassign_to=none"
        joining = [
            partial(
                Api.post, path="/api/customers/", json=person(100 * attempt + n, group_id=group)
            )
            for n in range(5)
        ]
        [removed, *joined] = at_once(admin, [partial(Api.delete, path=path), *joining])
        assert removed.status_code == 200, removed.get_data(as_text=True)
        assert {answer.status_code for answer in joined} <= {201, 400}
        assert admin.get(f"/api/groups/{group}").status_code == 404
