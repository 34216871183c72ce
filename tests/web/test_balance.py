"""Of clients that stay, every worker has some."""

import os

from customers_api.web.balance import Balance


def test_who_has_more_than_another_is_ahead() -> None:
    balance = Balance()
    assert not balance.is_ahead(5)
    balance.tell(1, 5)
    balance.tell(2, 3)
    assert balance.is_ahead(5)
    assert balance.is_ahead(4)
    assert not balance.is_ahead(3)


def test_nobody_waits_for_one_who_is_gone() -> None:
    balance = Balance()
    balance.tell(1, 0)
    assert balance.is_ahead(1)
    balance.forget(1)
    assert not balance.is_ahead(1)


def test_a_place_is_used_again_after_very_many_workers() -> None:
    balance = Balance(places=4)
    for worker in range(100):
        balance.tell(worker, 7)
        balance.forget(worker)
    assert not balance.is_ahead(1000)


def test_a_fork_is_seen() -> None:
    balance = Balance()
    child = os.fork()
    if not child:
        balance.tell(1, 2)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert balance.is_ahead(3)
