"""A small part of the fuzz of command lines; ``python -m tests.fuzz commands`` runs it at length."""

from tests.fuzz.commands import fuzz


def test_command_lines_end_in_an_answer_or_in_a_sentence() -> None:
    report = fuzz(seed=1, count=100)
    assert not report.faults
    assert report.accepted > 5
    assert report.refused > 50
