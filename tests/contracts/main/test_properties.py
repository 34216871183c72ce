"""Whatever is sent, the answer is one that the reference knows, and never a 5xx."""

import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from customers_api.contracts.main.schemas import NewCustomer
from tests.contracts.main.calls import created, person, property_of_the_api
from tests.support.api import Api, problems

FIELDS = [*NewCustomer().fields, "unknown", "_schema"]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
    | st.sampled_from(["", "\0", "1990-01-15", "555-0123", "a@b.co", "active", "1.50", "NaN"])
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(FIELDS) | st.text("a\0/~é", max_size=3), inner, max_size=6
        )
    ),
    max_leaves=20,
)
LENGTHS = {"city": 100, "country": 100, "postal_code": 20, "company_name": 255, "tax_id": 50}
LINE = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=300)


def john_again(editor: Api) -> dict[str, Any]:
    """The customer whom all examples of a property change."""
    answer = editor.get("/api/customers/1")
    return dict(answer.get_json()) if answer.status_code == 200 else created(editor, **person())


@property_of_the_api
@given(ANYTHING)
def test_any_json_is_a_change_or_a_400(editor: Api, body: Any) -> None:
    john_again(editor)
    answer = editor.patch("/api/customers/1", json=body) if body is not None else None
    assert answer is None or answer.status_code in (200, 400)


@property_of_the_api
@given(st.dictionaries(st.sampled_from(FIELDS), SCALARS, min_size=1, max_size=6))
def test_any_fields_are_changed_all_or_not_at_all(editor: Api, body: dict[str, Any]) -> None:
    before = john_again(editor)
    answer = editor.patch("/api/customers/1", body)
    after = editor.get("/api/customers/1").get_json()
    assert answer.status_code in (200, 400)
    assert after == (answer.get_json() if answer.status_code == 200 else before)


@property_of_the_api
@given(st.lists(ANYTHING, max_size=4), st.sampled_from(["one", "list", "x"]))
def test_any_json_makes_customers_or_is_a_400(editor: Api, items: list[Any], size: str) -> None:
    answer = editor.post(f"/api/customers/?size={size}", {"customers": items})
    assert answer.status_code in (201, 400)
    if answer.status_code == 400:
        assert problems(answer)


@property_of_the_api
@given(st.sampled_from(sorted(LENGTHS)), LINE)
def test_a_text_is_kept_whole_or_refused_for_its_length(editor: Api, field: str, text: str) -> None:
    john_again(editor)
    answer = editor.patch("/api/customers/1", {field: text})
    kept = text.strip()
    if len(kept) > LENGTHS[field]:
        assert set(problems(answer)) == {f"/{field}"}
    else:
        assert answer.get_json()[field] == kept


@property_of_the_api
@given(st.dates().map(str) | st.text(string.digits + "-T:", max_size=20))
def test_a_date_of_birth_comes_back_or_is_refused(editor: Api, text: str) -> None:
    john_again(editor)
    answer = editor.patch("/api/customers/1", {"date_of_birth": text})
    if answer.status_code == 200:
        assert answer.get_json()["date_of_birth"] == text.removesuffix("T00:00:00")
        assert text >= "1900-01-01"
    else:
        assert set(problems(answer)) == {"/date_of_birth"}


@property_of_the_api
@given(st.text(string.digits + "+- ()./x", max_size=22))
def test_a_phone_comes_back_or_is_refused(editor: Api, text: str) -> None:
    john_again(editor)
    answer = editor.patch("/api/customers/1", {"phone": text})
    digits = sum(character.isdigit() for character in text)
    if answer.status_code == 200:
        assert answer.get_json()["phone"] == text.strip()
        assert 7 <= digits <= 15
    else:
        assert set(problems(answer)) == {"/phone"}


@property_of_the_api
@given(st.lists(st.text("ab ,é", max_size=6), max_size=6))
def test_tags_are_the_parts_of_the_text_in_order_and_once_each(
    editor: Api, parts: list[str]
) -> None:
    john_again(editor)
    text = ",".join(parts)
    wanted = dict.fromkeys(part.strip() for part in text.split(",") if part.strip())
    answer = editor.patch("/api/customers/1", {"tags": text})
    assert answer.get_json()["tags"] == (",".join(wanted) or None)
