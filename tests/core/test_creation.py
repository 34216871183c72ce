"""New customers before anybody asks the database about them."""

from customers_api.core.customers import creation

NAMED = {"first_name": "Ann", "last_name": "Lee"}


def test_of_many_of_one_name_few_get_the_short_usernames_that_racing_lists_would_meet_at() -> None:
    some = creation.prepared([{**NAMED, "email": f"a{n}@example.com"} for n in range(1_000)])
    usernames = [new.record["username_1"] for new in some]
    assert len({*usernames}) == len(some)
    assert usernames[0] == "annlee"
    short = [name for name in usernames if len(name) <= len("annlee1234")]
    assert 0 < len(short) <= creation.MOST_NAMESAKES
