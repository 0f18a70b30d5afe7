"""A small part of the fuzz of HTTP requests; ``python -m tests.fuzz requests`` runs it at length."""

from tests.fuzz.requests import fuzz


def test_requests_are_served_or_refused_and_the_server_stays_well() -> None:
    report = fuzz(seed=1, count=150)
    assert not report.faults
    assert report.accepted > 5
    assert report.refused > 50
