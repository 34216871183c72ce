"""What was made by one request of a sequence and read by the next, counted from a report."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

# An answer's link to the operation that reads what it tells of, by what the reference calls them.
MADE_AND_READ = {
    "POST /api/customers/": "customers_get",
    "POST /api/v1/customers/": "registry_get",
    "POST /customers/": "basic_get",
    "POST /loyalty/customers": "loyalty_get",
    "POST /api/capabilities/customer-management/create_customer": "capability_get_customer",
    "POST /api/groups/": "groups_get",
    "POST /api/operators/": "operators_get",
}


def made_and_read(recorders: Iterable[Mapping[str, Any]]) -> Counter[str]:
    """How often each call that makes something was followed by one that got to see just that."""
    found: Counter[str] = Counter()
    for recorder in recorders:
        for name, case in recorder.get("cases", {}).items():
            made, _, rest = (case.get("transition") or {}).get("id", "").partition(" -> [")
            if f"] {MADE_AND_READ.get(made, '?')} ->" not in f"[{rest}":
                continue
            followed = case.get("is_transition_applied")
            if followed and all(_is_well(recorder, each) for each in (case["parent_id"], name)):
                found[made] += 1
    return found


def _is_well(recorder: Mapping[str, Any], name: str) -> bool:
    answer = recorder["interactions"].get(name, {}).get("response") or {}
    return 200 <= answer.get("status_code", 0) < 300  # noqa: PLR2004
