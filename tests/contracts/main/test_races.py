"""Racing writers: one email, one name, one customer at the same moment."""

from functools import partial
from typing import Any

from tests.contracts.main.calls import at_once, created, new_group, person
from tests.support.api import Api

WRITERS = 8


def test_of_creates_racing_for_one_email_one_wins(editor: Api) -> None:
    emails = ("ann@example.com", "ANN@example.com", "Ann@Example.com", "aNN@example.COM")
    for attempt in range(3):
        bodies = [person(email=f"{attempt}{emails[n % 4]}") for n in range(WRITERS)]
        calls = [partial(Api.post, path="/api/customers/", json=body) for body in bodies]
        answers = at_once(editor, calls)
        assert sorted(a.status_code for a in answers) == [201] + [400] * (WRITERS - 1)
        lost = [answer for answer in answers if answer.status_code == 400]
        assert {a.get_json()["detail"] for a in lost} == {"Customer with this email already exists"}


def test_of_changes_racing_for_one_email_one_wins(editor: Api) -> None:
    ids = [created(editor, **person(n))["id"] for n in range(WRITERS)]
    change = {"email": "wanted@example.com"}
    calls = [partial(Api.patch, path=f"/api/customers/{id}", json=change) for id in ids]
    answers = at_once(editor, calls)
    assert sorted(a.status_code for a in answers) == [200] + [400] * (WRITERS - 1)
    emails = [editor.get(f"/api/customers/{id}").get_json()["email"] for id in ids]
    assert emails.count("wanted@example.com") == 1


def test_of_lists_racing_with_one_email_in_common_one_is_created_whole(editor: Api) -> None:
    lists = [
        {"customers": [person(100 * n + 1), person(0), person(100 * n + 2)]}
        for n in range(1, WRITERS + 1)
    ]
    calls = [partial(Api.post, path="/api/customers/?size=list", json=body) for body in lists]
    answers = at_once(editor, calls)
    assert sorted(a.status_code for a in answers) == [201] + [400] * (WRITERS - 1)
    [won] = [n for n, answer in enumerate(answers) if answer.status_code == 201]
    free = [body for n, each in enumerate(lists) if n != won for body in each["customers"][::2]]
    assert editor.post("/api/customers/?size=list", {"customers": free}).status_code == 201


def test_lists_of_the_same_emails_in_opposite_orders_do_not_block_each_other(editor: Api) -> None:
    people = [person(n) for n in range(40)]
    bodies = [{"customers": people[:: 1 if n % 2 else -1]} for n in range(WRITERS)]
    calls = [partial(Api.post, path="/api/customers/?size=list", json=body) for body in bodies]
    answers = at_once(editor, calls)
    assert sorted(a.status_code for a in answers) == [201] + [400] * (WRITERS - 1)


def test_racing_writers_of_one_name_get_usernames_of_their_own(editor: Api) -> None:
    def five(api: Api, writer: int) -> Any:
        bodies = [person(10 * writer + n) for n in range(5)]
        return api.post("/api/customers/?size=list", {"customers": bodies})

    answers = at_once(editor, [partial(five, writer=n) for n in range(WRITERS)])
    assert {answer.status_code for answer in answers} == {201}
    made = [customer for answer in answers for customer in answer.get_json()["customers"]]
    assert len({customer["username"] for customer in made}) == 5 * WRITERS
    assert len({customer["customer_id"] for customer in made}) == 5 * WRITERS


def test_racing_changes_of_one_customer_are_all_counted(editor: Api, john: dict[str, Any]) -> None:
    path = f"/api/customers/{john['id']}"
    calls = [partial(Api.patch, path=path, json={"tags": f"{n},x"}) for n in range(WRITERS)]
    answers = at_once(editor, calls)
    assert {answer.status_code for answer in answers} == {200}
    last = editor.get(path).get_json()
    assert last["version"] == 1 + WRITERS
    assert last["tags"] in {f"{n},x" for n in range(WRITERS)}


def test_changes_racing_with_the_removal_are_made_or_find_nobody(
    admin: Api, john: dict[str, Any]
) -> None:
    path = f"/api/customers/{john['id']}"
    changes = [partial(Api.patch, path=path, json={"tags": f"{n}"}) for n in range(WRITERS - 1)]
    *changed, removed = at_once(admin, [*changes, partial(Api.delete, path=path)])
    assert removed.status_code == 200
    assert {answer.status_code for answer in changed} <= {200, 404}
    assert admin.get(path).status_code == 404


def test_customers_racing_with_the_removal_of_their_group_do_not_lose_it(admin: Api) -> None:
    for attempt in range(3):
        group_id = new_group(admin, f"Group {attempt}")
        bodies = [person(10 * attempt + n, group_id=group_id) for n in range(WRITERS - 1)]
        creates = [partial(Api.post, path="/api/customers/", json=body) for body in bodies]
        removal = partial(Api.delete, path=f"/api/groups/{group_id}")
        *answers, removed = at_once(admin, [*creates, removal])
        if removed.status_code == 200:
            assert {answer.status_code for answer in answers} == {400}
        else:
            assert removed.status_code == 409
            assert 201 in {answer.status_code for answer in answers} <= {201, 400}


def test_lists_of_one_name_racing_each_other_are_all_created(editor: Api) -> None:
    def list_of(writer: int) -> Any:
        return {"customers": [person(1000 * writer + n) for n in range(400)]}

    calls = [partial(Api.post, path="/api/customers/?size=list", json=list_of(n)) for n in range(6)]
    answers = at_once(editor, calls)
    assert [answer.status_code for answer in answers] == [201] * 6
    made = [customer for answer in answers for customer in answer.get_json()["customers"]]
    assert len({customer["username"] for customer in made}) == 2400
