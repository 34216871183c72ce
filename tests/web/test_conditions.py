"""ETag, If-Match and If-None-Match: no update is lost, and nothing known is sent again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.conftest import JOHN
from tests.contracts.main.calls import at_once, new_group, person
from tests.contracts.shared.calls import statements
from tests.support.api import Api
from tests.support.stalling import stalled_writers

WRITERS, EACH = 5, 10
Json = dict[str, Any]


def if_match(tag: str) -> dict[str, Any]:
    """What makes a call conditional on this tag."""
    return {"headers": {"If-Match": tag}}


def if_none_match(tag: str) -> dict[str, Any]:
    """What makes a read conditional on anything but this tag."""
    return {"headers": {"If-None-Match": tag}}


def tag_of(api: Api, id: int) -> str:
    """A customer's ETag."""
    return str(api.get(f"/api/customers/{id}").headers["ETag"])


def addresses(john: Json) -> list[str]:
    """Everywhere that one customer is read."""
    found = []
    for prefix in ("/api/customers", "/api/v1/customers"):
        found += [f"{prefix}/username/{john['username']}", f"{prefix}/email/{john['email']}"]
    return [f"/api/customers/{john['id']}", f"/api/v1/customers/{john['customer_id']}", *found]


def test_every_read_of_one_customer_carries_the_same_strong_etag(reader: Api, john: Json) -> None:
    tags = {reader.get(path).headers["ETag"] for path in addresses(john)}
    assert len(tags) == 1
    [tag] = tags
    assert tag[0] == tag[-1] == '"'


@pytest.mark.parametrize("prefix", ["/api/customers", "/api/v1/customers"])
def test_the_answer_to_a_create_carries_the_etag(editor: Api, prefix: str) -> None:
    answer = editor.post(f"{prefix}/", JOHN)
    assert answer.headers["ETag"] == tag_of(editor, answer.get_json()["id"])


