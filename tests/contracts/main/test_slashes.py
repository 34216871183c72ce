"""A path answers the same with and without its final slash, with no redirect."""

from typing import Any

import pytest

from tests.contracts.main.calls import new_group, person
from tests.support.api import Api

PATHS = [
    "/api/customers",
    "/api/customers/1",
    "/api/customers/999",
    "/api/customers/group/1",
    "/api/customers/group/999",
    "/api/groups",
    "/api/groups/1",
    "/api/groups/999",
    "/api/nothing",
]
ALLOWED = {
    "/api/customers": {"GET", "HEAD", "POST"},
    "/api/customers/1": {"GET", "HEAD", "PATCH", "DELETE"},
    "/api/customers/group/1": {"GET", "HEAD"},
    "/api/groups": {"GET", "HEAD", "POST"},
    "/api/groups/1": {"GET", "HEAD", "PATCH", "PUT", "DELETE"},
}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")


@pytest.mark.parametrize("path", PATHS)
def test_reading_answers_the_same(editor: Api, john: dict[str, Any], path: str) -> None:
    new_group(editor, "Retail")
    bare, slashed = editor.get(path), editor.get(path + "/")
    assert bare.status_code == slashed.status_code
    assert bare.status_code not in (301, 302, 307, 308)
    assert "Location" not in bare.headers
    same = {"request_id": ""}
    if isinstance(bare.get_json(), dict):
        assert bare.get_json() | same == slashed.get_json() | same
    else:
        assert bare.get_json() == slashed.get_json()


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_write_works_with_and_without(admin: Api, slash: str) -> None:
    group_id = new_group(admin, "Retail")
    assert admin.get(f"/api/customers/group/{group_id}{slash}").get_json() == []
    made = admin.post(f"/api/customers{slash}", person())
    path = f"/api/customers/{made.get_json()['id']}{slash}"
    assert made.status_code == 201
    assert admin.post(f"/api/customers{slash}?size=list", {"customers": []}).status_code == 400
    assert admin.get(path).get_json() == made.get_json()
    assert admin.patch(path, {"city": "Bern"}).get_json()["city"] == "Bern"
    assert admin.delete(path).status_code == 200


@pytest.mark.parametrize("slash", ["", "/"])
def test_every_write_to_groups_works_with_and_without(admin: Api, slash: str) -> None:
    made = admin.post(f"/api/groups{slash}", {"name": "Retail"})
    path = f"/api/groups/{made.get_json()['id']}{slash}"
    assert made.status_code == 201
    assert admin.get(f"/api/groups{slash}").get_json() == [made.get_json()]
    assert admin.patch(path, {"name": "Trade"}).get_json()["name"] == "Trade"
    assert admin.put(path, {"name": "Other"}).get_json()["name"] == "Other"
    assert admin.delete(path).get_json()["id"] == made.get_json()["id"]


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("path", ALLOWED)
def test_a_method_the_path_does_not_have_is_405_with_those_it_has(
    admin: Api, path: str, slash: str
) -> None:
    for method in set(METHODS) - ALLOWED[path]:
        answer = admin(method, path + slash)
        assert answer.status_code == 405, method
        assert set(answer.headers["Allow"].split(", ")) == ALLOWED[path]


@pytest.mark.parametrize("path", ["/api/customers//", "/api//customers/1", "/api/customers/1//"])
def test_two_slashes_are_another_path(reader: Api, path: str) -> None:
    assert reader.get(path).status_code == 404
