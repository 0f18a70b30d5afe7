"""Fixtures of tests of users' models."""

import sys

import pytest
import torch

from lab.models import built
from tests.models.small import net
from tests.models.written import forget


@pytest.fixture
def x():
    return torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.fixture
def y(x):
    with torch.no_grad():
        return net()(x).argmax(1)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder to stand in, whose modules are forgotten afterwards."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("LAB_OWN_MODELS", raising=False)
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(built, "_imports", {})
    forget()
    yield here
    forget()
