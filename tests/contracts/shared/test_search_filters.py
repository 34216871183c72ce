"""POST /search: each filter alone and with others, against a plain reading of the contract."""

import random
from typing import Any

import pytest
import time_machine

from tests.contracts.main.calls import created, created_list, person
from tests.contracts.shared.calls import PREFIXES, everybody, found, ids
from tests.contracts.shared.crafted import LINES, TEXTS, matches, people, some_filters
from tests.support.api import Api

Json = dict[str, Any]


@pytest.fixture
def crafted(editor: Api) -> list[Json]:
    """The crafted customers, of four moments, some of them verified."""
    given = people()
    for n in range(4):
        with time_machine.travel(f"2031-0{n + 1}-15T10:30:00.12345{n}Z", tick=False):
            made = created_list(editor, *given[n::4])
        for mark in ("verify-email", "verify-phone"):
            editor.patch(f"/api/customers/{made[0]['id']}/{mark}")
        editor.patch(f"/api/customers/{made[1]['id']}/verify-phone")
    return everybody(editor)


def check(api: Api, prefix: str, customers: list[Json], filters: Json) -> None:
    """Fail unless the search finds whom a plain reading finds."""
    expected = [customer["id"] for customer in customers if matches(customer, filters)]
    answer = found(api, prefix, **filters, limit=100, sort_by="id", sort_order="asc")
    assert (ids(answer["customers"]), answer["total"]) == (expected, len(expected)), filters


def test_a_long_query_is_compared_to_its_last_letter(editor: Api, prefix: str) -> None:
    company = "The Company of Merchants of Many Seas, Straits and Rivers, formerly of London"
    made = created(editor, **person(1, company_name=company))
    created_list(editor, person(2, company_name=company.replace("Straits", "Strands")), person(3))
    for query in (company, company.upper()[4:], company[:-3]):
        assert ids(found(editor, prefix, query=query)["customers"]) == [made["id"]]
    for place in range(0, len(company), 7):
        other = f"{company[:place]}~{company[place + 1 :]}"
        assert found(editor, prefix, query=other)["total"] == 0


def test_query_is_a_substring_of_any_of_its_fields(reader: Api, crafted: list[Json]) -> None:
    for n, text in enumerate(TEXTS):
        check(reader, PREFIXES[n % 2], crafted, {"query": text})
    for customer in crafted[::5]:
        for name in ("full_name", "email", "username", "customer_id"):
            check(reader, PREFIXES[0], crafted, {"query": customer[name].upper()})
            check(reader, PREFIXES[0], crafted, {"query": customer[name][1:-1].lower()})


def test_each_text_filter_is_a_substring_of_its_field(reader: Api, crafted: list[Json]) -> None:
    for n, text in enumerate(TEXTS[::2]):
        for name in LINES[n % 2 :: 2]:
            check(reader, PREFIXES[n % 2], crafted, {name: text})


def test_all_filters_must_be_true(reader: Api, crafted: list[Json]) -> None:
    rng = random.Random(20_260_115)
    for n in range(150):
        check(reader, PREFIXES[n % 2], crafted, some_filters(rng, crafted))


def test_email_matches_whole(reader: Api, prefix: str, crafted: list[Json]) -> None:
    for email, number in (
        ("john.doe@example.com", 1),
        ("JOHN.DOE@EXAMPLE.COM", 1),
        ("john.doe@example", 0),
        ("ohn.doe@example.com", 0),
        ("%", 0),
        ("john_doe@example.com", 0),
    ):
        assert found(reader, prefix, email=email)["total"] == number, email


def test_a_query_does_not_match_across_two_fields(editor: Api) -> None:
    customer = created(
        editor, **person(first_name="Anna", last_name="Berg", email="zoe@x.example",
        company_name="Cargo", phone="5559999"),
    )  # fmt: skip
    parts = [customer[n] for n in ("full_name", "email", "username", "company_name", "phone")]
    parts += [customer["customer_id"], customer["first_name"], customer["last_name"]]
    names = {"Anna Berg", "Anna", "Berg"}
    for before in parts:
        for after in parts:
            if {before, after} <= names:
                continue
            for border in ("", " "):
                query = before[-2:] + border + after[:2]
                assert found(editor, query=query)["total"] == 0, query
    assert found(editor, query="na be")["total"] == 1
    assert found(editor, query="annaberg")["total"] == 1, "the username"


