"""A folder of data sets that is not there yet, and a server that has some."""

import pytest

from lab.downloads import MIRROR
from tests.downloads.mirror import mirror as running
from tests.downloads.published import publish


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_DATA", str(tmp_path / "data"))
    for each in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", MIRROR):
        monkeypatch.delenv(each, raising=False)
    return tmp_path / "data"


@pytest.fixture
def mirror(folder, monkeypatch):
    with running() as made:
        publish(made, monkeypatch)
        yield made
