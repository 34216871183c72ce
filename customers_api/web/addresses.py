"""Where a request comes from: its peer, or, where the peer is a trusted proxy, whom that names."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from flask import current_app, request

Address = IPv4Address | IPv6Address
# A peer without an address, at the other end of a unix socket.
UNIX = "unix"
# Where the application keeps its Proxies.
EXTENSION = "customers-api-proxies"
# Longer ones are cut at their left, where anybody may have written.
LONGEST_FORWARDED = 512
MOST_REMEMBERED = 4096


class Proxies:
    """The proxies that are believed."""

    def __init__(self, trusted: Sequence[str]) -> None:
        """`trusted` are addresses, networks, or UNIX."""
        self._networks = tuple(ip_network(each) for each in trusted if each != UNIX)
        self._unix = UNIX in trusted
        self._remembered = lru_cache(MOST_REMEMBERED)(self._client)

    def client(self, environ: Mapping[str, Any]) -> str:
        """Who is behind a request: an IPv4 address, an IPv6 network of 64 bits, or UNIX."""
        forwarded = environ.get("HTTP_X_FORWARDED_FOR", "") if self._networks or self._unix else ""
        return self._remembered(environ.get("REMOTE_ADDR", ""), forwarded[-LONGEST_FORWARDED:])

    def is_secure(self, environ: Mapping[str, Any]) -> bool:
        """Whether the client speaks TLS, to this server or to a trusted proxy."""
        if environ["wsgi.url_scheme"] == "https":
            return True
        last = str(environ.get("HTTP_X_FORWARDED_PROTO", "")).rpartition(",")[2]
        if last.strip().lower() != "https":
            return False
        return self._trusts(_parsed(environ.get("REMOTE_ADDR", "")))

    def _client(self, peer: str, forwarded: str) -> str:
        address = _parsed(peer)
        if not self._trusts(address):
            return _name(address)
        # From the right, where the nearest proxy wrote; what is left of a stranger is hearsay.
        hops = forwarded.split(",")
        if len(forwarded) == LONGEST_FORWARDED:
            # What is left of it may read as another address.
            hops = hops[1:]
        for hop in reversed(hops):
            named = _parsed(hop)
            if named is None:
                break
            address = named
            if not self._trusts(named):
                break
        return _name(address)

    def _trusts(self, address: Address | None) -> bool:
        if address is None:
            return self._unix
        return any(address in network for network in self._networks)


def here() -> str | None:
    """Who is behind the request at hand, as Proxies tell it; None at the end of a unix socket."""
    proxies: Proxies = current_app.extensions[EXTENSION]
    client = proxies.client(request.environ)
    return None if client == UNIX else client


def _name(address: Address | None) -> str:
    if isinstance(address, IPv6Address):
        # The least that a network gives to one of its users.
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return UNIX if address is None else str(address)


def _parsed(text: str) -> Address | None:
    """An address, which may have a port; None where it is none."""
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (isinstance(address, IPv6Address) and address.ipv4_mapped) or address
