"""All customers, in one answer that is read and sent a piece at a time."""

from flask import Flask
from sqlalchemy import event

from customers_api.extensions import db
from tests.contracts.main.calls import created, created_list, person, unchecked
from tests.support.api import Api


def test_the_list_has_the_four_fields_of_everybody_by_id(editor: Api) -> None:
    ann = created(editor, **person(1, phone="555-0123"))
    bob = created(editor, **person(2, first_name="Bob"))
    editor.post(
        "/customers/", {"id": 1000, "name": "Cher", "email": "c@example.com", "phone": None}
    )
    assert editor.get("/customers").get_json() == [
        {"id": ann["id"], "name": "Ann Lee", "email": ann["email"], "phone": "555-0123"},
        {"id": bob["id"], "name": "Bob Lee", "email": bob["email"], "phone": None},
        {"id": 1000, "name": "Cher", "email": "c@example.com", "phone": None},
    ]


def test_the_deactivated_are_listed_too(editor: Api) -> None:
    id = created(editor, **person())["customer_id"]
    editor.delete(f"/api/v1/customers/{id}")
    assert len(editor.get("/customers/").get_json()) == 1


def test_a_list_of_many_is_whole_and_read_a_thousand_at_a_time(app: Flask, editor: Api) -> None:
    for start in range(0, 2500, 500):
        created_list(editor, *(person(n, last_name=f"Lee{n}") for n in range(start, start + 500)))
    reads: list[str] = []
    client, headers = unchecked(editor)

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "FROM customers" in statement:
            reads.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", note)
    try:
        with client.get("/customers/", headers=headers) as answer:
            listed = answer.get_json()
    finally:
        event.remove(engine, "after_cursor_execute", note)
    assert [customer["email"] for customer in listed] == [
        f"ann.{n}@example.com" for n in range(2500)
    ]
    assert len(reads) == 3


def test_no_connection_is_held_while_a_client_reads(app: Flask, editor: Api) -> None:
    for start in range(0, 3000, 500):
        created_list(editor, *(person(n, last_name=f"Lee{n}") for n in range(start, start + 500)))
    client, headers = unchecked(editor)
    with client.get("/customers/", headers=headers, buffered=False) as answer:
        parts = iter(answer.response)
        next(parts)
        with app.app_context():
            assert db.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        created(editor, **person(9999))
        rest = b"".join(part if isinstance(part, bytes) else part.encode() for part in parts)
    assert b"ann.9999@example.com" in rest
