"""The same people in our database and in the peers', as many as wanted."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from benchmarks.compare.environment import ROOT, Missing
from benchmarks.compare.jobs import IN_A_GROUP, Terms
from tests.support import postgres

SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",
    "max_connections": "300",
    "effective_cache_size": "2GB",
}
SECRET = "a secret of the benchmarks and of nobody else"
FLASK = [sys.executable, "-m", "flask", "--app", "wsgi"]
PEERS = ROOT / "benchmarks" / "peers"
# As our people are seeded, each is put into a group; in the order of the ids, so that a group's
# customers are spread over the table.
GROUPING = """
CREATE FUNCTION benchmark_group() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN NEW.group_id := 1 + NEW.id % {groups}; RETURN NEW; END $$;
CREATE TRIGGER benchmark_group BEFORE INSERT ON customers
FOR EACH ROW EXECUTE FUNCTION benchmark_group();
"""
SHOWN_TO_PEERS = """
SELECT id, customer_id, username, first_name, last_name, email, phone, address_line1,
    address_line2, city, state, postal_code, country, date_of_birth, gender, company_name,
    customer_status = 'active', group_id, notes, tags, created_at, updated_at
FROM customers ORDER BY id
"""
# What the job that changes customers changes.
KEEP = "CREATE TABLE benchmark_kept AS SELECT id, city, notes, updated_at FROM customers"
RESTORE = """
UPDATE customers SET city = kept.city, notes = kept.notes, updated_at = kept.updated_at
FROM benchmark_kept AS kept
WHERE kept.id = customers.id AND kept.updated_at <> customers.updated_at
"""
# Only ours looks into these as well, so terms are taken that nobody has there alone.
ALSO_OURS = "username, customer_id, phone, first_name || ' ' || last_name"


@dataclass(frozen=True)
class People:
    """So many customers, in a database of ours and in one of the peers'."""

    size: int
    ours: str
    peers: str

    @property
    def groups(self) -> int:
        """How many groups they are in."""
        return max(1, self.size // IN_A_GROUP)

    def forget_created(self) -> None:
        """Take back what the jobs that write have added."""
        for url in (self.peers, self.ours):
            with psycopg.connect(url, autocommit=True) as database:
                database.execute("DELETE FROM customers WHERE id > %s", [self.size])
                if url == self.ours:
                    database.execute("DELETE FROM events")
                database.execute("VACUUM")
                database.execute("CHECKPOINT")

    def restore(self) -> None:
        """Take back what was changed, too."""
        self.forget_created()
        for url in (self.peers, self.ours):
            with psycopg.connect(url, autocommit=True) as database:
                database.execute(RESTORE)
                database.execute("VACUUM")

    def terms(self) -> Terms:
        """What to search for, of which few or many are found."""
        with psycopg.connect(self.peers) as database:
            few = database.execute(
                "SELECT substr(split_part(email, '@', 1), 3) AS term FROM customers"
                " WHERE email ~ '^[a-z]{3,}[.][a-z]{3,}[0-9]+@'"
                " ORDER BY id::bigint * 7919 % 100003, id LIMIT 500"
            ).fetchall()
            many = database.execute(
                "SELECT lower(last_name), count(*) FROM customers"
                " WHERE last_name ~ '^[A-Za-z]{5,}$'"
                " GROUP BY last_name ORDER BY abs(count(*) - %s), last_name LIMIT 12",
                [self.size * 7 // 1000],
            ).fetchall()
            same = [term for term, _ in many if self._is_same(database, term)]
        return Terms([row[0] for row in few], same or [many[0][0]])

    @staticmethod
    def _is_same(database: psycopg.Connection, term: str) -> bool:
        peers = "first_name, last_name, email, company_name"
        row = database.execute(
            f"SELECT count(*) FILTER (WHERE concat_ws('|', {peers}) ILIKE %(p)s),"
            f" count(*) FILTER (WHERE concat_ws('|', {peers}, {ALSO_OURS}) ILIKE %(p)s)"
            " FROM customers",
            {"p": f"%{term}%"},
        ).fetchone()
        return row is not None and row[0] == row[1]


@contextmanager
def server() -> Iterator[str]:
    """The address of a PostgreSQL server, ending in a slash: BENCH_DATABASE_URL's, or a new one."""
    given = os.environ.get("BENCH_DATABASE_URL")
    if given:
        yield given.rpartition("/")[0] + "/"
        return
    try:
        with postgres.own_server(**SETTINGS) as own:
            yield own.address
    except postgres.NoServer as reason:
        raise Missing(f"no PostgreSQL: {reason}; or name one in BENCH_DATABASE_URL") from reason


def people(address: str, prefix: str, size: int) -> People:
    """So many people on the server at `address`; made where they are not there yet."""
    both = People(size, f"{address}{prefix}_ours_{size}", f"{address}{prefix}_peers_{size}")
    if _is_whole(both.ours, size) and _is_whole(both.peers, size):
        # They may have been made by an earlier release.
        run_flask([*FLASK, "db", "upgrade"], both.ours)
        both.restore()
        return both
    print(f"making {size:,} customers, for us and for the peers", file=sys.stderr)
    for url in (both.ours, both.peers):
        name = url.rpartition("/")[2]
        with psycopg.connect(address + "postgres", autocommit=True) as any_database:
            any_database.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            # Both sort by bytes, as our own statements do: the same order, for the same price.
            any_database.execute(
                f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'"
                " LC_COLLATE 'C' LC_CTYPE 'C.UTF-8'"
            )
    _seed(both)
    _copy(both)
    for url in (both.ours, both.peers):
        with psycopg.connect(url, autocommit=True) as database:
            database.execute("VACUUM (ANALYZE)")
            database.execute(KEEP)
            # Says that all above is done.
            database.execute("CREATE TABLE benchmark_whole (size bigint)")
            database.execute("INSERT INTO benchmark_whole VALUES (%s)", [size])
            database.execute("CHECKPOINT")
    return both


def drop(address: str, prefix: str) -> None:
    """Remove all databases of this prefix."""
    with psycopg.connect(address + "postgres", autocommit=True) as any_database:
        wanted = "SELECT datname FROM pg_database WHERE datname ~ %s"
        for (name,) in any_database.execute(wanted, [f"^{prefix}_(ours|peers)_[0-9]+$"]).fetchall():
            any_database.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def our_environment(url: str) -> Mapping[str, str]:
    """What our commands find in their environment."""
    return os.environ | {"APP_ENV": "production", "SECRET_KEY": SECRET, "DATABASE_URL": url}


def our_token(url: str, role: str = "admin") -> str:
    """A service token of ours."""
    command = [*FLASK, "tokens", "create", "--role", role, "--name", "benchmark"]
    return run_flask(command, url).strip()


def _is_whole(url: str, size: int) -> bool:
    try:
        with psycopg.connect(url) as database:
            row = database.execute("SELECT size FROM benchmark_whole").fetchone()
    except psycopg.Error:
        return False
    return row == (size,)


def _seed(both: People) -> None:
    run_flask([*FLASK, "db", "upgrade"], both.ours)
    with psycopg.connect(both.ours, autocommit=True) as database:
        database.execute(
            "INSERT INTO groups (name, created_at, updated_at)"
            " SELECT 'benchmark ' || n, now(), now() FROM generate_series(1, %s) AS n",
            [both.groups],
        )
        database.execute(GROUPING.format(groups=both.groups))
        run_flask([*FLASK, "seed", "--customers", str(both.size)], both.ours)
        database.execute("DROP FUNCTION benchmark_group CASCADE")


def _copy(both: People) -> None:
    with psycopg.connect(both.ours) as ours, psycopg.connect(both.peers) as peers:
        peers.execute((PEERS / "schema.sql").read_text())
        _pipe(ours, "SELECT id, name FROM groups ORDER BY id", peers, "groups (id, name)")
        _pipe(ours, SHOWN_TO_PEERS, peers, "customers")
        peers.execute((PEERS / "indexes.sql").read_text())
        for table in ("groups", "customers"):
            peers.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    with psycopg.connect(both.peers, autocommit=True) as peers:
        # A prepared ILIKE with a LIMIT else gets a plan for any pattern at its sixth use: one that
        # walks through the whole table. It would cost the ORM peers seconds a search.
        name = both.peers.rpartition("/")[2]
        peers.execute(f'ALTER DATABASE "{name}" SET plan_cache_mode = force_custom_plan')


def _pipe(source: psycopg.Connection, query: str, target: psycopg.Connection, table: str) -> None:
    with (
        source.cursor().copy(f"COPY ({query}) TO STDOUT") as reading,
        target.cursor().copy(f"COPY {table} FROM STDIN") as writing,
    ):
        for piece in reading:
            writing.write(piece)


def run_flask(command: list[str], url: str) -> str:
    """What one of our commands prints, run on this database."""
    done = subprocess.run(
        command, check=False, cwd=ROOT, env=our_environment(url), capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} failed\n{done.stderr}")
    return done.stdout
