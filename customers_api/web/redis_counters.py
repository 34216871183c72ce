"""Requests counted in Redis, for servers on several machines; without it while it is away."""

import logging
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING

from customers_api.web.sliding import Caller, Counters, Rate, Verdict, verdict

if TYPE_CHECKING:
    from redis import Redis

# A request waits for Redis this long at most, then for so long none does.
PATIENCE_SECONDS = 0.1
PAUSE_SECONDS = 5.0
WARNING_SECONDS = 60.0
# By the clock of Redis, as those of several machines differ.
SCRIPT = """
local most, seconds = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local window = math.floor(now / seconds)
local passed = now - window * seconds
local kept = redis.call('HMGET', KEYS[1], 'window', 'count', 'before')
local age = window - (tonumber(kept[1]) or -1)
local count, before = tonumber(kept[2]) or 0, tonumber(kept[3]) or 0
if age == 1 then
    count, before = 0, count
elseif age ~= 0 then
    count, before = 0, 0
end
if most - 1 - count - before * (1 - passed / seconds) >= -1e-6 then
    redis.call('HSET', KEYS[1], 'window', window, 'count', count + 1, 'before', before)
    redis.call('EXPIRE', KEYS[1], 2 * seconds)
end
return {before, count, tostring(passed)}
"""

log = logging.getLogger(__name__)


class Server:
    """A Redis server, asked only while it answers."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing is connected to yet."""
        self._redis = _client(url)
        self._script = self._redis.register_script(SCRIPT)
        self._clock = clock
        self._next_try = self._next_warning = -1.0

    def ask(self, key: str, rate: Rate) -> Verdict | None:
        """What is counted for this key; None where Redis does not tell in time."""
        from redis import RedisError

        now = self._clock()
        if now < self._next_try:
            return None
        if self._next_try >= 0:
            # One request asks whether it is back; the others do not wait for that.
            self._next_try = now + PAUSE_SECONDS
        try:
            before, count, passed = self._script(keys=[key], args=[*rate])
        except (RedisError, OSError) as error:
            self._pause(error)
            return None
        self._next_try = -1.0
        return verdict(rate, int(before), int(count), float(passed))

    def _pause(self, error: Exception) -> None:
        now = self._clock()
        self._next_try = now + PAUSE_SECONDS
        if now >= self._next_warning:
            self._next_warning = now + WARNING_SECONDS
            # Not the error's own text, which may name a password.
            kind = type(error).__name__
            log.warning("Redis is away (%s): each machine counts requests by itself", kind)


class RedisCounters:
    """The requests of each caller against one limit, on all machines."""

    def __init__(
        self, server: Server, name: str, rate: Rate, *, secret: bytes, meanwhile: Counters
    ) -> None:
        """Counted by `meanwhile` while Redis is away."""
        self._server, self._name, self._rate = server, name, rate
        self._secret = blake2b(secret, digest_size=32).digest()
        self._meanwhile = meanwhile

    def hit(self, caller: Caller) -> Verdict:
        """Count a request of this caller, unless it is one too many."""
        who = blake2b(repr(caller).encode(), digest_size=12, key=self._secret).hexdigest()
        key = f"customers-api:requests:{self._name}:{who}"
        told = self._server.ask(key, self._rate)
        return self._meanwhile.hit(caller) if told is None else told


def _client(url: str) -> "Redis":
    # An extra, so not imported where the requests are counted in memory.
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(
        url,
        socket_timeout=PATIENCE_SECONDS,
        socket_connect_timeout=PATIENCE_SECONDS,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )
