"""What a route declares, in one place: input, output, role, errors; and how a request is served."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from flask import Response
from marshmallow import Schema

from customers_api.core import database
from customers_api.core.acting import acting
from customers_api.core.actor import Actor, Needs
from customers_api.core.errors import Error, Invalid, Problem
from customers_api.web import at_hand, conditions, idempotency
from customers_api.web import body as incoming
from customers_api.web.application import Whole
from customers_api.web.body import Loaded
from customers_api.web.problems import Refused
from customers_api.web.rows import Encoder, encode
from customers_api.web.schemas import AnswerSchema, InputSchema, QuerySchema

View = Callable[..., Any]
Result = TypeVar("Result")
Authenticate = Callable[[Needs], Actor]
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# Of these a body means something; where none is expected, it is refused.
BODIED = UNSAFE - {"DELETE"}
NOTHING = QuerySchema()


@dataclass(frozen=True, slots=True)
class By:
    """A choice of schemas by the value of a query parameter."""

    parameter: str
    schemas: Mapping[Any, Schema]


@dataclass(frozen=True, slots=True)
class Strings:
    """An answer that is an array of strings."""

    example: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """An answer that is not JSON but text of this media type, which the view returns as bytes."""

    media_type: str
    example: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A view's result where it is more than content."""

    content: Any
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Operation:
    """One method of one rule: everything that the server and the reference know about it.

    `role` is None where everybody may call. `many` answers with an array. `atomic` operations of
    an unsafe method run in one unit of work, which is committed before the answer is sent, and is
    one call of a writing verb of the core's where they are `sole`; what takes long, such as a
    password, `before` checks ahead of it, called as the view is. What `secrets` names is told anew,
    and not kept, where the answer is kept for a request sent again.
    With `etag` the operation is about one customer, whose editions its requests may name: the view
    takes those that If-Match names as `expected`, and shows rows that carry their EDITION.
    """

    rule: str
    method: str
    view: View
    _: KW_ONLY
    role: Needs | None
    answer: AnswerSchema | By | Strings | Text
    many: bool = False
    status: int = 200
    query: QuerySchema = NOTHING
    body: InputSchema | By | None = None
    errors: Sequence[type[Error]] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body_required: bool = True
    atomic: bool = True
    sole: bool = False
    before: View | None = None
    secrets: idempotency.Secrets = field(default_factory=dict)
    etag: bool = False

    def handle(self, authenticate: Authenticate, path: Mapping[str, Any]) -> Response:
        """The answer to the request at hand; raises what the contract's errors render."""
        if self.role is not None:
            at_hand.kept().actor = authenticate(self.role)
        key = idempotency.key() if self.takes_key else None
        query, schema, body = self._read(path)
        arguments = {
            **path,
            **({"query": query} if self.query is not NOTHING else {}),
            **({"body": body} if self.body else {}),
            **({"expected": conditions.expected()} if self.takes_expected else {}),
        }

        def serve() -> Response:
            if self.before is not None:
                self.before(**arguments)
            if key is not None:
                return idempotency.once(key, self.secrets, lambda: self._served(arguments, query))
            return self._encoded(self._run(arguments), query)

        return self._at_work(serve, schema, path)

    def _read(self, path: Mapping[str, Any]) -> tuple[Loaded, Schema | None, Loaded]:
        """The query, the body and its schema, if there is one; raises Refused with all problems."""
        if self.body is None:
            incoming.check_size()
            if self.method in BODIED and incoming.is_given():
                incoming.nothing()
        query, parameters = incoming.query(self.query)
        schema = _chosen(self.body, query)
        if not self.body_required and not incoming.is_given():
            schema = None
        body: Loaded = {}
        pointers: list[Problem] = []
        if schema is not None:
            body, pointers = incoming.body(schema, path, refused=bool(parameters))
        if parameters or pointers:
            raise Refused(parameters, pointers)
        return query, schema, body

    def call(self, document: Any) -> dict[str, Any]:
        """The answer to a body that came another way than by HTTP, as the encoder takes it.

        For operations of a body alone; the caller has seen to `flask.g.actor`.
        """
        if not isinstance(self.body, InputSchema) or not isinstance(self.answer, AnswerSchema):
            raise TypeError(f"{self.rule} is not an operation of one body and one answer")
        body, problems = incoming.checked(self.body, document, {})
        if problems:
            raise Refused([], problems)
        result = self._at_work(lambda: self._run({"body": body}), self.body, {})
        return self._encoders[self.answer].plain(result)

    @cached_property
    def takes_key(self) -> bool:
        """Whether an Idempotency-Key means something: it changes something, for a known caller."""
        return self.atomic and self.method in UNSAFE and self.role is not None

    @cached_property
    def takes_expected(self) -> bool:
        """Whether If-Match means something."""
        return self.etag and self.method in conditions.CONDITIONAL_WRITES

    @cached_property
    def _encoders(self) -> Mapping[Schema, Encoder]:
        return {schema: Encoder(schema) for schema in schemas_of(self.answer)}

    def _at_work(
        self, work: Callable[[], Result], schema: Schema | None, path: Mapping[str, Any]
    ) -> Result:
        """What `work` returns; the core knows who acts, and complains in the wire's names."""
        try:
            kept = at_hand.kept()
            with acting(kept.actor if self.role is not None else None, kept.request_id):
                return work()
        except Invalid as error:
            raise self._on_wire(error, schema, path) from error

    def _run(self, arguments: Mapping[str, Any]) -> Any:
        if self.atomic and self.method in UNSAFE:
            return database.in_unit_of_work(lambda: self.view(**arguments), sole=self.sole)
        return self.view(**arguments)

    def _served(
        self, arguments: Mapping[str, Any], query: Mapping[str, Any]
    ) -> tuple[Any, Response]:
        """The content that the view gives, and the response that shows it."""
        result = self.view(**arguments)
        content = result.content if isinstance(result, Answer) else result
        return content, self._encoded(result, query)

    def _encoded(self, result: Any, query: Mapping[str, Any]) -> Response:
        content, headers = (
            (result.content, result.headers) if isinstance(result, Answer) else (result, {})
        )
        if self.etag and (known := conditions.unchanged(content)):
            return known
        response = self._response(content, query)
        if self.etag:
            conditions.mark(response, content)
        if headers:
            response.headers.extend(headers)
        return response

    def _response(self, content: Any, query: Mapping[str, Any]) -> Response:
        if isinstance(self.answer, Strings):
            return Whole(encode(content), self.status)
        if isinstance(self.answer, Text):
            return Response(content, self.status, content_type=self.answer.media_type)
        encoder = self._encoders[_chosen(self.answer, query)]
        if isinstance(content, Iterator):
            return encoder.streamed(content, self.status)
        written = encoder.many(content) if self.many else encoder.one(content)
        return Whole(written, self.status)

    def _on_wire(self, error: Invalid, schema: Schema | None, path: Mapping[str, Any]) -> Invalid:
        """The core's complaint in the wire's names, about path and query or about the body."""
        named = {*self.query.fields, *path}
        parameters = [p for p in error.problems if p.path and p.path[0] in named]
        pointers = [
            Problem(incoming.on_wire(schema, problem.path), problem.message)
            for problem in error.problems
            if problem not in parameters
        ]
        if parameters:
            return Refused(parameters, pointers)
        error.problems = tuple(pointers)
        return error


def schemas_of(choice: Schema | By | Strings | Text | None) -> Sequence[Schema]:
    """Every schema that may be meant."""
    if isinstance(choice, By):
        return [*choice.schemas.values()]
    return [choice] if isinstance(choice, Schema) else []


def _chosen(choice: Schema | By | None, query: Mapping[str, Any]) -> Any:
    if not isinstance(choice, By):
        return choice
    # A parameter that is wrong is reported as such; until then the first schema stands in.
    first = next(iter(choice.schemas.values()))
    return choice.schemas.get(query.get(choice.parameter, ""), first)
