"""What is remembered, and what makes room."""

from concurrent.futures import ThreadPoolExecutor

from lab.recent import Recent


def filled(*keys: str, most: int = 2) -> Recent[str, int]:
    recent: Recent[str, int] = Recent(most)
    for number, key in enumerate(keys):
        recent.keep(key, number)
    return recent


def test_the_one_that_was_not_used_for_longest_makes_room():
    recent = filled("a", "b")
    assert recent.get("a") == 0
    recent.keep("c", 2)
    assert [recent.get(each) for each in "abc"] == [0, None, 2]


def test_a_value_that_is_kept_again_is_used_and_replaced():
    recent = filled("a", "b", "a", "c")
    assert [recent.get(each) for each in "abc"] == [2, None, 3]


def test_some_or_all_are_forgotten():
    recent = filled("a", "b", "c", most=3)
    recent.forget(lambda key: key > "a")
    assert [recent.get(each) for each in "abc"] == [0, None, None]
    recent.forget()
    assert recent.get("a") is None


def test_who_holds_the_lock_makes_a_value_for_everybody():
    recent, made = filled(most=4), []

    def ask(_: int) -> int | None:
        with recent.lock:
            if recent.get("a") is None:
                made.append("a")
                recent.keep("a", 7)
            return recent.get("a")

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(32))) == [7] * 32
    assert made == ["a"]
