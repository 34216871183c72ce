"""Who may do what to groups: reader reads, editor creates and updates, admin removes."""

import pytest

from tests.contracts.main.calls import new_group
from tests.support.api import Api

ROUTES = [
    ("GET", "/api/groups/", "reader", 200),
    ("GET", "/api/groups/{id}", "reader", 200),
    ("POST", "/api/groups/", "editor", 201),
    ("PATCH", "/api/groups/{id}", "editor", 200),
    ("PUT", "/api/groups/{id}", "editor", 200),
    ("DELETE", "/api/groups/{id}", "admin", 200),
]
ROLES = ("reader", "editor", "admin")


@pytest.fixture
def everybody(reader: Api, editor: Api, admin: Api) -> dict[str, Api]:
    """Each role's calls, by the role."""
    return {"reader": reader, "editor": editor, "admin": admin}


@pytest.mark.parametrize(("method", "path", "role", "status"), ROUTES)
def test_each_role_may_do_what_it_may_and_no_more(
    everybody: dict[str, Api], method: str, path: str, role: str, status: int
) -> None:
    for caller in ROLES:
        id = new_group(everybody["editor"], f"For {caller}")
        answer = everybody[caller](method, path.format(id=id), json={"name": f"By {caller}"})
        allowed = ROLES.index(caller) >= ROLES.index(role)
        assert answer.status_code == (status if allowed else 403)


@pytest.mark.parametrize(("method", "path"), [route[:2] for route in ROUTES])
def test_without_a_token_existing_and_missing_groups_look_the_same(
    anonymous: Api, editor: Api, method: str, path: str
) -> None:
    id = new_group(editor, "Retail")
    calls = [(method, path.format(id=each)) for each in (id, 999)]
    answers = [anonymous(method, where, json={"name": "A"}) for method, where in calls]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    bodies = [answer.get_json() | {"request_id": ""} for answer in answers]
    assert bodies[0] == bodies[1]


def test_a_role_that_does_not_suffice_learns_nothing_of_what_exists(editor: Api) -> None:
    id = new_group(editor, "Retail")
    for each in (id, 999):
        assert editor.delete(f"/api/groups/{each}").status_code == 403
