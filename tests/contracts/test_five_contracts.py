"""One core, five contracts: whoever made a customer, all five read the same person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from tests.contracts.main.calls import send_text
from tests.support.api import Api

CAPABILITY = "/api/capabilities/customer-management"
Person = Mapping[str, Any]
Json = dict[str, Any]

PEOPLE: Mapping[str, Person] = {
    "plain": {
        "first_name": "John",
        "last_name": "Doe",
        "phone": "+1-555-0123",
        "address": {"line1": "123 Main Street", "city": "New York", "postalCode": "10001"},
        "worth": "1500.00",
    },
    "no last name": {
        "first_name": "Cher",
        "last_name": "",
        "phone": None,
        "address": {},
        "worth": "0.00",
    },
    "many names": {
        "first_name": "Ana",
        "last_name": "María de la Cruz",
        "phone": "555-0123",
        "address": {"line1": "Calle 8 #12-34, 2º B", "country": "Colombia"},
        "worth": "0.10",
    },
    "another script": {
        "first_name": "雷",
        "last_name": "李",
        "phone": "(010) 1234.5678",
        "address": {"city": "北京", "line2": "3号楼"},
        "worth": "999999999999.99",
    },
    "signs": {
        "first_name": 'O\'Brien-"Smith"',
        "last_name": "<b>%_\\ Jr.</b>",
        "phone": "1234567890",
        "address": {"line1": "a\\b \"c\" 'd'", "state": "😀"},
        "worth": "-0.01",
    },
}
COLUMNS = {
    "line1": "address_line1",
    "line2": "address_line2",
    "city": "city",
    "state": "state",
    "postalCode": "postal_code",
    "country": "country",
}


@dataclass(frozen=True)
class Known:
    """Every name that a customer has."""

    id: int
    customer_id: str
    uuid: str


def name(person: Person) -> str:
    return f"{person['first_name']} {person['last_name']}".strip()


def lines(person: Person) -> Json:
    return {column: person["address"].get(key) for key, column in COLUMNS.items()}


def whole(person: Person, email: str) -> Json:
    """The person as the main and the registry contract take one."""
    given = {key: value for key, value in lines(person).items() if value is not None}
    return {
        "first_name": person["first_name"],
        "last_name": person["last_name"],
        "email": email,
        "phone": person["phone"],
        "lifetime_value": person["worth"],
        **given,
    }


def by_main(api: Api, person: Person, email: str) -> None:
    assert api.post("/api/customers/", whole(person, email)).status_code == 201


def by_registry(api: Api, person: Person, email: str) -> None:
    assert api.post("/api/v1/customers/", whole(person, email)).status_code == 201


def by_basic(api: Api, person: Person, email: str) -> None:
    body = {"id": 4711, "name": name(person), "email": email, "phone": person["phone"]}
    assert api.post("/customers/", body).status_code == 201


def by_loyalty(api: Api, person: Person, email: str) -> None:
    given = {
        "first_name": person["first_name"],
        "last_name": person["last_name"],
        "email_address": email,
        "phone_number": person["phone"],
        "address": lines(person)["address_line1"],
        **{key: lines(person)[key] for key in ("city", "state", "postal_code")},
    }
    text = api.app.json.dumps(given)[:-1] + f', "lifetime_value": {person["worth"]}}}'
    assert send_text(api, "POST", "/loyalty/customers", text).status_code == 201


def by_capability(api: Api, person: Person, email: str) -> None:
    body = {"name": name(person), "email": email, "address": person["address"]}
    if person["phone"] is not None:
        body["phone"] = person["phone"]
    assert api.post(f"{CAPABILITY}/create_customer", body).status_code == 200


CREATED_BY: Mapping[str, Callable[[Api, Person, str], None]] = {
    "main": by_main,
    "registry": by_registry,
    "basic": by_basic,
    "loyalty": by_loyalty,
    "capability": by_capability,
}
# What a contract's create cannot say; it is said afterwards, by a contract that can.
UNSAID = {
    "main": (),
    "registry": (),
    "basic": ("lines", "worth"),
    "loyalty": ("address_line2", "country"),
    "capability": ("worth",),
}


def complete(api: Api, known: Known, person: Person, unsaid: tuple[str, ...]) -> None:
    """Say through the main contract what the one that created the customer has no words for."""
    changes: Json = {}
    if "lines" in unsaid:
        changes |= lines(person)
    if "worth" in unsaid:
        changes["lifetime_value"] = person["worth"]
    changes |= {key: lines(person)[key] for key in ("address_line2", "country") if key in unsaid}
    if changes:
        assert api.patch(f"/api/customers/{known.id}", changes).status_code == 200


def read_main(api: Api, known: Known, person: Person, email: str) -> None:
    shown = api.get(f"/api/customers/{known.id}").get_json()
    expected = whole(person, email) | lines(person) | {"full_name": name(person)}
    assert {key: shown[key] for key in expected} == expected
    assert (shown["customer_id"], shown["uuid"]) == (known.customer_id, known.uuid)


def read_registry(api: Api, known: Known, person: Person, email: str) -> None:
    shown = api.get(f"/api/v1/customers/{known.customer_id}").get_json()
    expected = whole(person, email) | lines(person) | {"full_name": name(person)}
    assert {key: shown[key] for key in expected} == expected
    assert shown["id"] == known.id


def read_basic(api: Api, known: Known, person: Person, email: str) -> None:
    expected = {"id": known.id, "name": name(person), "email": email, "phone": person["phone"]}
    assert api.get(f"/customers/{known.id}").get_json() == expected
    assert api.get("/customers/").get_json() == [expected]


def read_loyalty(api: Api, known: Known, person: Person, email: str) -> None:
    answer = api.get(f"/loyalty/customers/{known.uuid}")
    shown = answer.get_json(force=True)
    assert (shown["first_name"], shown["last_name"]) == (person["first_name"], person["last_name"])
    assert (shown["email_address"], shown["phone_number"]) == (email, person["phone"])
    assert shown["address"] == lines(person)["address_line1"]
    assert {key: shown[key] for key in ("city", "state", "postal_code")} == {
        key: lines(person)[key] for key in ("city", "state", "postal_code")
    }
    worth = answer.get_data(as_text=True).partition('"lifetime_value":')[2].rstrip("}")
    assert Decimal(worth) == Decimal(person["worth"])


def read_capability(api: Api, known: Known, person: Person, email: str) -> None:
    body = {"customerId": known.customer_id}
    shown = api.post(f"{CAPABILITY}/get_customer", body).get_json()
    assert (shown["name"], shown["email"]) == (name(person), email)
    assert shown.get("phone") == person["phone"]
    assert shown.get("address", {}) == person["address"]


READ_BY: Mapping[str, Callable[[Api, Known, Person, str], None]] = {
    "main": read_main,
    "registry": read_registry,
    "basic": read_basic,
    "loyalty": read_loyalty,
    "capability": read_capability,
}


def known_by(api: Api, email: str) -> Known:
    shown = api.get(f"/api/customers/email/{email}").get_json()
    return Known(shown["id"], shown["customer_id"], shown["uuid"])


@pytest.mark.parametrize("reader", READ_BY)
@pytest.mark.parametrize("creator", CREATED_BY)
def test_a_customer_made_through_one_contract_is_read_through_each(
    admin: Api, creator: str, reader: str
) -> None:
    for who, person in PEOPLE.items():
        if creator in ("main", "registry", "loyalty") and not person["last_name"]:
            # These three ask for a last name; the other two have one field for both.
            continue
        email = f"{who.replace(' ', '.')}@Example.com"
        CREATED_BY[creator](admin, person, email)
        known = known_by(admin, email)
        complete(admin, known, person, UNSAID[creator])
        READ_BY[reader](admin, known, person, email)
        assert admin.delete(f"/api/customers/{known.id}").status_code == 200
