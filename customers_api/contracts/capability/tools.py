"""The capability's operations as MCP tools, whichever way the protocol's messages travel."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import g

from customers_api.contracts.capability.operations import capability
from customers_api.contracts.capability.registry import CapabilityOperation
from customers_api.core.actor import Actor, Role
from customers_api.core.errors import Denied, Error, Invalid, NotFound
from customers_api.core.sign_in.service import SecondFactorNeeded, TooManyAttempts
from customers_api.version import VERSION
from customers_api.web.problems import Unexpected, pointer
from customers_api.web.rows import encode

SERVER = {"name": "customers-api", "title": capability.title, "version": VERSION}
INSTRUCTIONS = (
    f"{capability.description} Customers are known by customerId. When a call fails, its text says "
    "what to change; nothing has been changed in the registry then."
)
# What a model can do about an error, beyond what the error itself says.
ADVICE: Mapping[type[Error], str] = {
    Invalid: "Change what is named here and call again.",
    NotFound: "Check the customerId: create_customer gives it, and it stays the same for good.",
    Denied: "Ask for a token of that role, or use a tool that this token may call.",
    SecondFactorNeeded: "This tool takes no code; such a customer signs in elsewhere.",
}

Permit = Callable[[Role], Actor]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: the answer's JSON or, with `is_error`, what to change."""

    text: str
    is_error: bool = False


def described() -> list[dict[str, Any]]:
    """Every tool, as the protocol spells it; those too that a token may not call."""
    return [_tool(each) for each in capability.operations]


def call(operation: CapabilityOperation, arguments: object, permit: Permit) -> Outcome:
    """What comes of an operation when whoever `permit` tells calls it."""
    try:
        g.actor = permit(operation.role)
        return Outcome(encode(operation.served.call(arguments)).decode())
    except Error as error:
        return refusal(error)
    # What follows is for whoever runs the server; the model is told that there is something.
    except Exception:
        log.exception("%s %s", g.request_id, Unexpected.code)
        return Outcome(f"{Unexpected().detail} request_id: {g.request_id}", is_error=True)


def refusal(error: Error) -> Outcome:
    """An error as a model can use it: what is wrong, where, and what to do about it."""
    return Outcome("\n".join(_lines(error)), is_error=True)


def _lines(error: Error) -> Iterator[str]:
    yield error.detail
    if isinstance(error, Invalid):
        for problem in error.problems:
            yield f"- {pointer(problem.path) or 'arguments'}: {problem.message}"
    if isinstance(error, TooManyAttempts):
        yield f"Wait {error.seconds} seconds before you call again."
    yield from (advice for kind, advice in ADVICE.items() if isinstance(error, kind))


def _tool(operation: CapabilityOperation) -> dict[str, Any]:
    return {
        "name": operation.code,
        "title": operation.title,
        "description": operation.description,
        "inputSchema": operation.input_schema,
        "outputSchema": operation.output_schema,
        "annotations": {"readOnlyHint": operation.reads_only, "openWorldHint": False},
    }
