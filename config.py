"""Every setting of the server, read from the environment once, at start.

The three classes differ only in what they insist on. The README's table documents each variable.
"""

import os
import re
import secrets
from collections.abc import Mapping
from datetime import timedelta
from importlib.util import find_spec
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import quote, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent
DEVELOPMENT_MARK = "development-only-"
# Any of these, of OpenTelemetry's own variables, asks for traces.
TRACING = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_TRACES_EXPORTER",
)
# How traces are sent, where one of these says so.
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
OTLP = "http/protobuf"
SHORTEST_SECRET = 32
# int() refuses thousands of digits with an error of its own.
MOST_DIGITS = 20
SECONDS = {"second": 1, "minute": 60, "hour": 3600}
# What the counters hold, and more than anybody means.
MOST_REQUESTS = 10_000_000
REDIS = ("redis", "rediss", "unix")
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#@*,]+")


class ConfigurationError(Exception):
    """A setting is missing or makes no sense; the message names it and says what to do."""


class Config:
    """What all three environments share; attribute names are Flask's and the extensions' own."""

    ENVIRONMENT = ""
    TESTING = False
    USUAL_LOG_FORMAT = "json"

    JWT_ALGORITHM = "HS256"
    JWT_ISSUER = "customers-api"
    JWT_AUDIENCE = "customers-api"
    JWT_CUSTOMER_AUDIENCE = "customers-api/me"
    REVOCATION_CHECK_SECONDS = 0.5
    # Of what one may ask for; 200 requests a second, for ever, are a third and a sixth of it.
    RATE_LIMITS = {
        "PER_TOKEN": "36000/minute",
        "PER_ADDRESS": "72000/minute",
        "SIGN_IN": "300/minute",
    }

    def __init__(self, environ: Mapping[str, str]) -> None:
        """Read the settings from `environ`; raises ConfigurationError at the first bad one."""
        self.SECRET_KEY = self._secret(environ)
        self.SECRET_KEY_FALLBACKS = _fallbacks(environ)
        self.DATABASE_URL = database_url(environ.get("DATABASE_URL") or self._default_database())
        self.DATABASE_POOL_SIZE = _whole(environ, "DATABASE_POOL_SIZE", default=8)
        self.DATABASE_TIMEOUT_SECONDS = _whole(
            environ, "DATABASE_TIMEOUT_SECONDS", default=30, most=(2**31 - 1) // 1000
        )
        self.DATABASE_PREPARE = _yes_or_no(environ, "DATABASE_PREPARE", default=True)
        self.MAX_CONTENT_LENGTH = _whole(environ, "MAX_BODY_BYTES", default=16 * 1024 * 1024)
        self.MAX_LIST_SIZE = _whole(environ, "MAX_LIST_SIZE", default=10_000)
        self.ACCESS_TOKEN_LIFETIME = timedelta(
            minutes=_whole(environ, "ACCESS_TOKEN_MINUTES", default=15, most=525_600)
        )
        self.REFRESH_TOKEN_LIFETIME = timedelta(
            days=_whole(environ, "REFRESH_TOKEN_DAYS", default=30, most=36_500)
        )
        self.IDEMPOTENCY_LIFETIME = timedelta(
            hours=_whole(environ, "IDEMPOTENCY_HOURS", default=24, most=8_760)
        )
        self.CUSTOMER_ACCESS_TOKEN_LIFETIME = timedelta(
            minutes=_whole(environ, "CUSTOMER_ACCESS_TOKEN_MINUTES", default=15, most=525_600)
        )
        self.PASSWORD_RESET_LIFETIME = timedelta(
            minutes=_whole(environ, "PASSWORD_RESET_MINUTES", default=60, most=525_600)
        )
        self.HOST = environ.get("HOST") or "127.0.0.1"
        self.PORT = _whole(environ, "PORT", default=8000, most=65535)
        # For script/server, which starts it.
        self.WEB_SERVER = _choice(
            environ, "WEB_SERVER", ("gunicorn", "granian"), default="gunicorn"
        )
        self.WEB_CONCURRENCY = _whole(environ, "WEB_CONCURRENCY", default=2, most=256)
        self.WEB_THREADS = _whole(environ, "WEB_THREADS", default=4, most=256)
        self.WEB_CPU_AFFINITY = _yes_or_no(environ, "WEB_CPU_AFFINITY", default=True)
        self.RATE_LIMIT_PER_TOKEN = self._rate(environ, "PER_TOKEN")
        self.RATE_LIMIT_PER_ADDRESS = self._rate(environ, "PER_ADDRESS")
        self.RATE_LIMIT_SIGN_IN = self._rate(environ, "SIGN_IN")
        self.RATE_LIMIT_STORAGE = _storage(environ)
        self.TRUSTED_PROXIES = _proxies(environ)
        self.CORS_ORIGINS = _origins(environ)
        self.REQUEST_HEADER_SECONDS = _whole(environ, "REQUEST_HEADER_SECONDS", default=10)
        self.CLIENT_STALL_SECONDS = _whole(environ, "CLIENT_STALL_SECONDS", default=30)
        self.CLIENT_BYTES_PER_SECOND = _whole(environ, "CLIENT_BYTES_PER_SECOND", default=10_000)
        self.LOG_LEVEL = _choice(
            environ, "LOG_LEVEL", ("debug", "info", "warning", "error"), default="info"
        ).upper()
        self.LOG_FORMAT = _choice(
            environ, "LOG_FORMAT", ("json", "text"), default=self.USUAL_LOG_FORMAT
        )
        self.ACCESS_LOG = _yes_or_no(environ, "ACCESS_LOG", default=True)
        self.TRACING = _tracing(environ)

    def _secret(self, environ: Mapping[str, str]) -> str:
        return environ.get("SECRET_KEY") or kept_secret(ROOT / "instance" / "secret_key")

    def _rate(self, environ: Mapping[str, str], name: str) -> tuple[int, int] | None:
        return _rate(environ, f"RATE_LIMIT_{name}", default=self.RATE_LIMITS[name])

    def _default_database(self) -> str:
        folder = ROOT / "instance"
        # Only we may look into it: it holds what tokens are signed with, and customers.
        folder.mkdir(mode=0o700, exist_ok=True)
        return "sqlite:///" + quote(str(folder / "customers.db"))


