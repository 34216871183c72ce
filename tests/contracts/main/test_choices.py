"""Fields with a few allowed values, flags, and tags."""

from typing import Any

import pytest

from tests.contracts.main.calls import created, person
from tests.support.api import Api, problems

FLAGS = ("marketing_emails", "marketing_sms", "is_loyalty_member")


@pytest.mark.parametrize(
    ("status", "active"), [("active", True), ("inactive", False), ("canceled", False)]
)
def test_active_is_a_status(editor: Api, status: str, active: bool) -> None:
    customer = created(editor, **person(customer_status=status))
    assert (customer["customer_status"], customer["is_active"]) == (status, active)


def test_a_status_changes_both_ways(editor: Api, john: dict[str, Any]) -> None:
    path = f"/api/customers/{john['id']}"
    for status, active in (("inactive", False), ("active", True), ("canceled", False)):
        assert editor.patch(path, {"customer_status": status}).get_json()["is_active"] is active


@pytest.mark.parametrize("status", ["Active", "cancelled", "", "deleted"])
def test_any_other_status_is_refused_with_the_three_there_are(editor: Api, status: str) -> None:
    answer = editor.post("/api/customers/", person(customer_status=status))
    assert answer.status_code == 400
    assert problems(answer) == {"/customer_status": "Must be one of active, inactive, canceled"}


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("value", [True, False])
def test_a_flag_is_true_or_false(editor: Api, flag: str, value: bool) -> None:
    assert created(editor, **person(**{flag: value}))[flag] is value


@pytest.mark.parametrize("value", ["true", "y", "", 1, 0, None, [], {}])
def test_nothing_that_resembles_a_flag_is_one(
    editor: Api, john: dict[str, Any], value: Any
) -> None:
    answer = editor.patch(f"/api/customers/{john['id']}", dict.fromkeys(FLAGS, value))
    assert answer.status_code == 400
    assert set(problems(answer)) == {f"/{flag}" for flag in FLAGS}


@pytest.mark.parametrize(
    "channels", [[], ["email"], ["phone", "email"], ["text", "phone", "email"]]
)
def test_channels_keep_their_order(editor: Api, channels: list[str]) -> None:
    customer = created(editor, **person(preferred_communication_channels=channels))
    assert customer["preferred_communication_channels"] == channels


def test_a_channel_counts_once(editor: Api) -> None:
    sent = ["text", "email", "text", "email"]
    customer = created(editor, **person(preferred_communication_channels=sent))
    assert customer["preferred_communication_channels"] == ["text", "email"]


@pytest.mark.parametrize(
    ("channels", "pointer"),
    [
        (["fax"], "/preferred_communication_channels/0"),
        (["email", "Email"], "/preferred_communication_channels/1"),
        (["email", "text", 7], "/preferred_communication_channels/2"),
        ([None], "/preferred_communication_channels/0"),
        ([["email"]], "/preferred_communication_channels/0"),
        ("email", "/preferred_communication_channels"),
        ({"email": True}, "/preferred_communication_channels"),
    ],
)
def test_any_other_channel_is_refused_at_its_place(
    editor: Api, channels: Any, pointer: str
) -> None:
    answer = editor.post("/api/customers/", person(preferred_communication_channels=channels))
    assert answer.status_code == 400
    assert set(problems(answer)) == {pointer}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("premium,tech,new-york", "premium,tech,new-york"),
        ("tech,premium", "tech,premium"),
        ("b,a,b,c,a", "b,a,c"),
        (" premium , tech ", "premium,tech"),
        ("premium,,tech,", "premium,tech"),
        ("two words,Ünïcode,雷", "two words,Ünïcode,雷"),
        ("Tech,tech", "Tech,tech"),
        ("", None),
        (" , ,", None),
        (None, None),
    ],
)
def test_tags_keep_their_order_and_lose_repeats(editor: Api, sent: Any, shown: Any) -> None:
    customer = created(editor, **person(tags=sent))
    assert customer["tags"] == shown
    assert editor.get(f"/api/customers/{customer['id']}").get_json()["tags"] == shown


@pytest.mark.parametrize("after", ["c,a", "a,b", "b", "x,y,z", "", None])
def test_a_change_replaces_all_tags(editor: Api, after: str | None) -> None:
    customer = created(editor, **person(tags="a,b"))
    answer = editor.patch(f"/api/customers/{customer['id']}", {"tags": after})
    assert answer.get_json()["tags"] == (after or None)


@pytest.mark.parametrize("tags", [["a", "b"], 7, True, {}, "a\nb,c", "a\0", "x" * 501])
def test_what_is_no_text_of_tags_is_refused(editor: Api, john: dict[str, Any], tags: Any) -> None:
    answer = editor.patch(f"/api/customers/{john['id']}", {"tags": tags})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/tags"}
