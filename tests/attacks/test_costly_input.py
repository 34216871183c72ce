"""What costs the sender little must cost the server little, from strangers above all."""

import pytest

from customers_api.core.customers import substrings
from customers_api.core.customers.identity import email_key
from customers_api.web.body import MOST_OF_READERS, MOST_OF_STRANGERS
from tests.support.api import Api

# Letters that lead to one another, none of them twice.
ALPHABET = [chr(code) for code in range(0x4E00, 0x4E00 + 1_000)]
PUBLIC = (
    "/api/auth/login",
    "/api/auth/refresh",
    "/api/auth/customers/login",
    "/api/auth/customers/refresh",
    "/api/auth/customers/password-reset",
)


@pytest.mark.parametrize("path", PUBLIC)
def test_a_stranger_may_not_send_a_long_body(anonymous: Api, path: str) -> None:
    body = {"email": "a" * MOST_OF_STRANGERS}
    assert anonymous.post(path, body).status_code == 413


def test_who_makes_no_lists_may_not_send_as_long_a_body_as_who_does(
    reader: Api, editor: Api
) -> None:
    search = {"query": "a" * MOST_OF_READERS}
    assert reader.post("/api/customers/search", search).status_code == 413
    assert editor.post("/api/customers/search", search).status_code == 400


def test_an_operator_may_send_a_long_body(admin: Api) -> None:
    body = {"first_name": "A", "last_name": "B", "email": "a@example.com", "notes": "n" * 100_000}
    assert admin.post("/api/customers", body).status_code == 201


def test_an_email_that_is_too_long_for_anybody_is_not_composed() -> None:
    # Composing twenty thousand accents takes half a second, twice as many four times as long.
    assert email_key("E\u0301@example.com") == "\u00e9@example.com"
    assert email_key("E\u0301" * 200) == "e\u0301" * 200


def test_a_search_for_an_email_of_very_many_accents_finds_nobody(reader: Api) -> None:
    answer = reader.post("/api/customers/search", {"email": "a" + "\u0315\u0300" * 400})
    assert answer.status_code == 200
    assert answer.get_json()["total"] == 0


@pytest.mark.parametrize("text", ["5" * 1_000, " 555" * 250, "an" * 500, "".join(ALPHABET)])
def test_of_a_long_text_the_index_of_texts_is_asked_for_little(text: str) -> None:
    # SQLite's looks each three characters up for each text that has all of them.
    asked = dict(substrings.parameters("query", text, "sqlite"))["query_match"]
    pieces = asked.strip('"').split('" AND "')
    assert all(piece in text and len(piece) >= substrings.SHORTEST_INDEXED for piece in pieces)
    assert sum(map(len, pieces)) <= 3 * substrings.LONGEST_PIECE


def test_very_many_unknown_fields_are_not_named_one_by_one(editor: Api) -> None:
    crowd = {f"k{n}": 1 for n in range(5_000)}
    for path, body, pointer in (
        ("/api/customers", crowd, ""),
        ("/api/customers?size=list", {"customers": [{}, crowd]}, "/customers/1"),
    ):
        answer = editor.post(path, body)
        assert answer.status_code == 400
        [problem] = answer.get_json()["errors"]
        assert problem["pointer"] == pointer
        assert "5000 fields" in problem["message"]


def test_a_very_long_unknown_name_is_not_repeated_whole(editor: Api) -> None:
    answer = editor.post("/api/customers", {"x" * 2_000_000: 1})
    assert answer.status_code == 400
    assert len(answer.data) < 500_000
