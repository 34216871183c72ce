"""White space around a text: the server takes it off before it looks, which no schema can say."""

from functools import cache
from typing import Any

import requests
from jsonschema import Draft202012Validator
from schemathesis import Case

from customers_api.core.text import stripped


def fits_without_spaces(case: Case, address: str) -> bool:
    """Whether a request would fit its schemas if no text of it had white space around it."""
    document = _document(address)
    operation = document["paths"][case.path][case.method.lower()]
    sent = [case.body, case.query or {}]
    fits = _body_fits(case.body, operation, document) and _query_fits(case.query or {}, operation)
    return [_bare(each) for each in sent] != sent and fits


def _body_fits(body: Any, operation: Any, document: Any) -> bool:
    if "requestBody" not in operation:
        return True
    shape = operation["requestBody"]["content"]["application/json"]["schema"]
    whole = {**shape, "components": document["components"]}
    return Draft202012Validator(whole).is_valid(_bare(body))


def _query_fits(query: Any, operation: Any) -> bool:
    shapes = {each["name"]: each["schema"] for each in operation["parameters"]}
    # Numbers and words are never stripped: what is wrong with those is refused.
    return query.keys() <= shapes.keys() and all(
        Draft202012Validator(shapes[name]).is_valid(_bare(value))
        for name, value in query.items()
        if "pattern" in shapes[name]
    )


def _bare(value: Any) -> Any:
    if isinstance(value, str):
        return stripped(value)
    if isinstance(value, list):
        return [_bare(each) for each in value]
    if isinstance(value, dict):
        return {name: _bare(each) for name, each in value.items()}
    return value


@cache
def _document(address: str) -> Any:
    return requests.get(f"{address}/openapi.json", timeout=60).json()
