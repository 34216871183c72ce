"""Paths: whatever was matched before, each is matched as werkzeug would."""

from typing import Any

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Map, MapAdapter, Rule

from customers_api.web.matching import NUMBER, Adapter, Matcher

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "get")
NUMBERS = st.integers(0, 10**21).map(str)
ODD = st.sampled_from(["", "0", "007", "7\n", "\uff17", "7a", "-7", "%37", "search", "a b", "7,8"])
IDS = st.uuids().map(str)


@st.composite
def paths(draw: st.DrawFn, rules: list[str]) -> str:
    """A path of one of the rules, or nearly, with anything where it takes an argument."""
    pieces = draw(st.sampled_from(rules)).split("/")
    some = st.one_of(NUMBERS, NUMBERS, IDS, ODD, st.text(max_size=4))
    filled = [draw(some) if piece.startswith("<") else piece for piece in pieces]
    return "/".join(filled) + draw(st.sampled_from(["", "", "", "/", "//", "/1", "/1/2", "\n"]))


def outcome(adapter: MapAdapter) -> tuple[Any, ...]:
    try:
        rule, arguments = adapter.match(return_rule=True)
    except HTTPException as refusal:
        return type(refusal), sorted(getattr(refusal, "valid_methods", None) or ())
    return rule, arguments, [type(value) for value in arguments.values()]


def test_what_was_matched_before_changes_nothing(app: Flask) -> None:
    rules = sorted({rule.rule for rule in app.url_map.iter_rules()})
    matcher = Matcher()
    remembered = 0

    @settings(max_examples=3000, deadline=None)
    @given(paths(rules), st.sampled_from(METHODS))
    def same(path: str, method: str) -> None:
        nonlocal remembered
        bound = (app.url_map, "", "/", "", "http", path, method)
        if not path.startswith("//"):
            assert outcome(Adapter(matcher, *bound)) == outcome(MapAdapter(*bound))
        remembered = len(matcher._known)

    same()
    # Those with a slash at the end are shapes of their own.
    assert len(rules) / 2 < remembered <= len(rules) * len(METHODS) * 2


def test_no_rule_has_a_number_of_its_own(app: Flask) -> None:
    # Else what was remembered for other numbers would be taken for that one.
    assert not [rule for rule in app.url_map.iter_rules() if NUMBER.search(rule.rule)]


def test_what_a_converter_refuses_is_left_to_werkzeug() -> None:
    rules, matcher = Map([Rule("/z/<int(max=10):n>", endpoint="z")]), Matcher()
    for number, expected in ((5, {"n": 5}), (11, None), (6, {"n": 6})):
        adapter = Adapter(matcher, rules, "", "/", "", "http", f"/z/{number}", "GET")
        if expected is None:
            with pytest.raises(NotFound):
                adapter.match(return_rule=True)
        else:
            assert adapter.match(return_rule=True)[1] == expected


def test_it_remembers_no_more_than_there_are_rules(app: Flask) -> None:
    matcher = Matcher()
    for number in range(1000):
        for path in (f"/api/customers/{number}", f"/api/v1/customers/c{number}"):
            Adapter(matcher, app.url_map, "", "/", "", "http", path, "GET").match(return_rule=True)
    assert len(matcher._known) == 1
