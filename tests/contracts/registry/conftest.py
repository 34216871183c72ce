"""The registry's answers are held against the reference as well."""

from typing import Any

import pytest

from tests.contracts.shared.calls import Promises
from tests.support.conformance import Conformance


@pytest.fixture(scope="session")
def promises(reference: dict[str, Any]) -> Conformance:
    """What the OpenAPI document says of every answer."""
    return Promises(reference)
