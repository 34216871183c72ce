"""A contract: a blueprint that cannot be built without saying who is let in and how it refuses."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from flask import Blueprint, Flask, Response, current_app, request

from customers_api.core.errors import Error
from customers_api.web import idempotency
from customers_api.web.operation import Authenticate, Operation, View
from customers_api.web.problems import Statuses

EXTENSION = "customers-api-contracts"


class Contract(Blueprint):
    """One promise on the wire, at one prefix."""

    def __init__(
        self,
        name: str,
        *,
        prefix: str,
        about: str,
        authenticate: Authenticate,
        statuses: Mapping[type[Error], int],
    ) -> None:
        """`about` describes it in the reference; `statuses` are where it differs from the usual."""
        super().__init__(name, __name__, url_prefix=prefix)
        self.prefix = prefix
        self.about = about
        self.authenticate = authenticate
        self.statuses: Statuses = statuses
        self.operations: list[Operation] = []

    def operation(self, method: str, rule: str, **declared: Any) -> Callable[[View], View]:
        """Serve `rule` with the decorated view; `declared` are the fields of an Operation."""

        def decorate(view: View) -> View:
            operation = Operation(self.prefix + rule, method, view, **declared)
            self.operations.append(operation)
            self.add_url_rule(
                # Without the slash: werkzeug forgets the methods of a path that lacks its slash.
                rule.rstrip("/"),
                endpoint=view.__name__,
                view_func=partial(_serve, self, operation),
                methods=[method],
            )
            return view

        return decorate


def register(app: Flask, contract: Contract) -> None:
    """Serve a contract, and remember it for the errors and for the reference."""
    app.register_blueprint(contract)
    app.extensions.setdefault(EXTENSION, []).append(contract)


def registered() -> Iterator[Contract]:
    """The contracts that the application serves."""
    yield from current_app.extensions.get(EXTENSION, [])


def statuses_here() -> Statuses:
    """How the contract that the request's path belongs to, known or not, answers errors."""
    at_path = [each for each in registered() if _is_below(request.path, each.prefix)]
    return max(at_path, key=lambda each: len(each.prefix)).statuses if at_path else {}


def _serve(contract: Contract, operation: Operation, **path: Any) -> Any:
    def serve() -> Response:
        return operation.handle(contract.authenticate, path)

    return idempotency.reuse_told_first(serve) if operation.takes_key else serve()


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")
