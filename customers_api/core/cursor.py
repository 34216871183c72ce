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
from psycopg.abc import Buffer
from psycopg.adapt import PyFormat, Transformer

Given = Sequence[Buffer | None]


class Cursor(psycopg.RawCursor[tuple[Any, ...]]):
    """Takes statements as PostgreSQL does, with `$1`.

    One given as the same bytes each time is found by a hash that is computed once.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        super().__init__(connection)
        # psycopg makes one with the first statement, and anew with every other one.
        self._tx = Transformer(self)

    def execute(self, query: Any, params: Any = None, **options: Any) -> Self:
        """Run a statement; raises what psycopg does."""
        plain = self._conn.autocommit and not options and type(params) is list
        known = self._known(query, params) if plain else None
        if known is None:
            return super().execute(query, params, **options)
        self._reset()
        with self._conn.lock:
            self._pgconn.send_query_prepared(*known, self._tx.formats)
            results = self._conn.wait(generators.execute(self._pgconn))
        self._check_results(results)
        self._set_results(results)
        return self

    def _known(self, query: bytes, params: Sequence[Any]) -> tuple[bytes, Given] | None:
        """The name that PostgreSQL knows the statement by, for values of these types, and those.

        None where it knows none. Those not asked for longest are forgotten, so this one is noted.
        """
        names = self._conn._prepared._names
        if not names:
            return None
        given = self._tx.dump_sequence(params, _any_format(len(params)))
        statement = query, self._tx.types or ()
        name = names.get(statement)
        if name is None:
            return None
        names.move_to_end(statement)
        return name, given


@cache
def _any_format(count: int) -> Sequence[PyFormat]:
    return [PyFormat.AUTO] * count
