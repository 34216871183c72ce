"""Where Prometheus reads what is counted."""

from typing import cast

from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import QueuePool

from customers_api.extensions import db
from customers_api.web import metrics
from customers_api.web.access import bearer
from customers_api.web.contract import Contract
from customers_api.web.operation import Text

EXAMPLE = """\
# HELP http_requests_total Requests answered, also those refused before they reached a route.
# TYPE http_requests_total counter
http_requests_total{method="GET",route="/api/customers/<int:id>",status="200"} 1027.0
"""

contract = Contract(
    "metrics", prefix="/metrics", about="Metrics.", authenticate=bearer, statuses={}
)


@contract.operation("GET", "/", role=None, answer=Text(CONTENT_TYPE_LATEST, EXAMPLE))
def metrics_of_all_workers() -> bytes:
    """Tell what was counted, by all workers, in Prometheus's text format."""
    return metrics.exposition.tell(cast(QueuePool, db.engine.pool).size())
