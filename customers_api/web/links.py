"""How one answer leads to the next call, as OpenAPI's links.

From a thing that was made, listed or read they lead to whatever can be done with it. Nobody
declares them: they follow from the rules of operations and from what these show.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from marshmallow import Schema

from customers_api.web.contract import Contract
from customers_api.web.operation import Operation, schemas_of

Link = dict[str, Any]
# A rule of one thing, by its collection: there, a converter and a name, and what comes after.
_THING = re.compile(r"(?P<at>[^<>]*)/<(?:(?P<kind>\w+):)?(?P<name>\w+)>(?P<more>/[^<>]*)?")
# What the number of a thing is called where it is shown.
NUMBER = "id"
NUMBERS = ("int",)


def name(contract: Contract, operation: Operation) -> str:
    """What the reference calls an operation."""
    return f"{contract.name}_{operation.view.__name__}"


def of(contract: Contract, source: Operation) -> dict[str, Link]:
    """The links of an operation's answer, by the name of the operation that each leads to."""
    found = {}
    for target in contract.operations:
        told = _parameters(source, target)
        body = _body(source, target)
        operation = name(contract, target)
        if told:
            found[operation] = {"operationId": operation, "parameters": told}
        elif body:
            found[operation] = {"operationId": operation, "requestBody": body}
    return found


def _parameters(source: Operation, target: Operation) -> dict[str, str]:
    """Which parameter of the path the answer tells, and where in the answer it is."""
    thing = _THING.fullmatch(target.rule.rstrip("/"))
    if thing is None or source is target:
        return {}
    parameter = thing["name"]
    if source.rule.rstrip("/") == thing["at"]:
        shown = _names(source.answer)
        field = NUMBER if thing["kind"] in NUMBERS or parameter not in shown else parameter
        place = f"/0/{field}" if source.many else f"/{field}"
        return {parameter: f"$response.body#{place}"} if field in shown else {}
    here = _THING.fullmatch(source.rule.rstrip("/"))
    if here and here.group("at", "kind", "name") == thing.group("at", "kind", "name"):
        # From the thing itself, on to what else it has at its own address.
        stays = not (here["more"] or thing["more"]) and source.method != "DELETE"
        return {parameter: f"$request.path.{parameter}"} if stays else {}
    return {}


def _body(source: Operation, target: Operation) -> dict[str, str]:
    """What the body has to name that the answer of a call that makes something has just told."""
    if source is target or source.many or "<" in source.rule + target.rule:
        return {}
    shown = _names(source.answer)
    needed = [each for each in _needed(target.body) if each in shown and each.endswith("Id")]
    return {each: f"$response.body#/{each}" for each in needed}


def _names(choice: Any) -> Sequence[str]:
    """What the first of the answers shows, as the wire has it."""
    return [*_fields(choice)]


def _needed(choice: Any) -> Iterator[str]:
    for key, field in zip(_fields(choice), _first(choice).fields.values(), strict=True):
        if field.required:
            yield key


def _fields(choice: Any) -> Iterator[str]:
    for key, field in _first(choice).fields.items():
        yield key if field.data_key is None else field.data_key


def _first(choice: Any) -> Schema:
    return next(iter(schemas_of(choice)), Schema())
