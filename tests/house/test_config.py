"""Every setting: what it is when nothing is said, what it takes, and how nonsense is refused."""

import stat
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import make_url

import config
from tests.support.checkout import ROOT, environment

SECRET = "a secret of more than thirty-two bytes"
# Anybody can read it in config.py.
PUBLIC_SECRET = config.Testing({"DATABASE_URL": "sqlite:///x.db"}).SECRET_KEY
DATABASE = "postgresql://db.example/customers"
PRODUCTION = {"APP_ENV": "production", "SECRET_KEY": SECRET, "DATABASE_URL": DATABASE}
# variable: its setting, what that is by default, what "11" makes of it
NUMBERS = {
    "DATABASE_POOL_SIZE": ("DATABASE_POOL_SIZE", 8, 11),
    "DATABASE_TIMEOUT_SECONDS": ("DATABASE_TIMEOUT_SECONDS", 30, 11),
    "MAX_BODY_BYTES": ("MAX_CONTENT_LENGTH", 16 * 1024 * 1024, 11),
    "MAX_LIST_SIZE": ("MAX_LIST_SIZE", 10_000, 11),
    "ACCESS_TOKEN_MINUTES": ("ACCESS_TOKEN_LIFETIME", timedelta(minutes=15), timedelta(minutes=11)),
    "REFRESH_TOKEN_DAYS": ("REFRESH_TOKEN_LIFETIME", timedelta(days=30), timedelta(days=11)),
    "IDEMPOTENCY_HOURS": ("IDEMPOTENCY_LIFETIME", timedelta(hours=24), timedelta(hours=11)),
    "CUSTOMER_ACCESS_TOKEN_MINUTES": (
        "CUSTOMER_ACCESS_TOKEN_LIFETIME",
        timedelta(minutes=15),
        timedelta(minutes=11),
    ),
    "PASSWORD_RESET_MINUTES": (
        "PASSWORD_RESET_LIFETIME",
        timedelta(minutes=60),
        timedelta(minutes=11),
    ),
    "REQUEST_HEADER_SECONDS": ("REQUEST_HEADER_SECONDS", 10, 11),
    "CLIENT_STALL_SECONDS": ("CLIENT_STALL_SECONDS", 30, 11),
    "CLIENT_BYTES_PER_SECOND": ("CLIENT_BYTES_PER_SECOND", 10_000, 11),
    "PORT": ("PORT", 8000, 11),
    "WEB_CONCURRENCY": ("WEB_CONCURRENCY", 2, 11),
    "WEB_THREADS": ("WEB_THREADS", 4, 11),
}
DEFAULTS = {setting: default for setting, default, _ in NUMBERS.values()} | {
    "SECRET_KEY_FALLBACKS": (),
    "DATABASE_PREPARE": True,
    "HOST": "127.0.0.1",
    "LOG_LEVEL": "INFO",
    "WEB_SERVER": "gunicorn",
    "ACCESS_LOG": True,
    "TRACING": False,
    "RATE_LIMIT_PER_TOKEN": (36_000, 60),
    "RATE_LIMIT_PER_ADDRESS": (72_000, 60),
    "RATE_LIMIT_SIGN_IN": (300, 60),
    "RATE_LIMIT_STORAGE": "memory",
    "TRUSTED_PROXIES": (),
    "CORS_ORIGINS": (),
}
RATES = ("RATE_LIMIT_PER_TOKEN", "RATE_LIMIT_PER_ADDRESS", "RATE_LIMIT_SIGN_IN")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout in which no server has run yet."""
    monkeypatch.setattr(config, "ROOT", tmp_path)
    return tmp_path


def complaint(environ: Mapping[str, str]) -> str:
    """Why these settings are refused, in one line."""
    with pytest.raises(config.ConfigurationError) as refused:
        config.load(environ)
    assert "\n" not in str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    "environ", [{}, PRODUCTION, dict.fromkeys([*NUMBERS, *DEFAULTS, "APP_ENV", "SECRET_KEY"], "")]
)
def test_what_is_not_set_or_empty_has_its_default(home: Path, environ: dict[str, str]) -> None:
    loaded = config.load(environ)
    assert {name: getattr(loaded, name) for name in DEFAULTS} == DEFAULTS


def test_every_setting_is_read() -> None:
    words = {"HOST": "::1", "LOG_LEVEL": "Warning", "DATABASE_PREPARE": "no"}
    words |= {"ACCESS_LOG": "no", "LOG_FORMAT": "text"}
    fallbacks = {"SECRET_KEY_FALLBACKS": f" {SECRET}1 , {SECRET}2,"}
    loaded = config.load(PRODUCTION | dict.fromkeys(NUMBERS, "11") | words | fallbacks)
    for setting, _, read in NUMBERS.values():
        assert getattr(loaded, setting) == read
    assert (loaded.HOST, loaded.LOG_LEVEL, loaded.DATABASE_PREPARE) == ("::1", "WARNING", False)
    assert (loaded.ACCESS_LOG, loaded.LOG_FORMAT) == (False, "text")
    assert [*loaded.SECRET_KEY_FALLBACKS] == [f"{SECRET}1", f"{SECRET}2"]


def test_a_server_of_which_nothing_is_said_is_a_development_server(home: Path) -> None:
    loaded = config.load({})
    assert (loaded.ENVIRONMENT, loaded.TESTING) == ("development", False)
    assert make_url(loaded.DATABASE_URL).database == str(home / "instance" / "customers.db")


def test_programs_read_the_log_of_production_and_people_that_of_development(home: Path) -> None:
    formats = {name: config.load(PRODUCTION | {"APP_ENV": name}) for name in config.ENVIRONMENTS}
    assert {name: each.LOG_FORMAT for name, each in formats.items()} == {
        "development": "text",
        "testing": "json",
        "production": "json",
    }


@pytest.mark.parametrize(
    ("environ", "traced"),
    [
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.example"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://collector.example/v1/traces"}, True),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, True),
        ({"OTEL_TRACES_EXPORTER": "console"}, True),
        ({"OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://x"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_SERVICE_NAME": "customers"}, False),
        ({"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, True),
        ({"OTEL_TRACES_EXPORTER": "console", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, True),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, False),
        (
            {
                "OTEL_TRACES_EXPORTER": "otlp",
                "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
                "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf",
            },
            True,
        ),
    ],
)
def test_opentelemetrys_own_variables_ask_for_traces(environ: dict[str, str], traced: bool) -> None:
    assert config.load(PRODUCTION | environ).TRACING is traced


@pytest.mark.parametrize(
    "name", ["OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"]
)
@pytest.mark.parametrize("protocol", ["grpc", "http/json"])
def test_traces_that_would_be_sent_another_way_are_refused(name: str, protocol: str) -> None:
    endpoint = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector.example:4317"}
    said = complaint(PRODUCTION | endpoint | {name: protocol})
    assert said == f"{name} is {protocol!r}; traces are sent by http/protobuf only"


def test_only_the_test_suite_is_testing() -> None:
    testing = {name: kind.TESTING for name, kind in config.ENVIRONMENTS.items()}
    assert testing == {"development": False, "testing": True, "production": False}


@pytest.mark.parametrize("name", config.ENVIRONMENTS)
def test_with_its_own_secret_and_database_no_environment_keeps_any(home: Path, name: str) -> None:
    loaded = vars(config.load(PRODUCTION | {"APP_ENV": name}))
    assert loaded["SECRET_KEY"] == SECRET
    assert make_url(loaded["DATABASE_URL"]).host == "db.example"
    assert [*home.iterdir()] == []


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "1e3", "0x10", "٣", "9" * 5000])
@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_is_none_is_refused_by_name(name: str, text: str) -> None:
    assert complaint(PRODUCTION | {name: text}).startswith(f"{name} is ")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PORT", "65536"),
        ("WEB_CONCURRENCY", "257"),
        ("WEB_THREADS", "257"),
        ("REFRESH_TOKEN_DAYS", "2000000000"),
        ("ACCESS_TOKEN_MINUTES", "2000000000"),
        ("DATABASE_TIMEOUT_SECONDS", "2200000"),
        ("APP_ENV", "staging"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("ACCESS_LOG", "perhaps"),
        ("OTEL_TRACES_EXPORTER", "zipkin"),
        ("DATABASE_PREPARE", "perhaps"),
        *(
            (name, text)
            for name in RATES
            for text in ("0/second", "10", "10/day", "-1/hour", "1e3/hour")
        ),
        ("RATE_LIMIT_SIGN_IN", "10000001/minute"),
    ],
)
def test_a_value_that_cannot_be_used_is_refused_by_name(name: str, text: str) -> None:
    assert complaint(PRODUCTION | {name: text}).startswith(f"{name} is '{text}'; ")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_means_psycopg_3(scheme: str) -> None:
    url = make_url(config.database_url(f"{scheme}://me:p%40ss@db.example:5433/c?sslmode=require"))
    assert url.drivername == "postgresql+psycopg"
    assert (url.host, url.port, url.database, url.password) == ("db.example", 5433, "c", "p@ss")
    assert url.query == {"sslmode": "require"}


@pytest.mark.parametrize(
    "url",
    [
        "customers.db",
        "://",
        "mysql://root:hunter2@db/c",
        "postgresql+psycopg2://root:hunter2@db/c",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://root:hunter2@db/c.db",
        "postgresql://root:hunter2@db:port/c",
        "postgresql://root:hunter2@db:5432:5433/c",
    ],
)
def test_a_database_that_cannot_be_is_refused_by_name_without_its_password(url: str) -> None:
    told = complaint(PRODUCTION | {"DATABASE_URL": url})
    assert told.startswith("DATABASE_URL ")
    assert "hunter2" not in told


@pytest.mark.parametrize("name", RATES)
def test_a_rate_is_a_number_by_a_unit_of_time_or_off(name: str) -> None:
    taken = {"10/second": (10, 1), "7/minute": (7, 60), " 5/HOUR ": (5, 3600), "off": None}
    assert {text: getattr(config.load(PRODUCTION | {name: text}), name) for text in taken} == taken


def test_only_the_test_suite_is_not_limited() -> None:
    for name in config.ENVIRONMENTS:
        loaded = config.load(PRODUCTION | {"APP_ENV": name})
        assert (loaded.RATE_LIMIT_PER_TOKEN is None) == (name == "testing")


@pytest.mark.parametrize(
    "url",
    ["redis://:p%40ss@cache.example:6379/1", "rediss://cache.example", "unix:///run/redis.sock"],
)
def test_requests_may_be_counted_in_redis(url: str) -> None:
    loaded = vars(config.load(PRODUCTION | {"RATE_LIMIT_STORAGE": url}))
    assert loaded["RATE_LIMIT_STORAGE"] == url


@pytest.mark.parametrize(
    "url",
    [
        "disk",
        "redis://",
        "redis://:hunter2@cache:port",
        "http://root:hunter2@cache",
        "unix://",
        "redis",
    ],
)
def test_a_storage_that_cannot_be_is_refused_by_name_without_its_password(url: str) -> None:
    told = complaint(PRODUCTION | {"RATE_LIMIT_STORAGE": url})
    assert told.startswith("RATE_LIMIT_STORAGE ")
    assert "hunter2" not in told


def test_proxies_are_addresses_networks_and_a_unix_socket() -> None:
    given = " 10.0.0.7, 10.1.0.0/16,2001:db8::/32,unix,"
    proxies = config.load(PRODUCTION | {"TRUSTED_PROXIES": given}).TRUSTED_PROXIES
    assert proxies == ("10.0.0.7", "10.1.0.0/16", "2001:db8::/32", "unix")


@pytest.mark.parametrize("text", ["*", "proxy.example", "10.0.0.1/8", "10.0.0", "10.0.0.1:80"])
def test_a_proxy_that_is_none_is_refused_by_name(text: str) -> None:
    assert complaint(PRODUCTION | {"TRUSTED_PROXIES": text}).startswith(
        f"TRUSTED_PROXIES has '{text}'; "
    )


@pytest.mark.parametrize(
    "text",
    ["*", "https://a.example", "http://localhost:3000, https://b.example", "http://[::1]:8080"],
)
def test_origins_are_as_browsers_send_them(text: str) -> None:
    taken = config.load(PRODUCTION | {"CORS_ORIGINS": text}).CORS_ORIGINS
    assert list(taken) == text.split(", ")


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/",
        "https://a.example/path",
        "a.example",
        "//a.example",
        "null",
        "https://A.example",
        "https://a.example:443",
        "http://a.example:80",
        "https://a.example:port",
        "https://a.example:",
        "https://me@a.example",
        "https://a.example?x",
        "https://*.example",
        "https://b.example,*",
    ],
)
def test_an_origin_that_no_browser_sends_is_refused_by_name(text: str) -> None:
    assert complaint(PRODUCTION | {"CORS_ORIGINS": text}).startswith("CORS_ORIGINS has ")


@pytest.mark.parametrize(
    "secret", ["", "s" * 31, "ü" * 15, PUBLIC_SECRET], ids=["none", "short", "bytes", "development"]
)
def test_production_refuses_a_secret_that_is_none(secret: str) -> None:
    told = complaint(PRODUCTION | {"SECRET_KEY": secret})
    assert "SECRET_KEY" in told
    assert not secret or secret not in told


def test_production_takes_any_secret_of_32_bytes() -> None:
    assert config.load(PRODUCTION | {"SECRET_KEY": "ü" * 16}).SECRET_KEY == "ü" * 16


@pytest.mark.parametrize("secret", ["s" * 31, PUBLIC_SECRET], ids=["short", "development"])
def test_production_refuses_a_fallback_that_is_no_secret(secret: str) -> None:
    told = complaint(PRODUCTION | {"SECRET_KEY_FALLBACKS": f"{SECRET},{secret}"})
    assert "SECRET_KEY_FALLBACKS" in told
    assert secret not in told


@pytest.mark.parametrize(
    ("command", "secret"),
    [
        (("-c", "import wsgi"), ""),
        (("-m", "flask", "--app", "wsgi", "routes"), PUBLIC_SECRET),
        (("-m", "gunicorn", "--check-config", "wsgi:app"), "short"),
    ],
    ids=["python", "flask", "gunicorn"],
)
def test_whatever_starts_it_production_says_in_one_line_what_is_wrong(
    command: tuple[str, ...], secret: str
) -> None:
    environ = environment(**PRODUCTION | {"SECRET_KEY": secret})
    called = [sys.executable, *command]
    result = subprocess.run(
        called, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("customers-api: ")
    assert "SECRET_KEY" in result.stderr
    assert result.stderr.count("\n") == 1


def test_development_makes_its_secret_once_and_keeps_it(home: Path) -> None:
    first, second = config.load({}), config.load({})
    assert first.SECRET_KEY == second.SECRET_KEY
    assert first.SECRET_KEY.startswith(config.DEVELOPMENT_MARK)
    assert len(first.SECRET_KEY) > len(config.DEVELOPMENT_MARK) + 32
    assert [path.name for path in (home / "instance").iterdir()] == ["secret_key"]


def test_the_kept_secret_is_the_checkouts_own_and_for_its_owners_eyes_only(tmp_path: Path) -> None:
    here, there = (tmp_path / name / "secret_key" for name in ("here", "there"))
    assert config.kept_secret(here) != config.kept_secret(there)
    assert stat.S_IMODE(here.stat().st_mode) == 0o600


def test_processes_that_start_at_once_keep_one_secret(tmp_path: Path) -> None:
    path = tmp_path / "instance" / "secret_key"
    script = "import config, pathlib, sys; print(config.kept_secret(pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", script, str(path)]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(6)
    ]
    told = {process.communicate(timeout=60)[0].strip() for process in started}
    assert told == {path.read_text()}
    assert [each.name for each in path.parent.iterdir()] == ["secret_key"]
