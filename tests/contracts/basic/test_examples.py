"""Every request that the basic contract's document prints gets the documented answer."""

from tests.support.api import Api

JOHN = {"id": 1, "name": "John Doe", "email": "john@example.com", "phone": "1234567890"}
JANE = {"id": 1, "name": "Jane Doe", "email": "jane@example.com", "phone": "9876543210"}


def test_the_walk_of_the_document(admin: Api) -> None:
    made = admin.post("/customers/", JOHN)
    assert (made.status_code, made.get_json()) == (201, JOHN)
    assert made.headers["Location"] == "/customers/1"
    read = admin.get("/customers/1")
    assert (read.status_code, read.get_json()) == (200, JOHN)
    every = admin.get("/customers/")
    assert (every.status_code, every.get_json()) == (200, [JOHN])
    replaced = admin.put("/customers/1", JANE)
    assert (replaced.status_code, replaced.get_json()) == (200, JANE)
    removed = admin.delete("/customers/1")
    assert (removed.status_code, removed.get_json()) == (200, {"detail": "Customer deleted"})


def test_a_customer_who_is_not_there_is_not_found(admin: Api) -> None:
    for answer in (
        admin.get("/customers/1"),
        admin.put("/customers/1", JOHN),
        admin.delete("/customers/1"),
    ):
        assert answer.status_code == 404
        assert answer.get_json()["detail"] == "Customer not found"


def test_only_an_admin_removes(editor: Api) -> None:
    editor.post("/customers/", JOHN)
    assert editor.delete("/customers/1").status_code == 403
    assert editor.get("/customers/1").status_code == 200


def test_a_reader_creates_and_replaces_nothing(reader: Api) -> None:
    assert reader.post("/customers/", JOHN).status_code == 403
    assert reader.put("/customers/1", JOHN).status_code == 403
    assert reader.get("/customers/").get_json() == []
