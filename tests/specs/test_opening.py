"""What requests open with on data that state their own ε."""

import pytest

from lab.specs import (
    CIFAR10,
    MNIST,
    Digits,
    Embeddings,
    Evaluation,
    Explore,
    FashionMNIST,
    Linf,
    LossSurface,
    Masking,
    Photos,
    Restarts,
    RobustnessCurves,
    TransferMatrix,
)
from lab.specs.data import PHOTO_EPS, OpeningValues
from lab.specs.opening import changed, opened

FASHION = FashionMNIST.published.opening
REQUESTS = [Evaluation, Explore, LossSurface, Masking, Restarts, TransferMatrix]
SWEEPS = [Embeddings, RobustnessCurves]


@pytest.mark.parametrize("kind", REQUESTS)
def test_fashion_opens_at_the_radius_of_its_models_and_otherwise_as_the_digits(kind):
    assert opened(kind(), FASHION) == kind(ball=Linf(0.1))


@pytest.mark.parametrize("kind", SWEEPS)
def test_a_sweep_goes_beyond_it(kind):
    assert opened(kind(), FASHION) == kind(ball=Linf(0.2))


@pytest.mark.parametrize("kind", [*REQUESTS, *SWEEPS])
@pytest.mark.parametrize("data", [Digits, MNIST, CIFAR10])
def test_data_that_state_none_leave_the_request_as_it_is(kind, data):
    assert data.published.opening == OpeningValues()
    assert opened(kind(), data.published.opening) == kind()


@pytest.mark.parametrize("kind", [*REQUESTS, *SWEEPS])
def test_from_data_to_data_every_field_opens_as_on_the_second(kind):
    photos = Photos.published.opening
    assert opened(kind(), FASHION).replace(**changed(kind(), FASHION, photos)) == opened(kind(), photos)
    assert opened(kind(), photos).replace(**changed(kind(), photos, FASHION)) == opened(kind(), FASHION)
    assert opened(kind(), photos).ball.eps == (4 if kind in SWEEPS else 1) * PHOTO_EPS