CHANGES: dict[str, Callable[[Api, int], TestResponse]] = {
    "patch": lambda api, id: api.patch(f"/api/customers/{id}", {"city": "Bonn"}),
    "patch of tags": lambda api, id: api.patch(f"/api/customers/{id}", {"tags": "a,b"}),
    "patch of metadata": lambda api, id: api.patch(f"/api/customers/{id}", {"metadata": {"a": 1}}),
    "put": lambda api, id: api.put(f"/api/v1/customers/{id}", {"notes": "x"}),
    "verify-email": lambda api, id: api.patch(f"/api/customers/{id}/verify-email"),
    "verify-phone": lambda api, id: api.patch(f"/api/v1/customers/{id}/verify-phone"),
    "last-login": lambda api, id: api.patch(f"/api/customers/{id}/last-login"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_answer_to_a_change_carries_the_new_etag(editor: Api, john: Json, name: str) -> None:
    before = tag_of(editor, john["id"])
    answer = CHANGES[name](editor, john["id"])
    assert answer.headers["ETag"] == tag_of(editor, john["id"]) != before


OTHER_CHANGES: dict[str, Callable[[Api, int], TestResponse]] = {
    "deactivate": lambda api, id: api.delete(f"/api/v1/customers/{id}"),
    "bulk update": lambda api, id: api.post(
        "/api/customers/bulk-update", {"customer_ids": [id], "updates": {"city": "Bonn"}}
    ),
    "bulk update of tags": lambda api, id: api.post(
        "/api/customers/bulk-update", {"customer_ids": [id], "updates": {"tags": "a"}}
    ),
    "removal of the group": lambda api, id: api.delete("/api/groups/1?reassign_to=none"),
}


@pytest.mark.parametrize("name", OTHER_CHANGES)
def test_every_other_change_of_what_is_shown_changes_the_etag(admin: Api, name: str) -> None:
    john = admin.post("/api/customers/", {**JOHN, "group_id": new_group(admin, "A")}).get_json()
    before = tag_of(admin, john["id"])
    shown = admin.get(f"/api/customers/{john['id']}").get_json()
    assert OTHER_CHANGES[name](admin, john["id"]).status_code == 200
    assert admin.get(f"/api/customers/{john['id']}").get_json() != shown
    assert tag_of(admin, john["id"]) != before


def test_the_etag_names_the_customer_too(editor: Api) -> None:
    # An email can move to somebody else, whose version may be the same.
    tags = [editor.post("/api/customers/", person(n)).headers["ETag"] for n in range(2)]
    assert tags[0] != tags[1]


def test_an_email_that_moved_is_not_the_customer_that_was_known(editor: Api) -> None:
    ann = editor.post("/api/customers/", person(1)).get_json()
    bob = editor.post("/api/customers/", person(2)).get_json()
    path = f"/api/customers/email/{ann['email']}"
    editor.patch(f"/api/customers/{ann['id']}", {"city": "Bonn"})
    known = editor.get(path).headers["ETag"]
    editor.patch(f"/api/customers/{ann['id']}", {"email": "gone@example.com"})
    editor.patch(f"/api/customers/{bob['id']}", {"email": ann["email"]})
    answer = editor.get(path, **if_none_match(known))
    assert (answer.status_code, answer.get_json()["id"]) == (200, bob["id"])


def test_what_is_known_already_is_304_without_a_body(reader: Api, john: Json) -> None:
    for path in addresses(john):
        tag = reader.get(path).headers["ETag"]
        answer = reader.get(path, **if_none_match(tag))
        assert (answer.status_code, answer.get_data()) == (304, b"")
        assert answer.headers["ETag"] == tag
        assert "Content-Type" not in answer.headers


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', '"x" ,W/{} , "y,z"', ",{},", "*"])
def test_if_none_match_takes_weak_tags_lists_and_an_asterisk(
    reader: Api, john: Json, form: str
) -> None:
    header = form.format(tag_of(reader, john["id"]))
    assert reader.get(f"/api/customers/{john['id']}", **if_none_match(header)).status_code == 304


def test_what_is_not_known_yet_is_200(editor: Api, john: Json) -> None:
    path = f"/api/customers/{john['id']}"
    known = tag_of(editor, john["id"])
    editor.patch(path, {"city": "Bonn"})
    assert editor.get(path, **if_none_match(known)).get_json()["city"] == "Bonn"
    assert editor.get(path, **if_none_match('""')).status_code == 200


@pytest.mark.parametrize("header", ["*", '"x"'])
def test_a_customer_that_is_not_there_is_404_whatever_is_known(reader: Api, header: str) -> None:
    assert reader.get("/api/customers/7", **if_none_match(header)).status_code == 404


def test_an_answer_with_an_etag_may_be_kept_by_its_reader_and_must_be_asked_for_anew(
    editor: Api, john: Json
) -> None:
    path = f"/api/customers/{john['id']}"
    tag = tag_of(editor, john["id"])
    for answer in (editor.get(path), editor.get(path, **if_none_match(tag))):
        assert answer.headers["Cache-Control"] == "private, no-cache"
    assert editor.get("/api/customers/").headers["Cache-Control"] == "no-store"
    assert editor.patch(path, {"city": "Bonn"}).headers["Cache-Control"] == "no-store"


def writes(john: Json) -> dict[str, partial[TestResponse]]:
    """Every write of one customer that a client may make conditional."""
    main, registry = f"/api/customers/{john['id']}", f"/api/v1/customers/{john['customer_id']}"
    return {
        "patch": partial(Api.patch, path=main, json={"city": "Bonn"}),
        "put": partial(Api.put, path=registry, json={"city": "Bonn"}),
        "put of nothing": partial(Api.put, path=registry, json={}),
        "verify-email": partial(Api.patch, path=f"{registry}/verify-email"),
        "verify-phone": partial(Api.patch, path=f"{main}/verify-phone"),
        "last-login": partial(Api.patch, path=f"{main}/last-login"),
        "deactivate": partial(Api.delete, path=registry),
        "hard delete": partial(Api.delete, path=f"{registry}/hard"),
        "delete": partial(Api.delete, path=main),
    }


WRITES = sorted(writes({"id": 1, "customer_id": "CUST_00000000"}))


@pytest.mark.parametrize("name", WRITES)
def test_a_write_with_a_stale_tag_is_412_and_changes_nothing(
    admin: Api, john: Json, name: str
) -> None:
    path = f"/api/customers/{john['id']}"
    stale = tag_of(admin, john["id"])
    now = admin.patch(path, {"city": "Berlin"}).get_json()
    answer = writes(john)[name](admin, **if_match(stale))
    assert answer.status_code == 412
    assert answer.get_json()["type"].endswith("#stale")
    assert admin.get(path).get_json() == now


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("form", ["{}", '"x", {}', "*"])
def test_a_write_with_the_present_tag_is_made(admin: Api, john: Json, name: str, form: str) -> None:
    header = form.format(tag_of(admin, john["id"]))
    assert writes(john)[name](admin, **if_match(header)).status_code == 200


@pytest.mark.parametrize("name", WRITES)
@pytest.mark.parametrize("header", ["*", '"x"', '"CUST_A1B2C3D4-1"'])
def test_a_write_to_a_customer_that_is_not_there_is_404(
    admin: Api, john: Json, name: str, header: str
) -> None:
    admin.delete(f"/api/customers/{john['id']}")
    assert writes(john)[name](admin, **if_match(header)).status_code == 404


def test_a_weak_tag_never_matches_a_write(editor: Api, john: Json) -> None:
    path = f"/api/customers/{john['id']}"
    header = f"W/{tag_of(editor, john['id'])}"
    assert editor.patch(path, {"city": "Bonn"}, **if_match(header)).status_code == 412


def test_another_customers_tag_does_not_match(editor: Api, john: Json) -> None:
    other = editor.post("/api/customers/", person()).headers["ETag"]
    path = f"/api/customers/{john['id']}"
    assert editor.patch(path, {"city": "Bonn"}, **if_match(other)).status_code == 412


@pytest.mark.parametrize("header", ["", "x", "7", "'x'", '"x', 'w/"x"', '"x" "y"', '*, "x"', "W/*"])
def test_a_condition_of_another_form_is_400_and_changes_nothing(
    editor: Api, john: Json, header: str
) -> None:
    for path in addresses(john)[:2]:
        answers = [editor.get(path, **if_none_match(header)), editor.get(path)]
        assert [answer.status_code for answer in answers] == [400, 200]
    answers = [
        editor.patch(f"/api/customers/{john['id']}", {"city": "Bonn"}, **if_match(header)),
        editor.put(f"/api/v1/customers/{john['id']}", {"city": "Bonn"}, **if_match(header)),
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert editor.get(f"/api/customers/{john['id']}").get_json() == john


def test_input_that_is_not_valid_is_told_before_a_stale_tag(editor: Api, john: Json) -> None:
    answer = editor.patch(f"/api/customers/{john['id']}", {"email": "x"}, **if_match('"old"'))
    assert answer.status_code == 400


def test_a_condition_costs_no_statement(editor: Api, john: Json) -> None:
    path = f"/api/customers/{john['id']}"
    tag = tag_of(editor, john["id"])
    with statements(editor) as plain:
        editor.patch(path, {"city": "Bonn"})
    tag = tag_of(editor, john["id"])
    with statements(editor) as conditional:
        editor.patch(path, {"city": "Bonn"}, **if_match(tag))
    counts = [sum("customers" in sql for sql, _ in seen) for seen in (plain, conditional)]
    assert counts[0] == counts[1]


def test_a_retry_with_its_key_is_replayed_though_its_tag_is_stale_by_now(
    editor: Api, john: Json
) -> None:
    headers = {"Idempotency-Key": "k", "If-Match": tag_of(editor, john["id"])}
    path = f"/api/customers/{john['id']}"
    first, again = (editor.patch(path, {"city": "Bonn"}, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.headers["ETag"] == first.headers["ETag"]


def test_of_writers_racing_with_one_tag_one_wins(editor: Api, john: Json) -> None:
    path = f"/api/customers/{john['id']}"
    for _ in range(5):
        tag = tag_of(editor, john["id"])
        calls = [
            partial(Api.patch, path=path, json={"city": str(n)}, **if_match(tag)) for n in range(8)
        ]
        answers = at_once(editor, calls)
        assert sorted(each.status_code for each in answers) == [200] + [412] * 7


def test_a_writer_who_waited_for_another_is_412(editor: Api, john: Json) -> None:
    path, tag = f"/api/customers/{john['id']}", tag_of(editor, john["id"])
    with ThreadPoolExecutor(2) as pool:
        with stalled_writers(editor.app.config["DATABASE_URL"]):
            waiting = [
                pool.submit(
                    editor.with_token(editor.token).patch, path, {"city": city}, **if_match(tag)
                )
                for city in ("Bonn", "Berlin")
            ]
        answers = [each.result() for each in waiting]
    assert sorted(each.status_code for each in answers) == [200, 412]


def test_of_a_removal_and_a_change_racing_with_one_tag_one_wins(admin: Api) -> None:
    for number in range(5):
        answer = admin.post("/api/customers/", person(number))
        path, tag = f"/api/customers/{answer.get_json()['id']}", answer.headers["ETag"]
        change = partial(Api.patch, path=path, json={"city": "Bonn"}, **if_match(tag))
        remove = partial(Api.delete, path=path, **if_match(tag))
        changed, removed = (each.status_code for each in at_once(admin, [change, remove]))
        assert (changed, removed) in {(200, 412), (404, 200)}


def test_fifty_racing_increments_with_if_match_count_exactly_fifty(editor: Api, john: Json) -> None:
    path = f"/api/customers/{john['id']}"
    editor.patch(path, {"metadata": {"count": 0}})

    def increment(api: Api) -> TestResponse:
        for _ in range(EACH):
            done = False
            while not done:
                seen = api.get(path)
                more = {"count": seen.get_json()["metadata"]["count"] + 1}
                tag = seen.headers["ETag"]
                answer = api.patch(path, {"metadata": more}, **if_match(tag))
                assert answer.status_code in (200, 412)
                done = answer.status_code == 200
        return answer

    at_once(editor, [increment] * WRITERS)
    customer = editor.get(path).get_json()
    assert customer["metadata"] == {"count": WRITERS * EACH} == {"count": 50}
    assert customer["version"] == 2 + 50


def test_without_conditions_the_last_writer_wins_field_by_field(editor: Api, john: Json) -> None:
    path = f"/api/customers/{john['id']}"
    fields = ["city", "country", "state", "notes", "company_name", "tax_id"]
    calls = [partial(Api.patch, path=path, json={name: f"new {name}"}) for name in fields]
    assert {each.status_code for each in at_once(editor, calls)} == {200}
    editor.patch(path, {"city": "the last"})
    customer = editor.get(path).get_json()
    assert {name: customer[name] for name in fields} == {
        **{name: f"new {name}" for name in fields},
        "city": "the last",
    }


def test_the_reference_says_which_requests_can_be_conditional(reference: Json) -> None:
    found: dict[str, set[str]] = {"If-Match": set(), "If-None-Match": set()}
    for path, methods in reference["paths"].items():
        for method, operation in methods.items():
            for each in operation["parameters"]:
                if each["name"] in found:
                    found[each["name"]].add(f"{method} {path}")
                    status = {"If-Match": "412", "If-None-Match": "304"}[each["name"]]
                    assert {"400", status} <= operation["responses"].keys()
    prefixes = ("/api/customers/{customer_id}", "/api/v1/customers/{customer_id}")
    marks = ("verify-email", "verify-phone", "last-login")
    assert found["If-Match"] >= {f"patch {path}/{mark}" for path in prefixes for mark in marks}
    assert found["If-Match"] >= {
        "patch /api/customers/{customer_id}",
        "delete /api/customers/{customer_id}",
        "put /api/v1/customers/{customer_id}",
        "delete /api/v1/customers/{customer_id}",
        "delete /api/v1/customers/{customer_id}/hard",
    }
    assert found["If-None-Match"] >= {f"get {path}" for path in prefixes}
