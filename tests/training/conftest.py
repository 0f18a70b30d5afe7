"""Digits, a network, and a batch of them."""

import pytest
import torch

from lab.data import load
from lab.models import build
from lab.specs import Digits, SmallCNN
from lab.training.prepared import Prepared
from lab.training.step import Batch


@pytest.fixture(scope="session")
def digits():
    return load(Digits())


@pytest.fixture
def network():
    return build(SmallCNN(4)).train()


@pytest.fixture(scope="session")
def batch_of(digits):
    def make(n: int, prepared: Prepared = Prepared(), first: int = 0) -> Batch:
        index = torch.arange(first, first + n)
        return Batch(digits.train.images(index), digits.train.labels(index), index, prepared)

    return make
