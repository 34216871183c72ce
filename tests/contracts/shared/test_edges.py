"""The ends of lists: the largest id there can be, and places after the last customer."""

from base64 import urlsafe_b64encode

import pytest

from customers_api.core.types import LARGEST_ID
from tests.contracts.main.calls import created, person
from tests.contracts.shared.calls import PREFIXES
from tests.support.api import Api


def cursor(id: int) -> str:
    return urlsafe_b64encode(f"after:{id}".encode()).decode().rstrip("=")


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("more", ["", "&is_active=true", "&is_active=false", "&count=true"])
def test_after_the_largest_id_there_is_nobody(reader: Api, prefix: str, more: str) -> None:
    answer = reader.get(f"{prefix}/?cursor={cursor(LARGEST_ID)}{more}")
    assert (answer.status_code, answer.get_json()) == (200, [])


def test_after_the_last_one_there_is_nobody_whatever_the_ids_are(editor: Api) -> None:
    created(editor, **person())
    largest = {"id": LARGEST_ID, "name": "Z", "email": "z@example.com", "phone": None}
    assert editor.post("/customers/", largest).status_code == 201
    for skip, count in ((0, 2), (1, 1), (2, 0), (1000, 0), (LARGEST_ID, 0)):
        for more in ("", "&is_active=true"):
            shown = editor.get(f"/api/customers/?skip={skip}{more}").get_json()
            assert len(shown) == count, (skip, more)
    onward = cursor(LARGEST_ID - 1)
    [last] = editor.get(f"/api/customers/?cursor={onward}").get_json()
    assert last["id"] == LARGEST_ID
