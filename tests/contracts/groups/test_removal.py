"""DELETE /api/groups/<id>: a group with customers needs a place for them to go."""

from typing import Any

import pytest

from tests.contracts.main.calls import created_list, new_group, person
from tests.support.api import Api, problems


@pytest.fixture
def empty(editor: Api) -> int:
    """The id of a group without customers."""
    return new_group(editor, "Empty")


@pytest.fixture
def full(editor: Api) -> int:
    """The id of a group with two customers, whose ids are 1 and 2; the customer 3 is in none."""
    group_id = new_group(editor, "Full")
    created_list(editor, person(1, group_id=group_id), person(2, group_id=group_id), person(3))
    return group_id


def groups_of_all(api: Api) -> list[Any]:
    return [api.get(f"/api/customers/{id}").get_json()["group_id"] for id in (1, 2, 3)]


def test_an_empty_group_is_removed(admin: Api, empty: int) -> None:
    answer = admin.delete(f"/api/groups/{empty}")
    assert answer.status_code == 200
    assert answer.get_json()["id"] == empty
    assert admin.get(f"/api/groups/{empty}").status_code == 404
    assert admin.get(f"/api/customers/group/{empty}/").status_code == 404


def test_a_group_with_customers_is_409_and_stays(admin: Api, full: int) -> None:
    answer = admin.delete(f"/api/groups/{full}")
    assert answer.status_code == 409
    assert "reassign_to" in answer.get_json()["detail"]
    assert admin.get(f"/api/groups/{full}").status_code == 200
    assert groups_of_all(admin) == [full, full, None]


def test_its_customers_go_to_another_group(admin: Api, full: int, empty: int) -> None:
    assert admin.delete(f"/api/groups/{full}?reassign_to={empty}").status_code == 200
    assert groups_of_all(admin) == [empty, empty, None]
    assert admin.get(f"/api/groups/{full}").status_code == 404


def test_its_customers_go_to_no_group(admin: Api, full: int) -> None:
    assert admin.delete(f"/api/groups/{full}?reassign_to=none").status_code == 200
    assert groups_of_all(admin) == [None, None, None]
    assert admin.get(f"/api/groups/{full}").status_code == 404


def test_who_moves_has_changed_and_who_does_not_has_not(admin: Api, full: int) -> None:
    admin.delete(f"/api/groups/{full}?reassign_to=none")
    versions = [admin.get(f"/api/customers/{id}").get_json()["version"] for id in (1, 2, 3)]
    assert versions == [2, 2, 1]


def test_an_empty_group_may_name_a_place_as_well(admin: Api, full: int, empty: int) -> None:
    assert admin.delete(f"/api/groups/{empty}?reassign_to={full}").status_code == 200
    assert groups_of_all(admin) == [full, full, None]


@pytest.mark.parametrize(
    "place", ["999", "0", str(2**63), str(2**64), "9" * 30, "-1", "1.0", "None", "null", "", "%00"]
)
def test_any_other_place_is_refused_and_nothing_happens(admin: Api, full: int, place: str) -> None:
    answer = admin.delete(f"/api/groups/{full}?reassign_to={place}")
    assert answer.status_code == 400
    assert set(problems(answer)) == {"reassign_to"}
    assert admin.get(f"/api/groups/{full}").status_code == 200
    assert groups_of_all(admin) == [full, full, None]


def test_the_group_itself_is_no_place_to_go(admin: Api, full: int) -> None:
    answer = admin.delete(f"/api/groups/{full}?reassign_to={full}")
    assert answer.status_code == 400
    assert set(problems(answer)) == {"reassign_to"}
    assert groups_of_all(admin) == [full, full, None]


@pytest.mark.parametrize("query", ["reassign=none", "reassign_to=none&reassign_to=none"])
def test_unknown_and_repeated_parameters_are_refused(admin: Api, full: int, query: str) -> None:
    answer = admin.delete(f"/api/groups/{full}?{query}")
    assert answer.status_code == 400
    assert set(problems(answer)) == {query.partition("=")[0]}
    assert groups_of_all(admin) == [full, full, None]


def test_a_group_that_is_not_there_is_404_wherever_its_customers_would_go(
    admin: Api, empty: int
) -> None:
    for place in ("none", str(empty), "999"):
        answer = admin.delete(f"/api/groups/998?reassign_to={place}")
        assert answer.status_code == 404
        assert answer.get_json()["detail"] == "Group not found"


def test_the_id_of_a_removed_group_is_not_given_again(admin: Api, empty: int) -> None:
    admin.delete(f"/api/groups/{empty}")
    assert new_group(admin, "Empty") > empty
