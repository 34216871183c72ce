"""lifetime_value: an exact decimal with two places."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contracts.main.calls import created, person, property_of_the_api, send_text
from tests.support.api import Api, problems

# As JSON, to the letter: a string or a number.
SHOWN = [
    ("0", "0.00"),
    ("1500.00", "1500.00"),
    ("1500.0", "1500.00"),
    ("37.62", "37.62"),
    ("0.1", "0.10"),
    ("1e2", "100.00"),
    ("1.005e3", "1005.00"),
    ("-12.34", "-12.34"),
    ("999999999999.99", "999999999999.99"),
    ("-999999999999.99", "-999999999999.99"),
    ('"37.62"', "37.62"),
    ('"1500"', "1500.00"),
    ('" 0.29 "', "0.29"),
    ('"999999999999.99"', "999999999999.99"),
    ("-0.0", "0.00"),
    ('"-0"', "0.00"),
]
REFUSED = [
    "1.005",
    "0.001",
    "1e-3",
    "100000000000.001",
    "1000000000000",
    "-1000000000000",
    "1e12",
    "1e400",
    "1e-400",
    "1e999999999999999999999",
    "1e-999999999999999999999",
    "9" * 4000,
    "9" * 10_000,
    "0." + "1" * 10_000,
    '"1.005"',
    '"NaN"',
    '"Infinity"',
    '"-sNaN"',
    '"1,5"',
    '"1_000"',
    '"\u0661\u0665"',
    '"$5"',
    '""',
    '"abc"',
    '"' + "9" * 10_000 + '"',
    "true",
    "null",
    "[]",
    "{}",
]


def body(value: str) -> str:
    return (
        '{"first_name": "Ann", "last_name": "Lee", "email": "ann@example.com", '
        f'"lifetime_value": {value}}}'
    )


@pytest.mark.parametrize(("value", "shown"), SHOWN)
def test_an_amount_is_shown_with_two_places(editor: Api, value: str, shown: str) -> None:
    answer = send_text(editor, "POST", "/api/customers/", body(value))
    assert answer.status_code == 201
    assert answer.get_json()["lifetime_value"] == shown
    assert editor.get(answer.headers["Location"]).get_json() == answer.get_json()


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: value[:24])
def test_what_is_no_amount_of_two_places_is_refused(editor: Api, value: str) -> None:
    answer = send_text(editor, "POST", "/api/customers/", body(value))
    assert answer.status_code == 400
    assert editor.get("/api/customers/1").status_code == 404


@pytest.mark.parametrize("value", ["1.005", '"1.005"', "1e12", '"x"', "true", "null", "[]"])
def test_a_refused_amount_is_named(editor: Api, value: str) -> None:
    answer = send_text(editor, "POST", "/api/customers/", body(value))
    assert set(problems(answer)) == {"/lifetime_value"}


@property_of_the_api
@given(st.decimals("-999999999999.99", "999999999999.99", places=2), st.booleans())
def test_every_amount_comes_back_exactly(editor: Api, amount: Decimal, quoted: bool) -> None:
    customer = editor.get("/api/customers/1").get_json()
    if "id" not in customer:
        created(editor, **person())
    value = f'"{amount}"' if quoted else f"{amount:f}"
    answer = send_text(editor, "PATCH", "/api/customers/1", f'{{"lifetime_value": {value}}}')
    shown = answer.get_json()["lifetime_value"]
    assert Decimal(shown) == amount
    assert shown == f"{amount + 0:.2f}"
