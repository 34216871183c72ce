"""Verified flags: is_verified is both of them; a changed email or phone clears its own."""

from typing import Any

import pytest

from tests.contracts.main.calls import created, person, set_columns
from tests.support.api import Api, problems

FLAGS = ("email_verified", "phone_verified", "is_verified")


@pytest.fixture
def verified(editor: Api) -> dict[str, Any]:
    """A customer whose email and phone are both verified."""
    customer = created(editor, **person(phone="555-0123"))
    set_columns(editor, customer["id"], email_verified=True, phone_verified=True)
    return dict(editor.get(f"/api/customers/{customer['id']}").get_json())


def flags(customer: dict[str, Any]) -> tuple[bool, ...]:
    return tuple(customer[flag] for flag in FLAGS)


def flags_after(editor: Api, customer: dict[str, Any], **changes: Any) -> tuple[bool, ...]:
    answer = editor.patch(f"/api/customers/{customer['id']}", changes)
    assert answer.status_code == 200
    return flags(answer.get_json())


@pytest.mark.parametrize(
    ("email", "phone", "both"),
    [(False, False, False), (True, False, False), (False, True, False), (True, True, True)],
)
def test_verified_is_email_and_phone(
    editor: Api, john: dict[str, Any], email: bool, phone: bool, both: bool
) -> None:
    set_columns(editor, john["id"], email_verified=email, phone_verified=phone)
    assert flags(editor.get(f"/api/customers/{john['id']}").get_json()) == (email, phone, both)


def test_a_new_email_is_not_verified(editor: Api, verified: dict[str, Any]) -> None:
    assert flags_after(editor, verified, email="new@example.com") == (False, True, False)


def test_a_new_phone_is_not_verified(editor: Api, verified: dict[str, Any]) -> None:
    assert flags_after(editor, verified, phone="555-0199") == (True, False, False)


def test_no_phone_is_not_verified(editor: Api, verified: dict[str, Any]) -> None:
    assert flags_after(editor, verified, phone=None) == (True, False, False)


def test_the_same_email_and_phone_stay_verified(editor: Api, verified: dict[str, Any]) -> None:
    same = {"email": verified["email"], "phone": verified["phone"]}
    assert flags_after(editor, verified, **same) == (True, True, True)


def test_other_changes_leave_the_flags_alone(editor: Api, verified: dict[str, Any]) -> None:
    assert flags_after(editor, verified, city="Berlin", tags="a") == (True, True, True)


def test_a_refused_change_of_email_leaves_the_flag(
    editor: Api, john: dict[str, Any], verified: dict[str, Any]
) -> None:
    path = f"/api/customers/{verified['id']}"
    assert editor.patch(path, {"email": john["email"]}).status_code == 400
    assert flags(editor.get(path).get_json()) == (True, True, True)


@pytest.mark.parametrize("flag", FLAGS)
def test_a_client_does_not_set_them(editor: Api, john: dict[str, Any], flag: str) -> None:
    answer = editor.patch(f"/api/customers/{john['id']}", {flag: True})
    assert answer.status_code == 400
    assert set(problems(answer)) == {f"/{flag}"}
