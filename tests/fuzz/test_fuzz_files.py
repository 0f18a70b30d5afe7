"""A small part of the fuzz of files; ``python -m tests.fuzz files`` is the whole."""

import sys

import pytest

from tests.fuzz.files import fuzz


@pytest.mark.skipif(sys.platform == "win32", reason="pipes, links and alarms are those of POSIX")
def test_hostile_files_end_in_a_sentence():
    report = fuzz(seed=1, count=150)
    assert not report.faults
    assert report.accepted > 15
    assert report.refused > 60
