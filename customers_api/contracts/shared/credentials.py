"""What operators do about customers' sign-in, as a part of the contract it is mounted on."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from marshmallow import fields

from customers_api.core import database
from customers_api.core.actor import Role
from customers_api.core.customers.queries import CustomerNotFound, Who
from customers_api.core.errors import Problem
from customers_api.core.sign_in import credentials, resets, second_factor, service
from customers_api.web import sizes
from customers_api.web.contract import Contract
from customers_api.web.fields import Instant, Secret
from customers_api.web.schemas import AnswerSchema, InputSchema, Shape


class NewPassword(InputSchema):
    """The password that a customer is to sign in with: 8 to 128 characters, not a common one."""

    LIMITS: ClassVar[Mapping[str, Shape]] = {"password": sizes.CUSTOMERS_PASSWORD}

    password = Secret(required=True)

    EXAMPLE: ClassVar[Shape] = {"password": "correct horse battery staple"}

    def review(self, fields: Mapping[str, Any], path: Mapping[str, Any]) -> Iterable[Problem]:
        """What is wrong with the password."""
        return credentials.review(fields)


class SignInChanged(AnswerSchema):
    """Says what was done about a customer's sign-in."""

    detail = fields.String()

    EXAMPLE: ClassVar[Shape] = {"detail": "Password set"}


class Reset(AnswerSchema):
    """A token with which a customer may set a new password, once, until `expires_at`."""

    token = fields.String()
    expires_at = Instant()

    EXAMPLE: ClassVar[Shape] = {
        "token": "V0hBVC1BLUxPTkctVE9LRU4tVEhBVC1JUy1NQURFLVVQ",
        "expires_at": "2026-01-15T11:30:00Z",
    }


def mount(contract: Contract) -> None:
    """Serve what operators do about customers' sign-in as a part of `contract`."""

    @contract.operation(
        "PUT",
        "/<customer:customer_id>/password",
        role=Role.EDITOR,
        body=NewPassword(),
        answer=SignInChanged(),
        errors=[CustomerNotFound],
        atomic=False,
    )
    def set_password(customer_id: Who, body: Mapping[str, Any]) -> Mapping[str, str]:
        """Set the password of a customer, which ends the customer's sessions."""
        service.set_password(customer_id, body["password"])
        return {"detail": "Password set"}

    @contract.operation(
        "POST",
        "/<customer:customer_id>/password-reset",
        role=Role.EDITOR,
        answer=Reset(),
        errors=[CustomerNotFound],
        # Its answer is a secret, which is not to be kept for who sends this again.
        atomic=False,
    )
    def reset_password(customer_id: Who) -> resets.Reset:
        """Make a reset token, to be sent to the customer; an earlier one is no good any more."""
        return database.in_unit_of_work(lambda: resets.ask(customer_id))

    @contract.operation(
        "DELETE",
        "/<customer:customer_id>/totp",
        role=Role.ADMIN,
        answer=SignInChanged(),
        errors=[CustomerNotFound],
    )
    def remove_second_factor(customer_id: Who) -> Mapping[str, str]:
        """Remove the second factor of a customer who has lost it, recovery codes and all."""
        second_factor.remove_lost(customer_id)
        return {"detail": "Second factor removed"}
