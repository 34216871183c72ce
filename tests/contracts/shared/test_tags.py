"""GET /tags/{tags}: customers with any of the tags, or with all of them."""

from itertools import product
from time import monotonic
from urllib.parse import quote

import pytest

from tests.contracts.main.calls import created_list, person
from tests.contracts.shared.calls import ids, invalid, walked
from tests.support.api import Api, problems

TAGS = [
    "premium", "tech", "premium,tech", "tech,new-york,premium", None, "",
    "new-york", "premium-plus", "50%,_,a b,Ümlaut", "tech,premium,x", "premium", "tech",
]  # fmt: skip


@pytest.fixture
def tagged(editor: Api) -> list[tuple[int, set[str]]]:
    """Customers with various tags: their ids, by id, with their tags."""
    customers = created_list(editor, *[person(n, tags=tags) for n, tags in enumerate(TAGS)])
    return [(c["id"], {*(c["tags"] or "").split(",")}) for c in customers]


def test_any_of_the_tags_will_do_and_match_all_needs_each(
    reader: Api, prefix: str, tagged: list[tuple[int, set[str]]]
) -> None:
    for tags in (
        ["premium"], ["premium", "tech"], ["tech", "premium", "new-york"], ["none"], ["prem"],
        ["none", "tech"], ["50%"], ["%"], ["_"], ["a b"], ["Ümlaut"], ["premium", "premium"],
        [" tech ", "premium"], ["new-york", "50%"],
    ):  # fmt: skip
        wanted = {tag.strip() for tag in tags}
        path = f"{prefix}/tags/{quote(','.join(tags))}"
        some = [id for id, own in tagged if own & wanted]
        whole = [id for id, own in tagged if own >= wanted]
        assert ids(reader.get(path)) == some == ids(reader.get(f"{path}?match=any")), tags
        assert ids(reader.get(f"{path}?match=all")) == whole, tags


def test_the_links_lead_to_every_one_of_them_once(
    reader: Api, prefix: str, tagged: list[tuple[int, set[str]]]
) -> None:
    wanted = {"premium", "tech"}
    some = [id for id, own in tagged if own & wanted]
    whole = [id for id, own in tagged if own >= wanted]
    for match, expected in (("any", some), ("all", whole)):
        for way, limit in product(("", "&skip=0"), (1, 3, 7, 100)):
            path = f"{prefix}/tags/premium,tech?match={match}&limit={limit}{way}"
            pages = walked(reader, path)
            assert [id for page in pages for id in page] == expected
            assert pages[-1]


def test_skip_passes_over_exactly_so_many(
    reader: Api, prefix: str, tagged: list[tuple[int, set[str]]]
) -> None:
    expected = [id for id, own in tagged if own & {"premium", "tech"}]
    for skip in (0, 1, 4, 7, 8, 100, 2**63 - 1):
        answer = reader.get(f"{prefix}/tags/tech,premium?skip={skip}&limit=3")
        assert ids(answer) == expected[skip : skip + 3]


def test_a_tag_is_followed_at_once(
    admin: Api, prefix: str, tagged: list[tuple[int, set[str]]]
) -> None:
    first, second = tagged[4][0], tagged[0][0]
    admin.patch(f"/api/customers/{first}", {"tags": "new-york"})
    admin.delete(f"/api/customers/{tagged[3][0]}")
    admin.patch(f"/api/customers/{second}", {"tags": "new-york,premium"})
    assert ids(admin.get(f"{prefix}/tags/new-york")) == sorted([first, second, tagged[6][0]])


def test_a_match_of_another_kind_is_refused(reader: Api, prefix: str) -> None:
    for match in ("some", "", "ALL"):
        answer = reader.get(f"{prefix}/tags/a?match={match}")
        assert answer.status_code == invalid(prefix)
        assert problems(answer) == {"match": "Must be one of any, all"}


def test_more_tags_than_one_customer_can_have_are_nobodys(
    reader: Api, prefix: str, tagged: list[tuple[int, set[str]]]
) -> None:
    long = ",".join(f"premium{n}{'x' * 40}" for n in range(12))
    assert ids(reader.get(f"{prefix}/tags/premium,{long}?match=all")) == []
    some = [id for id, own in tagged if "premium" in own]
    assert ids(reader.get(f"{prefix}/tags/premium,{long}")) == some


def test_strange_tags_find_nobody(reader: Api, prefix: str) -> None:
    for tags in ("%00", "a,%00", ",", "%20", "%0A", "x" * 1000):
        for match in ("any", "all"):
            assert ids(reader.get(f"{prefix}/tags/{tags}?match={match}")) == [], tags


def test_very_many_tags_are_answered_or_refused_at_once(reader: Api, backend: str) -> None:
    many = ",".join(f"tag{n}" for n in range(600 if backend == "sqlite" else 100))
    match = "any" if backend == "sqlite" else "all"
    begun = monotonic()
    assert reader.get(f"/api/customers/tags/{many}?match={match}").status_code < 500
    assert monotonic() - begun < 1
