"""The quick way in takes exactly what marshmallow takes, and makes the same of it."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from customers_api.contracts.main.schemas import NewCustomers
from customers_api.contracts.shared.schemas import NewCustomer
from customers_api.web import accept, accept_lists, body
from customers_api.web.contract import registered
from customers_api.web.fields import Whole
from customers_api.web.operation import schemas_of
from customers_api.web.schemas import InputSchema
from tests.conftest import make_app
from tests.support.documents import ANYTHING, TEXTS, documents

thorough = settings(max_examples=600, deadline=None, suppress_health_check=[*HealthCheck])


@pytest.fixture(scope="module", autouse=True)
def _at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder: Path = tmp_path_factory.mktemp("accept")
    with make_app(f"sqlite:///{folder}/none.db").app_context():
        yield


@pytest.fixture(scope="module")
def bodies() -> Sequence[Schema]:
    """The schemas of all bodies that the application takes."""
    operations = [each for contract in registered() for each in contract.operations]
    found = {type(schema): schema for each in operations for schema in schemas_of(each.body)}
    assert len(found) >= 20
    return [*found.values()]


@pytest.fixture(scope="module")
def queries() -> Sequence[Schema]:
    """The schemas of all query parameters that the application takes."""
    operations = [each for contract in registered() for each in contract.operations]
    found = {type(each.query): each.query for each in operations}
    assert len(found) >= 8
    return [*found.values()]


def read(schema: Schema, document: Any) -> str | None:
    """What the quick way makes of it, types and order included; None where it is unsure."""
    try:
        return repr(accept.reader(schema)(document))
    except (accept.Unsure, ValidationError):
        return None


def read_list(schema: Schema, items: Sequence[Any]) -> str | None:
    """What the quick way makes of a list; None where it is unsure."""
    try:
        return repr(accept_lists.reader(schema)(items))
    except (accept.Unsure, ValidationError):
        return None


def loaded(schema: Schema, document: Any) -> str | None:
    """What marshmallow makes of it, types and order included; None where it refuses."""
    try:
        return repr(schema.load(document))
    except ValidationError:
        return None


@thorough
@given(st.data())
def test_every_body_is_taken_as_marshmallow_takes_it(
    bodies: Sequence[Schema], data: st.DataObject
) -> None:
    schema = data.draw(st.sampled_from(bodies))
    document = data.draw(documents(schema, ANYTHING))
    assert read(schema, document) == loaded(schema, document)


@thorough
@given(st.data())
def test_every_query_is_taken_as_marshmallow_takes_it(
    queries: Sequence[Schema], data: st.DataObject
) -> None:
    schema = data.draw(st.sampled_from(queries))
    document = data.draw(documents(schema, TEXTS))
    assert read(schema, document) == loaded(schema, document)


@thorough
@given(st.data())
def test_every_list_is_taken_as_marshmallow_takes_each(
    bodies: Sequence[Schema], data: st.DataObject
) -> None:
    schema = data.draw(st.sampled_from(bodies))
    some = data.draw(st.lists(documents(schema, ANYTHING), min_size=1, max_size=3))
    # What is often the same is looked at once.
    items = some * data.draw(st.sampled_from([1, 3]))
    expected = [loaded(schema, item) for item in items]
    if None in expected:
        assert read_list(schema, items) is None
    else:
        assert read_list(schema, items) == f"[{', '.join(map(str, expected))}]"


def test_a_list_in_which_each_has_other_fields_goes_the_quick_way() -> None:
    names = NewCustomer.EXAMPLE.keys() - {"first_name", "last_name", "email"}
    items = [{**NewCustomer.EXAMPLE} for _ in names]
    for name, item in zip(sorted(names), items, strict=True):
        del item[name]
    assert read_list(NewCustomer(), items) == repr([NewCustomer().load(item) for item in items])


def test_of_a_list_equal_values_that_are_not_the_same_are_told_apart() -> None:
    class Numbered(Schema):
        number = Whole()

    assert read_list(Numbered(), [{"number": 1}] * 3) == repr([{"number": 1}] * 3)
    assert read_list(Numbered(), [{"number": 1}, {"number": 1}, {"number": True}]) is None


def test_a_list_of_nothing_is_a_list_all_the_same() -> None:
    assert read_list(Schema(), [{}, {}]) == "[{}, {}]"


@thorough
@given(documents(NewCustomer(), ANYTHING) | ANYTHING)
def test_of_a_list_each_is_taken_as_marshmallow_takes_it(item: Any) -> None:
    document = {"customers": [NewCustomer.EXAMPLE, item]}
    taken, messages = outcome(accept.load, NewCustomers(), document)
    expected, reasons = outcome(Schema.load, NewCustomer(), item)
    assert repr(taken["customers"][1]) == repr(expected or {})
    assert messages == (reasons and {"customers": {1: reasons}})


def outcome(
    load: Callable[[Schema, Any], Any], schema: Schema, document: Any
) -> tuple[dict[str, Any], Any]:
    """What is made of the document, or of the good in it, and what is said against the rest."""
    try:
        return load(schema, document), None
    except ValidationError as error:
        return error.valid_data, error.messages


def test_every_example_goes_the_quick_way(bodies: Sequence[InputSchema]) -> None:
    for schema in bodies:
        document = body.decoded(json.dumps(schema.EXAMPLE).encode())
        assert read(schema, document) == loaded(schema, document) != None, schema  # noqa: E711


def test_no_parameters_go_the_quick_way_wherever_they_will_do(queries: Sequence[Schema]) -> None:
    sure = [schema for schema in queries if read(schema, {}) is not None]
    assert all(read(schema, {}) == loaded(schema, {}) for schema in sure)
    assert len(queries) - len(sure) == 1, "only a location needs a parameter"


def test_what_is_loaded_is_nobody_elses(queries: Sequence[Schema]) -> None:
    for schema in queries:
        if read(schema, {}) is not None:
            accept.load(schema, {})["limit"] = "changed"
            assert accept.load(schema, {}).get("limit") != "changed"
