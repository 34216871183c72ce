"""Turn a CSV of customers into the body of POST /api/customers/?size=list.

python3 examples/customers_json.py CUSTOMERS.csv GROUPS.json, where GROUPS.json is the answer of
GET /api/groups/: it tells the ids of the groups that the column `group` names.
"""

import csv
import json
import sys
from pathlib import Path


def main(customers: str, groups: str) -> None:
    """Print the body; cells that are empty are left out."""
    ids = {group["name"]: group["id"] for group in json.loads(Path(groups).read_text("utf-8"))}
    with Path(customers).open(encoding="utf-8", newline="") as file:
        rows = [customer(row, ids) for row in csv.DictReader(file)]
    json.dump({"customers": rows}, sys.stdout)


def customer(row: dict[str, str], ids: dict[str, int]) -> dict[str, object]:
    """One row as the API takes it: the registry gives out ids, and knows groups by theirs."""
    fields: dict[str, object] = {
        name: value for name, value in row.items() if value and name not in ("id", "group")
    }
    if row["group"]:
        fields["group_id"] = ids[row["group"]]
    return fields


if __name__ == "__main__":
    main(*sys.argv[1:])
