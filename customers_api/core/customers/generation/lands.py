"""The countries with their people and places, ready to pick from."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from customers_api.core.customers import identity
from customers_api.core.customers.generation import traits
from customers_api.core.customers.generation.draws import draws, patterned, weighted
from customers_api.core.customers.generation.names import NAMES
from customers_api.core.customers.generation.places import COUNTRIES, Country

POSTAL_CODES = 40
DIGITS = re.compile("#{1,4}")


class Name(NamedTuple):
    """A first or last name, and its lower-case ASCII letters."""

    text: str
    letters: str


class City(NamedTuple):
    """A city; `phone` makes a number of three draws."""

    name: str
    state: str | None
    postal_codes: Sequence[str]
    phone: Callable[[int, int, int], str]


class Land(NamedTuple):
    """A country, ready to pick from."""

    country: Country
    female: Sequence[Name]
    male: Sequence[Name]
    last: Sequence[Name]
    cities: Sequence[City]
    metadata: Sequence[str]


def _names(texts: Sequence[str]) -> Sequence[Name]:
    return [Name(text, identity.base_username(text, "")) for text in texts]


def _city(index: int, name: str, state: str | None, postal_code: str, phone: str) -> City:
    first = index * POSTAL_CODES
    codes = [patterned(postal_code, draws(n)) for n in range(first, first + POSTAL_CODES)]
    return City(name, state, codes, _phone(phone))


def _phone(pattern: str) -> Callable[[int, int, int], str]:
    # Three groups of digits at most, each from one draw; what a pattern lacks is cut to nothing.
    groups = [len(digits) for digits in DIGITS.findall(pattern)]
    one, two, three = (10**size for size in [*groups, 0, 0][:3])
    template = DIGITS.sub(lambda digits: f"%0{len(digits[0])}d", pattern)
    template += "%.0s" * (3 - len(groups))
    return lambda a, b, c: template % (a % one, b % two, c % three)


def _land(country: Country) -> Land:
    names = NAMES[country.name]
    return Land(
        country,
        female=_names(names.female),
        male=_names(names.male),
        last=_names(names.last),
        cities=[_city(i, *city) for i, city in enumerate(country.cities)],
        metadata=traits.metadata(country.language),
    )


LANDS = weighted(*((country.share, _land(country)) for country in COUNTRIES))
