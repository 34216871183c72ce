"""Refusals of requests that fit the reference: what no schema can say, with the reason.

schemathesis expects a request that fits its schema to be accepted. Whether an email is taken, which
days a month has or what a password is: the reference cannot tell, and the contracts want a 400.
Everything else that is refused must be told by the reference.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from customers_api.web.conditions import SHAPE

# By the type of the whole problem.
TYPES = {
    "stale": "If-Match names a state that the customer is not in",
    "idempotency-key-reused": "an Idempotency-Key stands for another request",
    "answer-forgotten": "a customer whom the first answer showed is removed",
}
# By the sentence about one field.
SENTENCES = {
    r"Customer with this email already exists": "unique in the registry",
    r"There is (a|an) \w+ with this \w+( already)?": "unique in the registry",
    r"In the list more than once|Given more than once": "unique in a list",
    r"Group not found": "names what is not there",
    r"Must be another group": "the path and the query name the same",
    r"Must be the id in the path, \d+": "the path and the body say the same",
    r"Not a cursor that a page gave": "opaque, made by the server only",
    r"Goes on from a page; skip cannot be given, too": "of two parameters one may be given",
    r"Give a city, a state or a country": "of three parameters one must be given",
    r"Not a date( and time)?; write it as .*": "the days of months, and the offset of a time",
    r"In the future|Before 1900": "depends on today, and on an offset",
    r"Not a valid email address: .*": "RFC 5321 and 5322 are more than a pattern",
    r"More than two decimal places": "binary fractions have no exact multiples",
    r"The (current )?password .*|The code .*|The reset token .*": "a secret, known to one",
    r".*most common.*": "a list of ten thousand",
    r"Nothing but white space": "spaces of any kind",
    r"One character again and again": "whichever it is",
    r"The account's own email or username": "of whose password it is",
    r"Must not be blank": "what is beyond sixteen bits stands in no pattern that all can read",
    r".* (up to|after) its first space": "a name is cut at its first space",
    r"Needed to change the email": "the current password, for that only",
    r"Longer than \d+ characters of JSON": "the length of a whole object as it is written",
    r"Contains a NUL character": "somewhere in an object of the client's own",
}
STATUSES = (400, 410, 412, 422)
_KNOWN = re.compile("|".join(f"(?:{each})" for each in SENTENCES))
# The body's form depends on a query parameter, which OpenAPI cannot say.
# What a DELETE of the registry contract does that does not end in /hard.
DEACTIVATES = re.compile(r"DELETE /api/v1/customers/[^/`]+/?`")
CONDITIONS = ("if-match", "if-none-match")
BY_QUERY = {("POST", "/api/customers/")}


def is_of_state(status: int, content: bytes) -> bool:
    """Whether an answer refuses what the reference cannot tell to be wrong."""
    if status not in STATUSES:
        return False
    try:
        problem = json.loads(content)
    except ValueError:
        return False
    code = str(problem.get("type", "")).partition("#")[2]
    return code in TYPES or all(_KNOWN.fullmatch(each) for each in _sentences(problem))


def has_strange_condition(headers: Mapping[str, Any], content: bytes) -> bool:
    """Whether an answer refuses an If-Match that does not fit the reference after all.

    schemathesis has its own idea of these two headers and, for the corner cases, sends a bare 0.
    """
    sent = [str(value) for name, value in headers.items() if name.lower() in CONDITIONS]
    fits = all(re.fullmatch(SHAPE["pattern"], each) for each in sent)
    return b"#condition-malformed" in content and not fits


def _sentences(problem: dict[str, Any]) -> Iterator[str]:
    errors = problem.get("errors", ())
    yield from (each["message"] for each in errors)
    if not errors:
        yield problem["detail"]
