"""Thirty-two writers who create the same name at once."""

from functools import partial

from tests.contracts.main.calls import at_once, person
from tests.contracts.shared.calls import everybody
from tests.support.api import Api

WRITERS = 32


def test_thirty_two_writers_of_one_name_are_all_served(editor: Api, prefix: str) -> None:
    bodies = [person(n, first_name="José", last_name="Núñez") for n in range(WRITERS)]
    calls = [partial(Api.post, path=f"{prefix}/", json=body) for body in bodies]
    answers = at_once(editor, calls)
    assert [answer.status_code for answer in answers] == [201] * WRITERS
    made = [answer.get_json() for answer in answers]
    for name in ("username", "customer_id", "id", "uuid"):
        assert len({customer[name] for customer in made}) == WRITERS
    assert all(customer["username"].startswith("josenunez") for customer in made)
    assert everybody(editor) == sorted(
        (editor.get(f"/api/customers/{customer['id']}").get_json() for customer in made),
        key=lambda customer: int(customer["id"]),
    )
