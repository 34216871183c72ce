"""Whose word is taken on where a request comes from."""

import random
from typing import Any

import pytest
from flask import Flask

from customers_api.web.addresses import LONGEST_FORWARDED, Proxies
from tests.conftest import make_app

TRUSTED = ("10.0.0.0/8", "2001:db8:aa::/48")
PROXY, STRANGER, CLIENT = "10.1.2.3", "203.0.113.9", "198.51.100.4"


def client(peer: str, forwarded: str | None = None, trusted: tuple[str, ...] = TRUSTED) -> str:
    environ = {"REMOTE_ADDR": peer, "wsgi.url_scheme": "http"}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    return Proxies(trusted).client(environ)


@pytest.mark.parametrize("forwarded", [CLIENT, f"{CLIENT}, {PROXY}", PROXY, "", "nonsense"])
def test_whoever_is_not_configured_is_not_believed(forwarded: str) -> None:
    assert client(STRANGER, forwarded) == STRANGER
    assert client(PROXY, forwarded, trusted=()) == PROXY


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        (CLIENT, CLIENT),
        (f"192.0.2.1, {CLIENT}", CLIENT),
        (f"192.0.2.1,{CLIENT} , 10.9.9.9,10.8.8.8", CLIENT),
        (f"{CLIENT}:5678", CLIENT),
        (f'"{CLIENT}"', CLIENT),
        ("[2001:db8:1:2:3::4]:443", "2001:db8:1:2::/64"),
        (f"::ffff:{CLIENT}", CLIENT),
        (f"2001:db8:1:2::9, 2001:db8:aa::1, {PROXY}", "2001:db8:1:2::/64"),
        # All of them are proxies: the farthest is where it came from.
        ("10.7.7.7, 10.8.8.8", "10.7.7.7"),
        (None, PROXY),
    ],
)
def test_behind_a_trusted_proxy_the_client_is_the_last_that_is_none(
    forwarded: str | None, found: str
) -> None:
    assert client(PROXY, forwarded) == found


@pytest.mark.parametrize(
    ("forwarded", "found"),
    [
        ("", PROXY),
        ("unknown", PROXY),
        (f"{CLIENT}, unknown", PROXY),
        (f"{CLIENT}, _hidden, 10.9.9.9", "10.9.9.9"),
        (",,,", PROXY),
        ("1.2.3.4.5", PROXY),
        ("[::1", "::/64"),
        ("\x00\xff", PROXY),
        ("999.1.1.1", PROXY),
    ],
)
def test_what_is_no_address_ends_the_search_at_who_passed_it_on(forwarded: str, found: str) -> None:
    assert client(PROXY, forwarded) == found


def test_a_chain_that_is_too_long_is_not_misread_where_it_is_cut() -> None:
    long = "203.0.113.77," * 200
    for cut in range(20):
        assert client(PROXY, long + "1" * cut + ", 10.9.9.9") in {
            "10.9.9.9",
            "203.0.113.77",
            "0.0.0.1",
        }
    chain = ", ".join(["198.51.100.123"] + ["10.10.10.10"] * 100)
    assert client(PROXY, chain) == "10.10.10.10"
    assert len(chain) > LONGEST_FORWARDED


def test_ipv6_clients_are_known_by_their_network() -> None:
    names = {client(f"2001:db8:5:6:{each:x}::1") for each in range(1, 50)}
    assert names == {"2001:db8:5:6::/64"}
    assert client("2001:db8:5:7::1") not in names
    assert client("fe80::1%eth0") == "fe80::/64"


def test_a_peer_at_a_unix_socket_is_believed_when_configured() -> None:
    assert client("", CLIENT) == "unix"
    assert client("", CLIENT, trusted=("unix",)) == CLIENT
    assert client("", f"{CLIENT}, 10.1.1.1", trusted=("unix", "10.0.0.0/8")) == CLIENT
    assert client("", "nonsense", trusted=("unix",)) == "unix"


def is_secure(peer: str, scheme: str, **headers: str) -> bool:
    environ: dict[str, Any] = {"REMOTE_ADDR": peer, "wsgi.url_scheme": scheme, **headers}
    return Proxies(TRUSTED).is_secure(environ)


def test_a_trusted_proxy_tells_whether_its_client_speaks_tls() -> None:
    assert is_secure(PROXY, "http", HTTP_X_FORWARDED_PROTO="https")
    assert is_secure(PROXY, "http", HTTP_X_FORWARDED_PROTO="http, HTTPS ")
    assert is_secure(STRANGER, "https")
    assert not is_secure(STRANGER, "http", HTTP_X_FORWARDED_PROTO="https")
    assert not is_secure(PROXY, "http", HTTP_X_FORWARDED_PROTO="https, http")
    assert not is_secure(PROXY, "http")


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An application behind a proxy, without a database: what is asked of it needs none."""
    url = f"sqlite:///{tmp_path_factory.mktemp('none')}/none.db"
    return make_app(url, TRUSTED_PROXIES="10.0.0.0/8", RATE_LIMIT_PER_ADDRESS="2/hour")


def ask(app: Flask, peer: str, forwarded: str) -> int:
    headers = {
        "X-Forwarded-For": forwarded,
        "Forwarded": f"for={forwarded}",
        "X-Real-IP": forwarded,
    }
    answer = app.test_client().get(
        "/docs", headers=headers, environ_overrides={"REMOTE_ADDR": peer}
    )
    return answer.status_code


def test_clients_behind_a_proxy_have_limits_of_their_own(behind: Flask) -> None:
    for last in (1, 2, 3):
        answers = [ask(behind, PROXY, f"198.51.100.{last}") for _ in range(3)]
        assert answers == [200, 200, 429]


def test_a_stranger_does_not_escape_its_limit_by_what_it_says(behind: Flask) -> None:
    answers = [ask(behind, STRANGER, f"192.0.2.{last}") for last in range(4)]
    assert answers == [200, 200, 429, 429]


def test_a_client_does_not_escape_by_what_it_says_to_the_proxy(behind: Flask) -> None:
    answers = [ask(behind, PROXY, f"192.0.2.{last}, 203.0.113.50") for last in range(4)]
    assert answers == [200, 200, 429, 429]


def test_no_forwarded_text_breaks_a_request(tmp_path: str) -> None:
    app = make_app(f"sqlite:///{tmp_path}/none.db", TRUSTED_PROXIES="unix,10.0.0.0/8,::/0")
    client = app.test_client()
    chance = random.Random(7)
    letters = '0123456789abcdef.:,;[]%"/ \t=-_é\x7f'
    for _ in range(500):
        text = "".join(chance.choices(letters, k=chance.randrange(60)))
        peer = chance.choice(["", PROXY, STRANGER, "::1", text])
        answer = client.get(
            "/docs",
            environ_overrides={
                "REMOTE_ADDR": peer,
                "HTTP_X_FORWARDED_FOR": text,
                "HTTP_X_FORWARDED_PROTO": text,
            },
        )
        assert answer.status_code == 200
