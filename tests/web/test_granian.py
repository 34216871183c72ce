"""granian, as script/server runs it, serves the same application by the same rules."""

import http.client
import sys
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.gunicorn import Gunicorn

pytest.importorskip("granian")


class Granian(Gunicorn):
    """The other server, started as script/server does where WEB_SERVER says so."""

    def __init__(self, url: str) -> None:
        """It serves the database at `url` with one worker."""
        super().__init__(url, WEB_CONCURRENCY="1", WEB_SERVER="granian")
        self._command = [sys.executable, "granian.conf.py"]

    def status(self, target: str) -> int:
        """What a GET of this target, sent as it is, is answered with."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as client:
            client.request("GET", target)
            return client.getresponse().status


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Granian]:
    running = Granian(f"sqlite:///{tmp_path_factory.mktemp('granian')}/customers.db")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.mark.parametrize("path", ["/health", "/health/live", "/metrics", "/docs", "/api/customers"])
def test_doubled_slashes_lead_to_nothing_under_granian_either(server: Granian, path: str) -> None:
    assert server.status(path) != http.HTTPStatus.NOT_FOUND
    for doubled in (f"/{path}", f"//{path}", f"{path}//", f"/{path}/"):
        assert server.status(doubled) == http.HTTPStatus.NOT_FOUND, doubled
