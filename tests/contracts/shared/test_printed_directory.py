"""Every request that the registry's document prints for the directory, at both addresses."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.contracts.main.calls import set_columns
from tests.contracts.registry.printed import BULK_UPDATES, CREATE, MODEL, SEARCH, STATISTICS
from tests.contracts.shared.calls import ids, next_of
from tests.support.api import Api

BORN = {"/api/customers": "1990-01-15", "/api/v1/customers": "1990-01-15T00:00:00"}


@pytest.fixture
def printed(editor: Api, prefix: str) -> dict[str, Any]:
    """The document's customer of the time of its search, as this address shows him."""
    id = editor.post(f"{prefix}/", CREATE).get_json()["id"]
    set_columns(editor, id, created_at=datetime(2024, 1, 15, 10, 30, tzinfo=UTC))
    return dict(editor.get(f"{prefix}/{id}").get_json())


def test_list(reader: Api, prefix: str, printed: dict[str, Any]) -> None:
    answer = reader.get(f"{prefix}/?skip=0&limit=100&is_active=true")
    assert answer.status_code == 200
    assert answer.get_json() == [printed]
    assert next_of(answer) is None
    assert printed.keys() >= MODEL
    assert printed["date_of_birth"] == BORN[prefix]


def test_advanced_search(reader: Api, prefix: str, printed: dict[str, Any]) -> None:
    answer = reader.post(f"{prefix}/search", SEARCH)
    assert answer.status_code == 200
    assert answer.get_json() == {
        "customers": [printed], "total": 1, "page": 1, "limit": 10, "total_pages": 1,
    }  # fmt: skip


def test_the_usage_examples_of_search(reader: Api, prefix: str, printed: dict[str, Any]) -> None:
    body: dict[str, Any]
    for body in ({"query": "john", "city": "New York"}, {"query": "john"}, {}):
        for paging in ({}, {"page": 1, "limit": 10}):
            answer = reader.post(f"{prefix}/search", body | paging)
            assert answer.get_json()["customers"] == [printed]


def test_look_ups(reader: Api, prefix: str, printed: dict[str, Any]) -> None:
    for path in ("username/johndoe", "email/john.doe@example.com", "email/John.Doe@Example.com"):
        answer = reader.get(f"{prefix}/{path}")
        assert answer.status_code == 200
        assert answer.get_json() == printed


def test_bulk_update(editor: Api, prefix: str, printed: dict[str, Any]) -> None:
    body = {"customer_ids": [printed["customer_id"]], "updates": BULK_UPDATES}
    answer = editor.post(f"{prefix}/bulk-update", body)
    assert answer.status_code == 200
    assert answer.get_json() == {"updated": 1, "not_found": []}
    after = editor.get(f"{prefix}/{printed['id']}").get_json()
    changed = {**BULK_UPDATES, "version": printed["version"] + 1}
    assert after == printed | changed | {"updated_at": after["updated_at"]}
    assert after["updated_at"] > printed["updated_at"]


def test_bulk_update_of_nobody(editor: Api, prefix: str) -> None:
    body = {"customer_ids": ["CUST_A1B2C3D4", "CUST_B2C3D4E5"], "updates": BULK_UPDATES}
    answer = editor.post(f"{prefix}/bulk-update", body)
    assert answer.status_code == 200
    assert answer.get_json() == {"updated": 0, "not_found": ["CUST_A1B2C3D4", "CUST_B2C3D4E5"]}


def test_verification(editor: Api, prefix: str, printed: dict[str, Any]) -> None:
    path = f"{prefix}/{printed['customer_id']}"
    email = editor.patch(f"{path}/verify-email")
    phone = editor.patch(f"{prefix}/{printed['id']}/verify-phone")
    assert (email.status_code, phone.status_code) == (200, 200)
    flags = ("email_verified", "phone_verified", "is_verified")
    assert [email.get_json()[flag] for flag in flags] == [True, False, False]
    assert [phone.get_json()[flag] for flag in flags] == [True, True, True]
    after = editor.patch(f"{path}/verify-phone").get_json()
    assert editor.get(f"{prefix}/{printed['id']}").get_json() == after


def test_last_login(editor: Api, prefix: str, printed: dict[str, Any]) -> None:
    before = printed["updated_at"]
    for name in ("customer_id", "id"):
        answer = editor.patch(f"{prefix}/{printed[name]}/last-login")
        assert answer.status_code == 200
        after = answer.get_json()
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", after["last_login_at"])
        assert after["last_login_at"] > before
        assert editor.get(f"{prefix}/{printed['id']}").get_json() == after
        before = after["last_login_at"]


def test_statistics(reader: Api, prefix: str, printed: dict[str, Any]) -> None:
    answer = reader.get(f"{prefix}/statistics/overview")
    assert answer.status_code == 200
    shown = answer.get_json()
    assert shown.keys() == STATISTICS | {"as_of"}
    assert (shown["total_customers"], shown["active_customers"]) == (1, 1)
    assert shown["customers_by_country"] == {"USA": 1}
    assert shown["customers_by_city"] == {"New York": 1}
    assert shown["gender_distribution"] == {"male": 1}


def test_tags_and_location(reader: Api, prefix: str, printed: dict[str, Any]) -> None:
    for path in ("tags/premium,tech", "location/search?city=New York&country=USA"):
        answer = reader.get(f"{prefix}/{path}")
        assert answer.status_code == 200
        assert answer.get_json() == [printed]


def test_available_places(reader: Api, prefix: str, printed: dict[str, Any]) -> None:
    for path, places in (
        ("countries", ["USA"]),
        ("cities?country=USA", ["New York"]),
        ("states?country=USA", ["NY"]),
        ("cities?country=Canada", []),
        ("states", ["NY"]),
    ):
        answer = reader.get(f"{prefix}/available/{path}")
        assert answer.status_code == 200
        assert answer.get_json() == places


def test_a_path_answers_the_same_with_and_without_its_final_slash(
    reader: Api, prefix: str, printed: dict[str, Any]
) -> None:
    for path in ("", "/username/johndoe", "/available/countries", "/tags/premium"):
        answers = [reader.get(prefix + path + slash) for slash in ("", "/")]
        assert answers[0].get_json() == answers[1].get_json()
    assert ids(reader.post(f"{prefix}/search/", {}).get_json()["customers"]) == [printed["id"]]


def test_whom_there_is_not_is_404_in_the_directory(editor: Api, prefix: str) -> None:
    for mark in ("verify-email", "verify-phone", "last-login"):
        for who in (7, "CUST_00000000", "nobody", "a%00b", "9" * 30):
            answer = editor.patch(f"{prefix}/{who}/{mark}")
            assert answer.status_code == 404
            assert answer.get_json()["detail"] == "Customer not found"
    for path in ("username/x", "email/x@y.z", "email/%00", "username/%00", "email/x%2Fy@z.w"):
        assert editor.get(f"{prefix}/{path}").get_json()["detail"]
        assert editor.get(f"{prefix}/{path}").status_code == 404
