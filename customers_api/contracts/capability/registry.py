"""A capability: operations, each declared once, for the HTTP routes, the reference and MCP."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from customers_api.core.actor import Role
from customers_api.web.contract import Contract
from customers_api.web.openapi import json_schema
from customers_api.web.operation import Operation, View
from customers_api.web.schemas import AnswerSchema, InputSchema, Shape


@dataclass(frozen=True)
class CapabilityOperation:
    """One operation; its code is its function's name, its description the docstring."""

    title: str
    served: Operation
    input: InputSchema
    output: AnswerSchema
    role: Role
    reads_only: bool

    @property
    def code(self) -> str:
        """What it is called by."""
        return self.served.view.__name__

    @property
    def description(self) -> str:
        """What it does, and what a caller must know."""
        return " ".join((self.served.view.__doc__ or "").split())

    @cached_property
    def input_schema(self) -> Shape:
        """What it takes, as JSON Schema."""
        return json_schema(self.input)

    @cached_property
    def output_schema(self) -> Shape:
        """What it answers, as JSON Schema."""
        return json_schema(self.output)


class Capability:
    """Operations under one code, served by `contract`."""

    def __init__(self, code: str, *, title: str, description: str, contract: Contract) -> None:
        self.code = code
        self.title = title
        self.description = description
        self.contract = contract
        self._operations: dict[str, CapabilityOperation] = {}

    @property
    def operations(self) -> Sequence[CapabilityOperation]:
        """All operations, in the order they were declared in."""
        return [*self._operations.values()]

    def find(self, code: object) -> CapabilityOperation | None:
        """The operation of this code, if there is one."""
        return self._operations.get(code) if isinstance(code, str) else None

    def operation(
        self,
        title: str,
        *,
        role: Role,
        body: InputSchema,
        answer: AnswerSchema,
        reads_only: bool = False,
        **more: Any,
    ) -> Callable[[View], View]:
        """Make the decorated function an operation; `more` are other fields of a web Operation."""

        def decorate(view: View) -> View:
            declared = {"atomic": not reads_only, "role": role, "body": body, "answer": answer}
            self.contract.operation("POST", f"/{view.__name__}", **(declared | more))(view)
            served = self.contract.operations[-1]
            made = CapabilityOperation(title, served, body, answer, role, reads_only)
            self._operations[made.code] = made
            return view

        return decorate

    def codes(self) -> Iterator[str]:
        """The codes of all operations."""
        yield from self._operations
