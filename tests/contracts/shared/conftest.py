"""The directory at both of its addresses."""

import pytest

from tests.contracts.shared.calls import PREFIXES


@pytest.fixture(params=PREFIXES)
def prefix(request: pytest.FixtureRequest) -> str:
    """Each address of the directory in turn."""
    return str(request.param)
