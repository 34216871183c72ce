"""The SQL of those peers that write their own: each job in one statement."""

from collections.abc import Callable, Sequence

from benchmarks.peers.columns import COLUMNS, OTHERS_TYPES, PAGE, SEARCHED, WRITABLE

ALL = ", ".join(COLUMNS)
NAMES = ", ".join(WRITABLE)


class Statements:
    """Takes what writes the placeholder of the n-th parameter, from 1."""

    def __init__(self, at: Callable[[int], str]) -> None:
        self._at = at
        self.get = f"SELECT {ALL} FROM customers WHERE id = {at(1)}"
        self.group = (
            f"SELECT {ALL}, extract(year FROM age(date_of_birth))::integer AS age"
            f" FROM customers WHERE group_id = {at(1)} ORDER BY last_name, id"
        )
        places = list(enumerate(WRITABLE, 1))
        values = ", ".join(at(place) for place, _ in places)
        self.create = f"INSERT INTO customers ({NAMES}) VALUES ({values}) RETURNING {ALL}"
        # One array a column: a thousand rows are as many parameters as one.
        arrays = ", ".join(f"{at(place)}::{_type(name)}[]" for place, name in places)
        self.create_many = (
            f"INSERT INTO customers ({NAMES}) SELECT * FROM unnest({arrays}) RETURNING {ALL}"
        )
        # The pattern is a parameter for each column. The matches are looked for once: for the exact
        # total, and for the page.
        matches = " OR ".join(f"{name} ILIKE {at(place)}" for place, name in enumerate(SEARCHED, 1))
        self.search = (
            f"WITH found AS MATERIALIZED (SELECT id, created_at FROM customers WHERE {matches})"
            f" SELECT {ALL}, (SELECT count(*) FROM found) AS total FROM customers WHERE id IN"
            f" (SELECT id FROM found ORDER BY created_at DESC, id LIMIT {PAGE})"
            f" ORDER BY created_at DESC, id"
        )

    def change(self, names: Sequence[str]) -> str:
        """Sets these columns of the customer whose id comes after their values."""
        sets = ", ".join(f"{name} = {self._at(place)}" for place, name in enumerate(names, 1))
        return (
            f"UPDATE customers SET {sets}, updated_at = now()"
            f" WHERE id = {self._at(len(names) + 1)} RETURNING {ALL}"
        )


def _type(name: str) -> str:
    return OTHERS_TYPES.get(name, "text")
