"""A cursor that asks for statements which PostgreSQL knows already without a detour.

Around each statement psycopg counts it, looks whether to prepare it, and whether others are to be
forgotten, in four generators: a third of what a small one takes here. What it has prepared once is
asked for as it does in the end. That looks into its bookkeeping, so its minor release is pinned.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Self

import psycopg
from psycopg import generators
from psycopg.adapt import PyFormat, Transformer


class Cursor(psycopg.RawCursor[tuple[Any, ...]]):
    """Takes statements as PostgreSQL does, with `$1`, as bytes that are kept: it knows them by."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        super().__init__(connection)
        self._tx = Transformer(self)

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Run a statement; raises what psycopg does."""
        name = self._prepared(query, params) if self._conn.autocommit and params else None
        if name is None:
            return super().execute(query, params, **options)
        self._reset()
        with self._conn.lock:
            self._pgconn.send_query_prepared(name, self._given, self._tx.formats)
            results = self._conn.wait(generators.execute(self._pgconn))
        self._check_results(results)
        self._set_results(results)
        return self

    def _prepared(self, query: bytes, params: Sequence[Any]) -> bytes | None:
        """By what name PostgreSQL knows the statement for values of these types, if it does."""
        self._given = self._tx.dump_sequence(params, _any_format(len(params)))
        known, names = (query, self._tx.types or ()), self._conn._prepared._names
        name = names.get(known)
        if name is not None:
            # Those not asked for longest are forgotten.
            names.move_to_end(known)
        return name


@cache
def _any_format(count: int) -> Sequence[PyFormat]:
    return [PyFormat.AUTO] * count
