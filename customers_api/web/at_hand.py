"""The request at hand and what is kept of it: what Flask's proxies stand for, asked for once.

Each look through a proxy costs a microsecond, and a request took thirty.
"""

from collections.abc import Callable
from typing import Any, cast

import flask
from flask import Request

request = cast(Callable[[], Request], flask.request._get_current_object)  # type: ignore[attr-defined]
# What `flask.g` stands for, whose attributes are whatever is put there.
kept = cast(Callable[[], Any], flask.g._get_current_object)
