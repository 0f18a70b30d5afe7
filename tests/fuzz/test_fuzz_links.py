"""A small part of the fuzz of permalinks; ``python -m tests.fuzz links`` runs it at length."""

from tests.fuzz.links import fuzz


def test_links_end_in_a_picture_or_in_a_sentence() -> None:
    report = fuzz(seed=1, count=200)
    assert not report.faults
    assert report.accepted > 20
    assert report.refused > 100
