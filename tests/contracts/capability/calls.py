"""Calls of the capability's operations, whose answers are held against the printed schemas."""

from typing import Any

from jsonschema import Draft202012Validator, FormatChecker

from tests.contracts.capability.printed import OUTPUT, PREFIX
from tests.contracts.main.test_metadata import exact
from tests.support.api import Api


def check(code: str, answer: Any) -> None:
    """Fail unless an answer is one that the document prints for this operation."""
    Draft202012Validator(OUTPUT[code], format_checker=FormatChecker()).validate(answer)


def done(api: Api, code: str, **body: Any) -> dict[str, Any]:
    """The answer to an operation that is to succeed."""
    answer = api.post(f"{PREFIX}/{code}", body)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    check(code, answer.get_json())
    return dict(answer.get_json())


def got(api: Api, customer_id: str) -> dict[str, Any]:
    """The customer, as get_customer shows him."""
    return done(api, "get_customer", customerId=customer_id)


def created(api: Api, name: str = "John Doe", email: str = "john.doe@example.com", **b: Any) -> str:
    """The customerId of a new customer."""
    return str(done(api, "create_customer", name=name, email=email, **b)["customerId"])


def sent(api: Api, code: str, text: str) -> Any:
    """The answer to a body sent to the letter, with every digit of its numbers."""
    answer = api("POST", f"{PREFIX}/{code}", data=text, content_type="application/json")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return exact(answer.get_data(as_text=True))
