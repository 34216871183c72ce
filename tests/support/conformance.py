"""Holds answers against the OpenAPI document: what is not documented there is a failure."""

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from werkzeug.test import TestResponse


class Conformance:
    """The promises of one OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        resource = Resource(contents=document, specification=DRAFT202012)
        self._registry = Registry().with_resource("urn:openapi", resource)
        self._paths = {
            path: re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path.rstrip("/"))) + "/?")
            for path in document["paths"]
        }

    def check(self, method: str, path: str, response: TestResponse) -> None:
        """Fail unless this answer is documented; errors of routing, and limits, need not be."""
        name = self._path(path.partition("?")[0])
        operations = self.document["paths"].get(name, {})
        operation = operations.get("get" if method == "HEAD" else method.lower())
        if operation is None:
            assert response.status_code in (404, 405, 308, 429), (
                f"{method} {path} is not documented"
            )
            return
        answers = operation["responses"]
        assert str(response.status_code) in answers, (
            f"{method} {name} answers {response.status_code}, which is not documented: "
            f"{response.get_data(as_text=True)[:300]}"
        )
        content = answers[str(response.status_code)].get("content", {})
        if not content:
            assert not response.get_data(), f"{method} {name}: a body where none is documented"
            return
        assert response.mimetype in content, f"{method} {name}: {response.mimetype} not documented"
        if method == "HEAD" or "json" not in response.mimetype:
            return
        pointer = "/".join(
            _escaped(step)
            for step in (
                "paths",
                name,
                method.lower(),
                "responses",
                str(response.status_code),
                "content",
                response.mimetype,
                "schema",
            )
        )
        errors = [*self._validator(pointer).iter_errors(json.loads(response.get_data()))]
        assert not errors, f"{method} {name}: " + "; ".join(
            f"{error.json_path}: {error.message}" for error in errors[:5]
        )

    def _path(self, path: str) -> str:
        # A path that names something stands before one with a parameter at its place.
        fitting = [name for name, pattern in self._paths.items() if pattern.fullmatch(path)]
        return min(fitting, key=lambda name: name.count("{"), default="")

    @cache  # noqa: B019  one instance lives as long as the tests do
    def _validator(self, pointer: str) -> Draft202012Validator:
        return Draft202012Validator(
            {"$ref": f"urn:openapi#/{pointer}"},
            registry=self._registry,
            format_checker=FormatChecker(),
        )


def _escaped(step: str) -> str:
    escaped = step.replace("~", "~0").replace("/", "~1")
    return escaped.replace("{", "%7B").replace("}", "%7D").replace("+", "%2B")
