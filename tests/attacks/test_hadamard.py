"""Regular Hadamard matrices are what App. E of Tramèr et al. 2018 asks for."""

import pytest
import torch

from lab.attacks.hadamard import ORDERS, is_regular_hadamard, regular_hadamard, smallest_order


@pytest.mark.parametrize("order", [1, 4, 16, 36, 64, 100])
def test_entries_rows_and_sums(order):
    matrix = regular_hadamard(order)
    assert matrix.shape == (order, order)
    assert set(matrix.unique().tolist()) <= {-1, 1}
    assert torch.equal(matrix @ matrix.T, order * torch.eye(order, dtype=matrix.dtype))
    assert (matrix.sum(1) ** 2 == order).all()
    assert (matrix.sum(1) > 0).all()


def test_the_check_sees_what_is_wrong():
    matrix = regular_hadamard(36)
    assert is_regular_hadamard(matrix)
    assert not is_regular_hadamard(-matrix)
    flipped = matrix.clone()
    flipped[3, 5] *= -1
    assert not is_regular_hadamard(flipped)
    assert not is_regular_hadamard(matrix[:, torch.arange(36)] * torch.tensor([-1] + [1] * 35))


def test_only_these_orders():
    with pytest.raises(ValueError, match="order 12"):
        regular_hadamard(12)
    assert [smallest_order(k) for k in (1, 2, 4, 17, 65, 100)] == [1, 4, 4, 36, 100, 100]
    assert all(smallest_order(order) == order for order in ORDERS)