class Development(Config):
    """A laptop or a first look: makes its own secret and its own SQLite file."""

    ENVIRONMENT = "development"
    USUAL_LOG_FORMAT = "text"


class Testing(Config):
    """The test suite: as development, with a fixed secret that nothing else may use."""

    ENVIRONMENT = "testing"
    TESTING = True
    REVOCATION_CHECK_SECONDS = 0.0
    RATE_LIMITS = dict.fromkeys(Config.RATE_LIMITS, "off")

    def _secret(self, environ: Mapping[str, str]) -> str:
        return environ.get("SECRET_KEY") or DEVELOPMENT_MARK + "testing" * 5


class Production(Config):
    """Real customers: refuses to start without a secret of its own."""

    ENVIRONMENT = "production"

    def _secret(self, environ: Mapping[str, str]) -> str:
        secret = environ.get("SECRET_KEY", "")
        if not secret:
            raise ConfigurationError(
                "SECRET_KEY is not set; production needs one of at least 32 bytes: "
                "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        if any(each.startswith(DEVELOPMENT_MARK) for each in (secret, *_fallbacks(environ))):
            raise ConfigurationError(
                "SECRET_KEY or one of SECRET_KEY_FALLBACKS is a development secret; make one for "
                "production: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        return secret


ENVIRONMENTS: Mapping[str, type[Config]] = {
    kind.ENVIRONMENT: kind for kind in (Development, Testing, Production)
}


def load(environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration that APP_ENV names (development when unset), checked.

    Raises ConfigurationError, whose message is one line for the person who starts the server.
    """
    name = environ.get("APP_ENV") or "development"
    kind = ENVIRONMENTS.get(name)
    if kind is None:
        raise ConfigurationError(f"APP_ENV is {name!r}; use one of {', '.join(ENVIRONMENTS)}")
    config = kind(environ)
    for secret in (config.SECRET_KEY, *config.SECRET_KEY_FALLBACKS):
        _check_length(secret)
    return config


def database_url(url: str) -> str:
    """The URL as SQLAlchemy wants it: `postgres://` and `postgresql://` both mean psycopg 3."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise ConfigurationError(
            "DATABASE_URL is not a URL; write sqlite:///path/to/file.db "
            "or postgresql://user:password@host:5432/name"
        )
    if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return _parsed(f"postgresql+psycopg://{rest}")
    if scheme == "sqlite" and rest.startswith("/") and rest.strip("/") not in ("", ":memory:"):
        return _parsed(url)
    raise ConfigurationError(
        f"DATABASE_URL begins with {scheme}://; use postgresql:// or sqlite:/// with a file"
    )


def _parsed(url: str) -> str:
    try:
        make_url(url)
    except (ArgumentError, ValueError):
        # Not shown, nor what it was raised from: it may hold a password.
        raise ConfigurationError(
            "DATABASE_URL cannot be read; write it as postgresql://user:password@host:5432/name, "
            "with what is special in a password written as %40 and so on"
        ) from None
    return url


def kept_secret(path: Path) -> str:
    """The development secret in `path`, made the first time, readable by its owner only."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(DEVELOPMENT_MARK + secrets.token_urlsafe(48))
        # link() fails when another worker was first, so all of them read the same secret.
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


def _check_length(secret: str) -> None:
    if len(secret.encode()) >= SHORTEST_SECRET:
        return
    raise ConfigurationError(
        f"a key in SECRET_KEY or SECRET_KEY_FALLBACKS has {len(secret.encode())} bytes; "
        f"each needs at least {SHORTEST_SECRET}"
    )


def _fallbacks(environ: Mapping[str, str]) -> tuple[str, ...]:
    return _words(environ, "SECRET_KEY_FALLBACKS")


def _words(environ: Mapping[str, str], name: str) -> tuple[str, ...]:
    words = environ.get(name, "").split(",")
    return tuple(word.strip() for word in words if word.strip())


def _rate(environ: Mapping[str, str], name: str, *, default: str) -> tuple[int, int] | None:
    """So many requests in so many seconds; None for `off`."""
    text = environ.get(name, "").strip().lower() or default
    if text == "off":
        return None
    number, _, unit = text.partition("/")
    is_number = number.isascii() and number.isdigit() and len(number) <= MOST_DIGITS
    if not is_number or not 1 <= int(number) <= MOST_REQUESTS or unit not in SECONDS:
        raise ConfigurationError(
            f"{name} is {text!r}; write off, or 100/second, 100/minute or 100/hour, "
            f"with a number from 1 to {MOST_REQUESTS}"
        )
    return int(number), SECONDS[unit]


def _storage(environ: Mapping[str, str]) -> str:
    url = environ.get("RATE_LIMIT_STORAGE", "").strip() or "memory"
    if url == "memory":
        return url
    try:
        parts = urlsplit(url)
        usable = parts.scheme in REDIS and bool(
            parts.path if parts.scheme == "unix" else parts.hostname
        )
        usable = usable and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        # Not shown: it may hold a password.
        raise ConfigurationError(
            "RATE_LIMIT_STORAGE cannot be read; write memory, redis://host:6379/0, "
            "rediss://user:password@host:6379/0 or unix:///path/to/socket"
        ) from None
    if find_spec("redis") is None:
        raise ConfigurationError("RATE_LIMIT_STORAGE needs the extra redis: pip install redis")
    return url


def _proxies(environ: Mapping[str, str]) -> tuple[str, ...]:
    words = _words(environ, "TRUSTED_PROXIES")
    for word in words:
        try:
            if word != "unix":
                ip_network(word)
        except ValueError:
            raise ConfigurationError(
                f"TRUSTED_PROXIES has {word!r}; it takes addresses and networks, such as "
                "10.0.0.7,10.1.0.0/16, and unix for a proxy at a unix socket"
            ) from None
    return words


def _origins(environ: Mapping[str, str]) -> tuple[str, ...]:
    words = _words(environ, "CORS_ORIGINS")
    for word in words:
        if not _is_origin(word) and words != ("*",):
            raise ConfigurationError(
                f"CORS_ORIGINS has {word!r}; it takes origins as browsers send them, such as "
                "https://app.example.com (no path, no default port), or a lone *"
            )
    return words


def _is_origin(text: str) -> bool:
    try:
        port = urlsplit(text).port
    except ValueError:
        return False
    default = {"http": 80, "https": 443}.get(text.partition(":")[0])
    plain = text == text.lower() and not text.endswith(":")
    return plain and ORIGIN.fullmatch(text) is not None and (port is None or port != default)


def _whole(environ: Mapping[str, str], name: str, *, default: int, most: int = 2**31 - 1) -> int:
    text = environ.get(name, "").strip()
    if not text:
        return default
    is_number = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    if not is_number or not 1 <= int(text) <= most:
        raise ConfigurationError(f"{name} is {text!r}; it takes a whole number from 1 to {most}")
    return int(text)


def _choice(
    environ: Mapping[str, str], name: str, allowed: tuple[str, ...], *, default: str
) -> str:
    text = environ.get(name, "").strip().lower() or default
    if text not in allowed:
        raise ConfigurationError(f"{name} is {text!r}; use one of {', '.join(allowed)}")
    return text


def _yes_or_no(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    return _choice(environ, name, ("yes", "no"), default="yes" if default else "no") == "yes"


def _tracing(environ: Mapping[str, str]) -> bool:
    """Whether traces are wanted; what else OpenTelemetry's variables say, its SDK reads itself."""
    disabled = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    asked = [environ.get(name, "").strip() for name in TRACING]
    exporter = asked[-1].lower()
    if exporter not in ("", "otlp", "console", "none"):
        raise ConfigurationError(
            f"OTEL_TRACES_EXPORTER is {exporter!r}; use one of otlp, console, none"
        )
    # The first has the last word, as OpenTelemetry has it.
    told = [(name, environ.get(name, "").strip().lower()) for name in PROTOCOLS]
    name, protocol = next((each for each in told if each[1]), (PROTOCOLS[0], OTLP))
    wanted = any(asked) and exporter != "none" and not disabled
    if wanted and exporter != "console" and protocol != OTLP:
        raise ConfigurationError(f"{name} is {protocol!r}; traces are sent by {OTLP} only")
    return wanted
