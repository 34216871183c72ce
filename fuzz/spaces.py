"""White space around a text: the server takes it off before it looks, which no schema can say."""

from functools import cache
from typing import Any

import requests
from jsonschema import Draft202012Validator
from schemathesis import Case

from customers_api.core.text import stripped


def fits_without_spaces(case: Case, address: str) -> bool:
    """Whether a body would fit its schema if no text of it had white space around it."""
    document = _document(address)
    operation = document["paths"][case.path][case.method.lower()]
    try:
        shape = operation["requestBody"]["content"]["application/json"]["schema"]
    except KeyError:
        return False
    whole = {**shape, "components": document["components"]}
    bare = _bare(case.body)
    return bare != case.body and Draft202012Validator(whole).is_valid(bare)


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
