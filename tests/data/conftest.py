"""Where the lab looks for data sets in these tests."""

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, of which the lab lists the data sets."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("LAB_OWN_DATA", raising=False)
    (tmp_path / "data").mkdir()
    return tmp_path / "data"
