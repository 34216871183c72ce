"""The reference's links: each leads from what was made, listed or read to a call that is there."""

from collections.abc import Iterator
from typing import Any

import pytest

from fuzz.sequences import MADE_AND_READ, made_and_read
from tests.support.api import Api

Operation = tuple[str, str, dict[str, Any]]
MADE = [(call.partition(" ")[2], read) for call, read in MADE_AND_READ.items()]


def operations(document: dict[str, Any]) -> dict[str, Operation]:
    """Every operation by its name."""
    return {
        described["operationId"]: (method.upper(), path, described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    }


def links(document: dict[str, Any]) -> Iterator[tuple[Operation, dict[str, Any], dict[str, Any]]]:
    """Every link, with the operation and the answer that has it."""
    for each in operations(document).values():
        for answer in each[2]["responses"].values():
            for link in answer.get("links", {}).values():
                yield each, answer, link


def found(expression: str, value: Any) -> Any:
    """What an expression about an answer's body finds there."""
    _, pointer, path = expression.partition("$response.body#/")
    assert pointer
    for step in path.split("/"):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def test_each_link_leads_to_a_call_with_all_that_its_path_needs(reference: dict[str, Any]) -> None:
    known, seen = operations(reference), 0
    for (_, path, _), answer, link in links(reference):
        _, target, described = known[link["operationId"]]
        named = {each["name"] for each in described["parameters"] if each["in"] == "path"}
        assert link.get("parameters", {}).keys() == named, target
        shown = next(iter(answer["content"]["application/json"]["examples"].values()))["value"]
        for told in (*link.get("parameters", {}).values(), *link.get("requestBody", {}).values()):
            here = told.removeprefix("$request.path.")
            assert f"{{{here}}}" in path if here != told else found(told, shown) is not None
        seen += 1
    assert seen > 80


@pytest.mark.parametrize(("path", "read"), MADE)
def test_what_was_made_is_read_by_its_link(
    admin: Api, reference: dict[str, Any], path: str, read: str
) -> None:
    described = reference["paths"][path]["post"]
    examples = described["requestBody"]["content"]["application/json"]["examples"]
    body = {**next(iter(examples.values()))["value"]}
    body.pop("group_id", None)
    made = admin.post(path, body)
    assert made.status_code in (200, 201), made.get_data(as_text=True)
    link = described["responses"][str(made.status_code)]["links"][read]
    method, target, _ = operations(reference)[link["operationId"]]
    named = {
        name: found(told, made.get_json()) for name, told in link.get("parameters", {}).items()
    }
    sent = {
        name: found(told, made.get_json()) for name, told in link.get("requestBody", {}).items()
    }
    assert admin(method, target.format(**named), json=sent or None).status_code == 200


def test_every_kind_that_can_be_made_and_read_is_counted(reference: dict[str, Any]) -> None:
    making = {
        f"{method} {path}": link["operationId"]
        for (method, path, described), _, link in links(reference)
        if method == "POST" and link["operationId"].partition("_")[2] in ("get", "get_customer")
        if described["operationId"].partition("_")[2].startswith("create")
    }
    assert making == MADE_AND_READ


def test_what_is_counted_was_made_and_then_read() -> None:
    def recorder(made: int, read: int, **case: Any) -> dict[str, Any]:
        transition = {"id": "POST /api/groups/ -> [201] groups_get -> GET /api/groups/{group_id}"}
        usual = {"parent_id": "a", "transition": transition, "is_transition_applied": True}
        answers = {
            "a": {"response": {"status_code": made}},
            "b": {"response": {"status_code": read}},
        }
        return {"cases": {"a": {}, "b": usual | case}, "interactions": answers}

    other = {"id": "POST /api/groups/ -> [201] groups_change -> PATCH /api/groups/{group_id}"}
    recorders = [
        recorder(201, 200),
        recorder(201, 404),
        recorder(400, 200),
        recorder(201, 200, is_transition_applied=False),
        recorder(201, 200, transition=other),
        {},
    ]
    assert made_and_read(recorders) == {"POST /api/groups/": 1}
