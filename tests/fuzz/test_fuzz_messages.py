"""A small part of the fuzz of widget messages; ``python -m tests.fuzz messages --count 20000`` is all of it."""

from tests.fuzz.messages import fuzz


def test_no_message_raises_crosses_a_limit_or_takes_a_right() -> None:
    report = fuzz(seed=0, count=200)
    assert not report.faults
    assert report.accepted > 100
    assert report.refused > 10
