"""Customers whose texts are hard to search, and what a search of them should find."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

Json = dict[str, Any]
LINES = ("first_name", "last_name", "company_name", "city", "country")
QUERIED = ("first_name", "last_name", "full_name", "email", "username", "company_name", "phone")
# first name, last name, email, company, city, country, phone, tags, status
PEOPLE = (
    ("John", "Doe", "john.doe@example.com", "Tech Corp", "New York", "USA", "+1-555-0123", "a,b"),
    ("Johnny", "Doering", "jd@example.org", "tech corp", "new york", "usa", "555-0123", "b"),
    ("Émile", "Zola", "emile@exemple.fr", "Éditions É", "Québec", "Canada", None, "premium"),
    ("émile", "ZOLÀ", "zola@exemple.fr", "ÉDITIONS", "QUÉBEC", "CANADA", "1234567890", None),
    ("Uwe", "Müller", "uwe@muller.example", "MÜLLER & Söhne", "Zürich", "Schweiz", None, "a,50%"),
    ("ÜWE", "Mueller", "u@x.example", "mueller", "ZÜRICH", "schweiz", "+41 44 123 45", "50%"),
    ("100%", "Sure", "sure@example.com", "50% off", "100% City", None, None, None),
    ("100", "Percent", "p100@example.com", "500 off", None, "100 Land", None, "premium,tech"),
    ("a_b", "Under_score", "under_score@example.com", "x_y", "a_c", "b_", None, "_"),
    ("aXb", "Underscore", "underXscore@example.com", "xzy", "abc", "bx", None, "x"),
    ("Back\\slash", "C:\\dir", "back@example.com", "\\", "\\n", "a\\b", None, "\\"),
    ('Quo"te', '"Q"', "quote@example.com", '""', '"City"', '"', None, '"'),
    (
        "O'Brien",
        "D'Arcy",
        "o'brien@example.com",
        "O'Neill's",
        "L'Aquila",
        "Côte d'Ivoire",
        None,
        "'",
    ),
    ("Star*", "*", "star@example.com", "* AND OR NOT", "a*b", "**", None, "*"),
    ("李雷", "韩", "lilei@example.cn", "北京公司", "北京", "中国", "86-10-1234567", "vip"),
    ("Γιώργος", "ΠΑΠΑΔΌΠΟΥΛΟΣ", "g@example.gr", "Ελλάς", "Αθήνα", "ΕΛΛΆΔΑ", None, None),
    ("Anna", "Berg", "zoe@x.example", "Cargo", "Oslo", "Norway", "555 9999", "a"),
    ("Zoe", "Annaberg", "carl@annab.example", None, "Bergen", "NORWAY", None, "b,a"),
    ("ab", "", "ab@ab.example", None, "ab", "ab", None, None),
    ("NEAR(x)", "key: ab", "near@example.com", "{a b}", "^ab", "-ab", None, "key:"),
    ("Å", "ø", "aring@example.no", "Å", "Ås", "Norge", None, "premium"),
    ("😀 Smile", "😀😀😀", "smile@example.com", "😀 Inc", "x😀y", "😀", None, "😀"),
)
FIELDS = ("first_name", "last_name", "email", "company_name", "city", "country", "phone", "tags")
TEXTS = (
    "john", "JOHN", "doe", "n d", "john doe", "john  doe", "é", "É", "émile", "ÉMILE z", "ü",
    "Ü", "müll", "MÜLLER", "zÜri", "québ", "%", "0%", "100%", "1%0", "_", "a_b", "r_s",
    "under_score", "\\", "\\s", "c:\\", "\\n", "\\%", '"', '""', '"q"', 'o"t', "'", "''",
    "o'b", "d'ivoire", "*", "**", "tar*", "a*b", "AND", "and OR", "北", "北京", "公司", "李雷",
    "李雷 韩", "γιώ", "ΏΡΓ", "παπα", "ΕΛΛ", "a", "B", "ab", "AB", "ann", "berg", "na be",
    "bergzoe", "berg zoe", "examplezoe", "cust_", "CUST", "_0", "555", "555-0", "0123", "+1-",
    "123 45", "@", "@example", ".com", "corp", "tech c", "norw", "NORGE", "å", "Å", "Ås", "ø",
    "😀", "😀😀", "😀😀😀", "😀 s", "near(", "key: a", "{a b}", "^ab", "-ab", "x", "zzz", "us",
    "off", "e", "example.com", "z",
)  # fmt: skip


def people() -> list[Json]:
    """The crafted customers, as they are created."""
    shown = [dict(zip(FIELDS, each, strict=True)) for each in PEOPLE]
    for n, person in enumerate(shown):
        person["customer_status"] = ("active", "inactive", "active", "canceled")[n % 4]
        # Registry and main refuse an empty last name, which only the basic contract makes.
        person["last_name"] = person["last_name"] or "Ab"
    return shown


def some_filters(rng: random.Random, everybody: Sequence[Json]) -> Json:
    """One to three filters, chosen by `rng`."""
    moments = [customer["created_at"] for customer in everybody]
    emails = [*(customer["email"].swapcase() for customer in everybody), "a@b.c"]
    tags = ["a,b", "premium,50%", "_,\\", "none", "premium,none", "b"]
    values: Json = {
        **dict.fromkeys(("query", *LINES), TEXTS),
        **dict.fromkeys(("is_active", "is_verified"), (True, False)),
        **dict.fromkeys(("created_after", "created_before"), moments),
        "email": emails,
        "tags": tags,
    }
    names = rng.sample([*values, "query", "query"], rng.choice((1, 2, 2, 2, 3)))
    return {name: rng.choice(values[name]) for name in names}


def matches(customer: Mapping[str, Any], filters: Mapping[str, Any]) -> bool:
    """Whether every filter is true for the customer, by the contract's words."""
    return all(_matches(customer, name, value) for name, value in filters.items())


def _matches(customer: Mapping[str, Any], name: str, value: Any) -> bool:
    created = customer["created_at"]
    if name == "query":
        return any(_holds(customer[field], value) for field in (*QUERIED, "customer_id"))
    if name in LINES:
        return _holds(customer[name], value)
    if name == "tags":
        return bool({*(customer["tags"] or "").split(",")} & {*value.split(",")})
    if name.startswith("created"):
        return bool(created >= value if name == "created_after" else created <= value)
    shown = customer[name]
    return bool(shown.lower() == value.lower() if name == "email" else shown == value)


def _holds(text: str | None, value: str) -> bool:
    return value.lower() in (text or "").lower()