def test_created_after_and_before_include_the_moment(
    reader: Api, prefix: str, crafted: list[Json]
) -> None:
    for given, later, earlier in (
        ("2031-02-15T10:30:00.123451Z", 16, 12),
        ("2031-02-15T12:30:00.123451+02:00", 16, 12),
        ("2031-02-15T10:30:00.123452Z", 10, 12),
        ("2031-02-15T10:30:00.123450Z", 16, 6),
        ("2031-02-15", 16, 6),
        ("2030-01-01T00:00:00Z", 22, 0),
    ):
        after = found(reader, prefix, created_after=given)["total"]
        before = found(reader, prefix, created_before=given)["total"]
        assert (after, before) == (later, earlier), given


def test_any_of_the_tags_will_do(reader: Api, prefix: str, crafted: list[Json]) -> None:
    for tags in (
        "a",
        "a,b",
        "premium,tech",
        "none",
        "none,a",
        "50%",
        "%",
        "_",
        "\\",
        '"',
        "*",
        "A",
    ):
        check(reader, prefix, crafted, {"tags": tags})


def test_the_search_sees_every_change_at_once(admin: Api, prefix: str) -> None:
    one, two = (created(admin, **person(n)) for n in (1, 2))

    def who(**filters: Any) -> list[int]:
        return ids(found(admin, prefix, **filters, sort_by="id", sort_order="asc")["customers"])

    assert who(query="lee") == [one["id"], two["id"]]
    admin.patch(f"/api/customers/{one['id']}", {"first_name": "Zoë", "last_name": "Ray"})
    assert who(query="zoë ray") == [one["id"]]
    assert who(first_name="zo") == [one["id"]] == who(query="Ë r")
    assert who(last_name="lee") == [two["id"]] == who(query="ann lee")
    body = {"customer_ids": [one["id"], two["id"]], "updates": {"company_name": "Acme Ltd"}}
    admin.post(f"{prefix}/bulk-update", body)
    assert who(company_name="acme") == who(query="ME L") == [one["id"], two["id"]]
    admin.patch(f"/api/customers/{two['id']}", {"email": "new@mail.example", "phone": "7654321"})
    assert (
        who(query="new@mail") == who(query="65432") == [two["id"]] == who(email="NEW@mail.example")
    )
    assert who(query="ann.2@") == []
    admin.patch(f"/api/customers/{two['id']}", {"city": "Bonn", "tags": "t", "company_name": None})
    assert who(city="bon") == [two["id"]] == who(tags="t")
    assert who(query="acme") == [one["id"]]
    admin.delete(f"/api/customers/{one['id']}")
    assert who(query="acme") == who(query="zo") == who(first_name="zoë") == []


def test_letters_whose_capitals_are_new_to_unicode_are_found_in_either_case(editor: Api) -> None:
    made = created(editor, **person(1, first_name="ᲗᲑᲘᲚᲘᲡᲘ", last_name="İzmir"))
    for query in ("თბილისი", "ᲗᲑᲘᲚ", "İz".lower() + "m", "İzm"):
        assert ids(found(editor, query=query)["customers"]) == [made["id"]], query


# The Kelvin sign, the long s, the dotted capital I, the micro sign and mu, the final sigma.
NEARLY = (
    "Ze\u212aeli",
    "Zau\u017fek",
    "Zab\u0130",
    "Zab\u0130m",
    "Z\u00b5\u03bcq",
    "Z\u039f\u03a3\u03a3",
)


@pytest.mark.parametrize("others", [0, 60], ids=["many", "few"])
def test_letters_that_are_nearly_others_are_found_as_lower_case_has_them(
    editor: Api, others: int
) -> None:
    people = [person(n, company_name=name) for n, name in enumerate(NEARLY)]
    made = created_list(editor, *people, *(person(100 + n) for n in range(others)))
    parts = {part for name in NEARLY for part in (name, name.lower(), name[1:], name[-2:])}
    for text in sorted(parts | {"zek", "eke", "aus", "zau", "abi", "ek"}):
        having = (
            each["id"] for each in made if text.lower() in (each["company_name"] or "").lower()
        )
        expected = [*having]
        for field in ("query", "company_name"):
            answer = found(editor, **{field: text}, sort_by="id", sort_order="asc")
            assert (ids(answer["customers"]), answer["total"]) == (expected, len(expected)), text
