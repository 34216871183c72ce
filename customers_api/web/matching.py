"""Which rule a path matches; what was found for one path is remembered for those of its shape.

werkzeug takes a path apart and tries rules piece by piece each time, a twentieth of a small
request. Which rule it is does not depend on which number a number is.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from werkzeug.exceptions import NotFound
from werkzeug.routing import BaseConverter, MapAdapter, Rule, ValidationError

# A piece of a path that is a number, and nothing else.
NUMBER = re.compile(r"(?<=/)[0-9]+(?![^/])")
AS_FLASK_DOES = {"return_rule": True}
Matched = tuple[Rule, Mapping[str, Any]]
Converters = Sequence[tuple[str, BaseConverter]]


class Matcher:
    """Matches paths, all by the rules of one map, no piece of which is a number itself."""

    def __init__(self) -> None:
        # By the method, and the path with each number as 0, with a slash at the end or without.
        self._known: dict[tuple[str, str], tuple[Rule, Converters]] = {}

    def match(self, adapter: MapAdapter) -> Matched:
        """The rule of the adapter's path and its arguments; raises as werkzeug does."""
        path = adapter.path_info
        numbers = NUMBER.findall(path)
        shape = adapter.default_method, NUMBER.sub("0", path) if numbers else path
        known = self._known.get(shape)
        if known is not None:
            rule, converters = known
            # Which of the others it is then, or none, werkzeug finds out.
            with suppress(ValidationError):
                return rule, _arguments(converters, numbers)
        rule, found = MapAdapter.match(adapter, return_rule=True)
        converters = [*rule._converters.items()]
        if len(converters) == len(numbers) and _arguments(converters, numbers) == found:
            self._known[shape] = rule, converters
        return rule, found


class Adapter(MapAdapter):
    """Matches a path as it is: werkzeug takes several slashes at its beginning for one."""

    def __init__(self, matcher: Matcher, *args: Any) -> None:
        """`args` are those of a MapAdapter."""
        super().__init__(*args)
        self._matcher = matcher

    def match(self, *args: Any, **kwargs: Any) -> Any:
        """The rule and its arguments; raises NotFound."""
        if self.path_info.startswith("//"):
            raise NotFound
        if not args and kwargs == AS_FLASK_DOES:
            return self._matcher.match(self)
        return super().match(*args, **kwargs)


def _arguments(converters: Converters, texts: Sequence[str]) -> Mapping[str, Any]:
    pairs = zip(converters, texts, strict=True)
    return {name: converter.to_python(text) for (name, converter), text in pairs}
