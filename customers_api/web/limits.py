"""How many requests are heard: of an address, of a token, and of an address that signs in."""

import os
from collections.abc import Iterator, Mapping
from typing import Final

from flask import Flask, Response

from customers_api.core.actor import Actor
from customers_api.web import at_hand, contract
from customers_api.web.addresses import Proxies
from customers_api.web.problems import TooManyRequests
from customers_api.web.redis_counters import RedisCounters, Server
from customers_api.web.shared_counters import SharedCounters, memory
from customers_api.web.sliding import Caller, Counters, Rate

# Each has a table of its own in the shared memory, by its place here.
NAMES: Final = ("address", "token", "sign-in")
# During a deployment there are twice the workers.
LEAST_LANES = 16
# Whoever watches the server asks as often as it likes.
UNLIMITED: Final = frozenset({"health", "metrics"})
HEADERS: Final = {
    "RateLimit": "What is left (`r`) of each limit that counts this request, and the seconds (`t`) "
    'until there is more: `"address";r=71993;t=41, "token";r=35990;t=41`.',
    "RateLimit-Policy": "Those limits: so many requests (`q`) in so many seconds (`w`).",
}
REFUSAL_HEADERS: Final = {
    "Retry-After": "The seconds after which to try again.",
    "RateLimit-Limit": "The requests that the limit allows which was reached.",
    "RateLimit-Remaining": "0",
    "RateLimit-Reset": "As Retry-After.",
}


class Limit:
    """So many requests in so many seconds from each caller."""

    __slots__ = ("hit", "most", "name", "policy")

    def __init__(self, name: str, rate: Rate, counters: Counters) -> None:
        """`rate` is what `counters` count against."""
        self.name, self.most, self.hit = name, rate[0], counters.hit
        self.policy = f'"{name}";q={rate[0]};w={rate[1]}'


class Counting:
    """What is counted of one request."""

    __slots__ = ("client", "policies", "sign_in", "token", "told")

    def __init__(self, token: Limit | None, sign_in: Limit | None, client: str) -> None:
        """`token` is counted against once the token is known, `sign_in` where one signs in."""
        self.token, self.sign_in, self.client = token, sign_in, client
        self.told = self.policies = ""

    def count(self, limit: Limit, caller: Caller) -> None:
        """Count it against a limit; raises TooManyRequests."""
        left, seconds = limit.hit(caller)
        told = f'"{limit.name}";r={left if left > 0 else 0};t={seconds}'
        if self.told:
            self.told = f"{self.told}, {told}"
            self.policies = f"{self.policies}, {limit.policy}"
        else:
            self.told, self.policies = told, limit.policy
        if left < 0:
            raise TooManyRequests(seconds, limit.most)


def init_app(app: Flask, proxies: Proxies) -> None:
    """Limit the requests of this application, whose contracts are registered, as configured."""
    limits = _configured(app)
    if not limits:
        return
    address, token, sign_in = (limits.get(name) for name in NAMES)
    unlimited = {rule.endpoint for rule in app.url_map.iter_rules() if _is_watching(rule.endpoint)}
    sign_ins = {*_sign_ins(app)}

    def count() -> None:
        asked = at_hand.request()
        endpoint = asked.endpoint
        if endpoint in unlimited:
            return
        client = proxies.client(asked.environ)
        counting = at_hand.kept().counting = Counting(token, sign_in, client)
        if address:
            counting.count(address, client)
        if sign_in and endpoint in sign_ins:
            counting.count(sign_in, f"{client} {endpoint}")

    app.before_request(count)
    app.after_request(_tell)


def count_actor(actor: Actor) -> None:
    """Count the request at hand against its token, or its customer; raises TooManyRequests.

    Once for each request, and not where a call came another way than by HTTP.
    """
    counting: Counting | None = getattr(at_hand.kept(), "counting", None)
    if counting is None or counting.token is None:
        return
    limit, counting.token = counting.token, None
    customer = actor.customer_id
    counting.count(limit, actor.token_id or 0 if customer is None else f"customer {customer}")


def count_sign_in(route: str) -> None:
    """Count a password that somebody's token lets be tried, as on the sign-in routes.

    Raises TooManyRequests. Not where a call came another way than by HTTP.
    """
    counting: Counting | None = getattr(at_hand.kept(), "counting", None)
    if counting is not None and counting.sign_in is not None:
        counting.count(counting.sign_in, f"{counting.client} {route}")


def is_limited(contract_name: str) -> bool:
    """Whether the requests to a contract are counted."""
    return contract_name not in UNLIMITED


def _configured(app: Flask) -> Mapping[str, Limit]:
    rates: Mapping[str, Rate | None] = {
        "address": app.config["RATE_LIMIT_PER_ADDRESS"],
        "token": app.config["RATE_LIMIT_PER_TOKEN"],
        "sign-in": app.config["RATE_LIMIT_SIGN_IN"],
    }
    limited = {name: rate for name, rate in rates.items() if rate is not None}
    if not limited:
        return {}
    lanes = max(LEAST_LANES, 2 * app.config["WEB_CONCURRENCY"] + 2)
    shared = memory(os.environ.get("WORKERS_DIR", ""), lanes=lanes)
    url, secret = app.config["RATE_LIMIT_STORAGE"], app.config["SECRET_KEY"].encode()
    server = None if url == "memory" else Server(url)
    limits = {}
    for name, rate in limited.items():
        counters: Counters = SharedCounters(shared, NAMES.index(name), rate, secret=secret)
        if server is not None:
            counters = RedisCounters(server, name, rate, secret=secret, meanwhile=counters)
        limits[name] = Limit(name, rate, counters)
    return limits


def _is_watching(endpoint: str) -> bool:
    return not is_limited(endpoint.partition(".")[0])


def _sign_ins(app: Flask) -> Iterator[str]:
    """Every POST that asks for no token: what is given there may be guessed."""
    with app.app_context():
        for each in contract.registered():
            for operation in each.operations:
                if operation.role is None and operation.method == "POST":
                    yield f"{each.name}.{operation.view.__name__}"


def _tell(response: Response) -> Response:
    counting: Counting | None = getattr(at_hand.kept(), "counting", None)
    if counting is not None and counting.told:
        headers = (("RateLimit", counting.told), ("RateLimit-Policy", counting.policies))
        response.headers._list.extend(headers)
    return response
