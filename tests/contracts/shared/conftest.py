"""The directory at both of its addresses."""

from typing import Any

import pytest

from tests.contracts.shared.calls import PREFIXES, Promises
from tests.support.conformance import Conformance


@pytest.fixture(params=PREFIXES)
def prefix(request: pytest.FixtureRequest) -> str:
    """Each address of the directory in turn."""
    return str(request.param)


@pytest.fixture(scope="session")
def promises(reference: dict[str, Any]) -> Conformance:
    """What the OpenAPI document says of every answer."""
    return Promises(reference)
