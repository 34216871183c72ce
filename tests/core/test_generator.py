"""The made-up customers: the same each time, all different, and within the rules."""

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from uuid import RFC_4122

import pytest

from customers_api.core.customers import creation, identity, rules
from customers_api.core.customers.generation import people
from customers_api.core.customers.generation.draws import LARGEST_NUMBER, uuid
from customers_api.core.customers.generation.lands import LANDS
from customers_api.core.customers.generation.people import Record, customer
from customers_api.core.customers.model import CUSTOMERS, Status

GROUPS = ("1", "2", None)
REFERENCE = datetime.combine(people.REFERENCE, time.min, UTC)


@pytest.fixture(scope="module")
def crowd() -> list[Record]:
    return [customer(number, GROUPS) for number in range(1, 5001)]


def test_every_customer_keeps_the_rules(crowd: list[Record]) -> None:
    assert [problem for record in crowd for problem in rules.problems(record)] == []


def test_every_customer_fits_its_columns(crowd: list[Record]) -> None:
    assert set(crowd[0]) == {*creation.COLUMNS, "tags"} - {"id", "address"}
    for column in CUSTOMERS.columns:
        length = getattr(column.type, "length", None)
        if length and column.name in ("username", "customer_id", "email", "email_key"):
            assert max(len(record[column.name]) for record in crowd) <= length
    assert {record["customer_status"] for record in crowd} == {*Status}


def test_the_largest_number_makes_a_customer_within_the_rules() -> None:
    record = customer(LARGEST_NUMBER, GROUPS)
    assert [*rules.problems(record)] == []
    assert len(record["username"]) <= 50


@pytest.mark.parametrize("name", ["uuid", "customer_id", "username", "email_key"])
def test_nobody_shares_what_must_be_unique(crowd: list[Record], name: str) -> None:
    assert len({record[name] for record in crowd}) == len(crowd)


def test_the_first_32_bits_of_a_uuid_never_meet() -> None:
    numbers = range(1, 200_001)
    assert len({uuid(number).time_low for number in numbers}) == len(numbers)


def test_a_uuid_looks_like_a_random_one(crowd: list[Record]) -> None:
    assert {(each["uuid"].version, each["uuid"].variant) for each in crowd} == {(4, RFC_4122)}


def test_identity_is_what_the_registry_would_make_of_it(crowd: list[Record]) -> None:
    for record in crowd:
        assert record["customer_id"] == identity.customer_id(record["uuid"])
        assert record["email_key"] == identity.email_key(record["email"])
        base = identity.base_username(record["first_name"], record["last_name"])
        assert record["username"].startswith(base)
        assert record["username"][len(base) :].isdigit()


def test_a_number_makes_the_same_customer_on_every_machine() -> None:
    record = customer(1, GROUPS)
    assert str(record["uuid"]) == "640fe50d-e1c0-4870-8ebb-df4cf74c6f82"
    assert record["email"] == "m.costa1@example.com"
    assert record["address_line1"] == "Rua XV 2"
    assert record["created_at"].isoformat() == "2024-07-02T04:41:40+00:00"


def test_history_is_in_order(crowd: list[Record]) -> None:
    for record in crowd:
        seen, acquired = record["last_login_at"], record["customer_acquisition_date"]
        assert (acquired or record["created_at"]) <= record["created_at"] <= REFERENCE
        assert record["created_at"] <= (seen or REFERENCE) <= REFERENCE
    years = Counter(record["created_at"].year for record in crowd)
    assert years[2024] > years[2018] > 0


def test_everybody_is_of_age_when_the_history_ends(crowd: list[Record]) -> None:
    births = [record["date_of_birth"] for record in crowd if record["date_of_birth"]]
    ages = [(REFERENCE.date() - birth) // timedelta(days=365) for birth in births]
    assert min(ages) >= 18
    assert max(ages) <= 86


def test_people_live_where_their_country_is(crowd: list[Record]) -> None:
    cities = {(land.country.name, city.name, city.state) for land in LANDS for city in land.cities}
    whole = [each for each in crowd if each["country"] and each["city"]]
    assert {(each["country"], each["city"], each["state"]) for each in whole} <= cities
    assert len({each["country"] for each in whole}) == len({land.country.name for land in LANDS})


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [("phone", 5, 20), ("date_of_birth", 5, 20), ("company_name", 80, 95), ("city", 3, 10)],
)
def test_some_fields_are_missing(crowd: list[Record], name: str, least: int, most: int) -> None:
    missing = 100 * sum(record[name] is None for record in crowd) / len(crowd)
    assert least < missing < most


def test_few_spend_much(crowd: list[Record]) -> None:
    values = sorted(record["lifetime_value"] for record in crowd)
    median = values[len(values) // 2]
    assert values[0] == 0
    assert sum(values) / len(values) > 2 * median
