"""What reads a client's text: whatever is written, it is understood or refused, in no time."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError
from marshmallow.fields import Field

from customers_api.contracts.shared.directory_schemas import Ids
from customers_api.core.customers import rules
from customers_api.core.types import LARGEST_ID
from customers_api.web import body, conditions, fields, idempotency, paging, parameters
from customers_api.web.converters import IdConverter, UuidConverter, who
from customers_api.web.problems import BodyMalformed
from tests.support.api import Api

bare = Flask("bare")
text = st.text(max_size=40)
# What a server may find in a header: latin-1 without line ends.
header = st.text(
    st.characters(max_codepoint=255, exclude_characters="\r\n\0") | st.sampled_from('"\\,*W/ \t'),
    max_size=60,
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
quick = settings(max_examples=40, deadline=None)
of_the_api = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
FIELDS: list[Callable[[], Field[Any]]] = [
    fields.Text,
    fields.Line,
    fields.Secret,
    fields.Whole,
    fields.Flag,
    fields.Money,
    fields.Number,
    fields.Letter,
    fields.Day,
    fields.Moment,
    fields.Tags,
    fields.WantedTags,
    fields.JsonObject,
    lambda: fields.Choices(("email", "phone")),
    lambda: fields.Count(1, 1000),
    Ids,
]
PARAMETERS: list[Callable[[], Field[Any]]] = [
    paging.Cursor,
    parameters.YesNo,
    lambda: parameters.QueryNumber(0),
]


@quick
@given(st.binary(max_size=200) | text.map(str.encode) | st.just(b'{"a":' * 100_000))
def test_any_bytes_are_json_or_refused(content: bytes) -> None:
    try:
        document = body.decoded(content)
    except BodyMalformed:
        return
    assert document == json.loads(content, parse_float=Decimal)


@quick
@given(anything.filter(lambda value: "NaN" not in repr(value) and "Infinity" not in repr(value)))
def test_any_json_is_read_as_it_was_written(value: Any) -> None:
    numbers = json.loads(json.dumps(value, default=str), parse_float=Decimal)
    assert body.decoded(json.dumps(value, default=str).encode()) == numbers


@pytest.mark.parametrize("kind", FIELDS)
@quick
@given(value=anything)
@example(value=Decimal("1e999999"))
@example(value=Decimal("sNaN"))
@example(value=Decimal("-Infinity"))
@example(value="9" * 5000)
@example(value="\ud800")
def test_any_value_is_taken_or_refused(kind: Callable[[], Field[Any]], value: Any) -> None:
    with bare.app_context():
        bare.config["MAX_LIST_SIZE"] = 10_000
        with suppress(ValidationError):
            kind().deserialize(value)


@pytest.mark.parametrize("kind", PARAMETERS)
@quick
@given(value=text)
@example(value="9" * 5000)
@example(value="\u0665")
@example(value="YWZ0ZXI6" + "OTk5" * 9)
def test_any_parameter_is_taken_or_refused(kind: Callable[[], Field[Any]], value: str) -> None:
    with suppress(ValidationError):
        kind().deserialize(value)


@quick
@given(st.integers(-(2**70), 2**70), st.booleans())
def test_a_whole_number_is_one_that_the_database_holds(number: int, exactly: bool) -> None:
    given_ = number if exactly else Decimal(number)
    if abs(number) <= LARGEST_ID:
        assert fields.Whole().deserialize(given_) == number
    else:
        with pytest.raises(ValidationError):
            fields.Whole().deserialize(given_)


@quick
@given(st.dates())
def test_every_day_is_read_back(day: date) -> None:
    assert fields.Day().deserialize(day.isoformat()) == day
    assert fields.Day().deserialize(f" {day}T00:00:00 ") == day


@quick
@given(
    st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31)),  # noqa: DTZ001
    st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_every_moment_is_read_back_in_utc(moment: datetime, zone: timezone) -> None:
    written = moment.replace(tzinfo=zone)
    read = fields.Moment().deserialize(written.isoformat())
    assert (read, read.tzinfo) == (written, UTC)
    assert fields.Moment().deserialize(moment.isoformat()) == moment.replace(tzinfo=UTC)


@quick
@given(st.lists(st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=5), max_size=6))
def test_tags_are_read_back_in_their_order_without_repeats(tags: list[str]) -> None:
    read = fields.Tags().deserialize(" , ".join(tags))
    assert [*read] == [*dict.fromkeys(tags)]


@quick
@given(
    st.text("+0123456789 ()./-٣", max_size=25) | st.text("0123456789- ", min_size=5, max_size=20)
)
def test_a_phone_has_seven_to_fifteen_digits(value: str) -> None:
    if rules.phone(value) is None:
        assert 7 <= len(re.findall("[0-9]", value)) <= 15
        assert len(value) <= 20


@quick
@given(text | st.emails() | st.text('a.@-\\"()<> \0é', max_size=30))
def test_an_email_is_taken_or_refused(value: str) -> None:
    if rules.email(value) is None:
        local, _, host = value.rpartition("@")
        assert local
        assert "." in host or host.startswith("[")
        assert len(value) <= 255


@quick
@given(st.integers(0, LARGEST_ID))
def test_a_cursor_leads_to_where_it_was_made(last: int) -> None:
    with bare.test_request_context("/list?limit=1"):
        link = paging.next_link({}, [], last)["Link"]
    (cursor,) = parse_qs(urlsplit(link[1 : link.index(">")]).query)["cursor"]
    assert paging.Cursor().deserialize(cursor) == last


@quick
@given(header)
@example("," * 8000)
@example('"a"' + " " * 8000 + "b")
@example('W/"' * 2000)
def test_any_condition_is_understood_or_refused(value: str) -> None:
    with bare.test_request_context(headers={"If-Match": value}):
        try:
            editions = conditions.expected()
        except conditions.ConditionMalformed:
            return
    assert editions is None or all(f'"{each}"' in value for each in editions)


@quick
@given(st.lists(st.text("abc-123", max_size=8), min_size=1, max_size=5))
def test_every_list_of_etags_is_read_back(editions: list[str]) -> None:
    written = ", ".join(f'"{each}"' for each in editions)
    with bare.test_request_context(headers={"If-Match": written}):
        assert conditions.expected() == {*editions}


@quick
@given(header)
@example('"' * 8000)
@example('"' + "\\" * 8001 + '"')
def test_any_idempotency_key_is_understood_or_refused(value: str) -> None:
    with bare.test_request_context(headers={idempotency.HEADER: value}):
        try:
            key = idempotency.key()
        except idempotency.KeyMalformed:
            return
    assert key is not None
    assert 1 <= len(key) <= 255
    assert key.isprintable()


@quick
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=255))
def test_a_key_in_quotes_and_a_bare_one_are_the_same(key: str) -> None:
    quoted = key.replace("\\", "\\\\").replace('"', '\\"')
    with bare.test_request_context(headers={idempotency.HEADER: f'"{quoted}"'}):
        assert idempotency.key() == key


@quick
@given(text, st.text("0123456789", min_size=1, max_size=40))
def test_any_part_of_a_path_names_somebody_or_nobody(word: str, digits: str) -> None:
    assert isinstance(who(word), int | str)
    assert 0 <= IdConverter.to_python(None, digits) <= LARGEST_ID + 1  # type: ignore[arg-type]
    assert UuidConverter.to_python(UuidConverter, word)  # type: ignore[arg-type]


@of_the_api
@given(header | header.map("Bearer {}".format) | st.just("Bearer " + "a.b.c" * 1000))
def test_any_authorization_that_is_no_token_is_401(anonymous: Api, value: str) -> None:
    answer = anonymous.get("/api/groups/", headers={"Authorization": value})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@of_the_api
@given(header)
def test_no_request_id_of_a_client_breaks_an_answer(anonymous: Api, value: str) -> None:
    answer = anonymous.get("/health/live", headers={"X-Request-ID": value})
    assert answer.status_code == 200
    assert re.fullmatch(r"[\x21-\x7e]{1,128}", answer.headers["X-Request-ID"])


METHODS = ["initialize", "tools/list", "tools/call", "ping", "notifications/x", "server/discover"]
message = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | anything,
        "id": st.none() | st.integers() | text | anything,
        "method": st.sampled_from(METHODS) | text | anything,
        "params": st.dictionaries(st.sampled_from(["name", "arguments", "_meta"]), anything)
        | st.just({"name": "get_customer", "arguments": {"customerId": "CUST_A1B2C3D4"}})
        | anything,
    },
)


@of_the_api
@given(message | anything | st.lists(message, max_size=3))
def test_any_message_to_mcp_is_answered_as_json_rpc_has_it(admin: Api, sent: Any) -> None:
    headers = {"Authorization": f"Bearer {admin.token}", "Accept": "application/json"}
    content = json.dumps(sent, default=str)
    client = admin.app.test_client()
    answer = client.post("/mcp", data=content, headers=headers, content_type="application/json")
    assert answer.status_code in (200, 202, 400)
    told = answer.get_json(silent=True)
    if answer.status_code == 200:
        assert told["jsonrpc"] == "2.0"
        assert ("result" in told) != ("error" in told)
