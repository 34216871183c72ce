"""metadata: a JSON object of the client's own, which comes back exactly."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.main.calls import created, person, property_of_the_api, send_text
from tests.support.api import Api, problems

NUMBERS = [
    "1.50",
    "1.0",
    "100",
    "0",
    "-7",
    "0.1",
    "1e5",
    "1E-7",
    "9007199254740993",
    "18446744073709551616",
    "1" * 100,
    "3.141592653589793238462643383279",
    "1e400",
    "1e-400",
]
VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
)
KEYS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(
        VALUES,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


def exact(text: str) -> Any:
    """JSON with every digit of its numbers."""
    return json.loads(text, parse_float=Decimal)


def written(value: Any) -> str:
    """JSON of a value in which there are Decimals."""
    if isinstance(value, dict):
        pairs = (f"{json.dumps(name)}: {written(each)}" for name, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(each) for each in value) + "]"
    return str(value) if isinstance(value, Decimal) else json.dumps(value)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_keep_every_digit(editor: Api, john: dict[str, Any], number: str) -> None:
    path = f"/api/customers/{john['id']}"
    sent = f'{{"n": {number}, "deep": [[{number}]]}}'
    answers = send_text(editor, "PATCH", path, f'{{"metadata": {sent}}}'), editor.get(path)
    for answer in answers:
        shown = exact(answer.get_data(as_text=True))["metadata"]
        assert shown == exact(sent)
        assert str(shown["n"]) == str(exact(sent)["n"])


def test_a_created_customers_metadata_keeps_every_digit(editor: Api) -> None:
    numbers = "[" + ", ".join(NUMBERS) + "]"
    one = json.dumps(person(metadata={"n": "NUMBERS"})).replace('"NUMBERS"', numbers)
    answer = send_text(editor, "POST", "/api/customers/", one)
    assert answer.status_code == 201
    shown = exact(answer.get_data(as_text=True))["metadata"]["n"]
    assert [str(n) for n in shown] == [str(n) for n in exact(numbers)]


def test_keys_keep_their_order(editor: Api) -> None:
    metadata = {"z": 1, "a": 2, "m": {"y": 1, "b": 2}, "": 3}
    shown = created(editor, **person(metadata=metadata))["metadata"]
    assert json.dumps(shown) == json.dumps(metadata)


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"": ""},
        {"a/b": 1, "~": 2, "é": "雷", "🎷": None},
        {"nested": {"list": [1, [2, {"x": []}], {}]}},
        {"lines": "a\n\tb\x1b", "quotes": "\"'\\"},
        {"spelled out": "\\u0000", "path": "C:\\u0000\\users"},
        {"id": 7, "email": "not an email", "_schema": 1},
    ],
)
def test_any_object_comes_back_equal(editor: Api, metadata: dict[str, Any]) -> None:
    customer = created(editor, **person(metadata=metadata))
    assert customer["metadata"] == metadata
    assert editor.get(f"/api/customers/{customer['id']}").get_json() == customer


def test_a_change_replaces_the_whole_object(editor: Api) -> None:
    customer = created(editor, **person(metadata={"a": 1, "b": 2}))
    path = f"/api/customers/{customer['id']}"
    assert editor.patch(path, {"metadata": {"c": 3}}).get_json()["metadata"] == {"c": 3}


@pytest.mark.parametrize("value", ["{}", "text", 7, True, [], [{}], ["a", "b"]])
def test_what_is_no_object_is_refused(editor: Api, value: Any) -> None:
    answer = editor.post("/api/customers/", person(metadata=value))
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/metadata"}


@pytest.mark.parametrize("metadata", [{"a": "x\0y"}, {"x\0y": 1}, {"a": [{"b": "\0"}]}])
def test_nul_is_refused_anywhere_in_it(editor: Api, metadata: dict[str, Any]) -> None:
    answer = editor.post("/api/customers/", person(metadata=metadata))
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/metadata"}


def test_an_object_that_is_too_large_is_refused(editor: Api, john: dict[str, Any]) -> None:
    answer = editor.patch(f"/api/customers/{john['id']}", {"metadata": {"a": "x" * 66_000}})
    assert answer.status_code == 400
    assert set(problems(answer)) == {"/metadata"}


@property_of_the_api
@given(DOCUMENTS)
def test_every_object_makes_the_round_trip(editor: Api, metadata: dict[str, Any]) -> None:
    if editor.get("/api/customers/1").status_code == 404:
        created(editor, **person())
    sent = written(metadata)
    answer = send_text(editor, "PATCH", "/api/customers/1", f'{{"metadata": {sent}}}')
    assert answer.status_code == 200
    assert exact(answer.get_data(as_text=True))["metadata"] == exact(sent)
