"""/api/groups: create, read, list, change and replace."""

from typing import Any

import pytest
import time_machine

from tests.support.api import Api, problems


@pytest.fixture
def retail(editor: Api) -> dict[str, Any]:
    """A group, as the API shows it."""
    body = {"name": "Retail", "description": "Buys one at a time"}
    return dict(editor.post("/api/groups/", body).get_json())


@pytest.fixture
def trade(editor: Api) -> dict[str, Any]:
    """Another group."""
    return dict(editor.post("/api/groups/", {"name": "Trade"}).get_json())


def path(group: dict[str, Any]) -> str:
    return f"/api/groups/{group['id']}"


def test_a_group_has_a_name_and_a_description(editor: Api) -> None:
    body = {"name": "Wholesale", "description": "Buys by the pallet.\nPays late."}
    answer = editor.post("/api/groups/", body)
    assert answer.status_code == 201
    assert answer.get_json().keys() == {"id", "name", "description", "created_at", "updated_at"}
    assert {name: answer.get_json()[name] for name in body} == body


def test_a_description_may_be_left_out(editor: Api) -> None:
    for body in ({"name": "A"}, {"name": "B", "description": None}):
        assert editor.post("/api/groups/", body).get_json()["description"] is None


def test_the_location_leads_to_the_new_group(editor: Api) -> None:
    answer = editor.post("/api/groups/", {"name": "Retail"})
    assert answer.headers["Location"] == f"/api/groups/{answer.get_json()['id']}"
    assert editor.get(answer.headers["Location"]).get_json() == answer.get_json()


def test_no_groups_are_an_empty_list(reader: Api) -> None:
    assert reader.get("/api/groups/").get_json() == []


def test_groups_are_listed_by_id(
    reader: Api, trade: dict[str, Any], retail: dict[str, Any]
) -> None:
    assert reader.get("/api/groups/").get_json() == [trade, retail]


def test_a_change_keeps_absent_fields(editor: Api, retail: dict[str, Any]) -> None:
    with time_machine.travel("2040-01-02T03:04:05Z", tick=False):
        answer = editor.patch(path(retail), {"name": "Shops"})
    changed = {"name": "Shops", "updated_at": "2040-01-02T03:04:05Z"}
    assert answer.status_code == 200
    assert answer.get_json() == retail | changed
    assert editor.get(path(retail)).get_json() == retail | changed


def test_null_clears_the_description(editor: Api, retail: dict[str, Any]) -> None:
    answer = editor.patch(path(retail), {"description": None})
    assert (answer.get_json()["name"], answer.get_json()["description"]) == ("Retail", None)


def test_no_fields_at_all_are_refused(editor: Api, retail: dict[str, Any]) -> None:
    assert editor.patch(path(retail), {}).status_code == 400
    assert editor.get(path(retail)).get_json() == retail


def test_a_group_is_replaced_whole(editor: Api, retail: dict[str, Any]) -> None:
    answer = editor.put(path(retail), {"name": "Shops"})
    assert answer.status_code == 200
    assert (answer.get_json()["name"], answer.get_json()["description"]) == ("Shops", None)
    assert answer.get_json()["id"] == retail["id"]
    assert answer.get_json()["created_at"] == retail["created_at"]


def test_a_replacement_needs_a_name(editor: Api, retail: dict[str, Any]) -> None:
    answer = editor.put(path(retail), {"description": "x"})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/name"}
    assert editor.get(path(retail)).get_json() == retail


def test_a_name_is_unique(editor: Api, retail: dict[str, Any], trade: dict[str, Any]) -> None:
    for answer in (
        editor.post("/api/groups/", {"name": " Retail "}),
        editor.patch(path(trade), {"name": "Retail"}),
        editor.put(path(trade), {"name": "Retail"}),
    ):
        assert answer.status_code == 400
        assert problems(answer) == {"/name": "There is a group with this name already"}
    assert editor.get("/api/groups/").get_json() == [retail, trade]


def test_a_group_may_keep_its_own_name(editor: Api, retail: dict[str, Any]) -> None:
    assert editor.patch(path(retail), {"name": "Retail"}).status_code == 200
    assert editor.put(path(retail), {"name": "Retail"}).status_code == 200


@pytest.mark.parametrize("name", [None, "", "  ", "\u200b", 7, ["a"], "a\0b", "a\nb", "x" * 101])
def test_what_is_no_name_is_refused(editor: Api, retail: dict[str, Any], name: Any) -> None:
    for answer in (
        editor.post("/api/groups/", {"name": name}),
        editor.patch(path(retail), {"name": name}),
        editor.put(path(retail), {"name": name}),
    ):
        assert answer.status_code == 400
        assert set(problems(answer)) == {"/name"}
    assert editor.get("/api/groups/").get_json() == [retail]


@pytest.mark.parametrize("name", ["x" * 100, "雷" * 100, "O'Neil & Söhne <b>", "null"])
def test_a_name_comes_back_as_sent(editor: Api, name: str) -> None:
    assert editor.post("/api/groups/", {"name": f" {name}\n"}).get_json()["name"] == name


@pytest.mark.parametrize("description", [7, [], {}, "a\0b", "x" * 100_000])
def test_what_is_no_description_is_refused(editor: Api, description: Any) -> None:
    answer = editor.post("/api/groups/", {"name": "A", "description": description})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/description"}


@pytest.mark.parametrize("field", ["id", "created_at", "updated_at", "customers", "a/b"])
def test_unknown_and_read_only_fields_are_refused_by_name(
    editor: Api, retail: dict[str, Any], field: str
) -> None:
    for answer in (
        editor.post("/api/groups/", {"name": "A", field: 1}),
        editor.patch(path(retail), {"name": "A", field: 1}),
        editor.put(path(retail), {"name": "A", field: 1}),
    ):
        assert answer.status_code == 400
        assert set(problems(answer)) == {"/" + field.replace("/", "~1")}
    assert editor.get("/api/groups/").get_json() == [retail]


def test_all_that_is_wrong_is_told_at_once(editor: Api) -> None:
    answer = editor.post("/api/groups/?x=1", {"name": "", "description": 7, "id": 1})
    errors = answer.get_json()["errors"]
    named = {each.get("pointer") or each["parameter"] for each in errors}
    assert named == {"x", "/name", "/description", "/id"}


@pytest.mark.parametrize("id", [0, 7, 2**63 - 1, 2**63, 2**64, 10**30])
def test_a_group_that_is_not_there_is_404(admin: Api, id: int) -> None:
    where = f"/api/groups/{id}"
    for answer in (
        admin.get(where),
        admin.patch(where, {"name": "A"}),
        admin.put(where, {"name": "A"}),
        admin.delete(where),
        admin.delete(f"{where}?reassign_to=none"),
    ):
        assert answer.status_code == 404
        assert answer.get_json()["detail"] == "Group not found"
