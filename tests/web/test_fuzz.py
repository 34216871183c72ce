"""A little of what script/fuzz does at length: requests made up from the reference."""

from contextlib import suppress
from http import HTTPStatus

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from tests.support.api import Api, service_token

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.unsupported_method,
]
by_chance = settings(
    max_examples=1,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[*HealthCheck],
)


@pytest.mark.parametrize("fits", [True, False], ids=["fitting", "not fitting"])
def test_whatever_is_sent_the_answer_is_a_documented_one(admin: Api, fits: bool) -> None:
    schema = schemathesis.openapi.from_wsgi("/openapi.json", admin.app)
    mode = schemathesis.GenerationMode.POSITIVE if fits else schemathesis.GenerationMode.NEGATIVE
    tokens = [str(admin.token)]
    sent = []

    def check(case: schemathesis.Case) -> None:
        headers = {"Authorization": f"Bearer {tokens[-1]}"}
        response = case.call(headers=headers)
        case.validate_response(response, checks=CHECKS, headers=headers)
        sent.append(response.status_code)
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            tokens.append(service_token(admin.app, "admin"))

    for found in schema.get_all_operations():
        operation = found.ok()
        # Where nothing can be sent, nothing can be wrong with it.
        with suppress(Unsatisfiable):
            by_chance(given(operation.as_strategy(generation_mode=mode))(check))()
    assert len(sent) > 60
