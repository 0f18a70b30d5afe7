"""The embedded digits."""

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits

from lab.context import Context
from lab.data.dataset import Split
from lab.data.load import read
from lab.specs.data import Digits

_SEED = 0


@read.register
def digits(_: Digits, _ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """scikit-learn's digits, enlarged from 8×8 to 28×28, in a fixed stratified split of 1,437 and 360."""
    source = load_digits()
    x, y = enlarge(source.images), torch.as_tensor(source.target, dtype=torch.int64)
    train, test = stratified(source.target)
    return Split(x[train], y[train]), Split(x[test], y[test]), ()


def enlarge(images: np.ndarray) -> torch.Tensor:
    """Images (N, 8, 8) with values 0..16 as (N, 1, 28, 28) in [0, 1], bilinearly."""
    x = torch.as_tensor(images, dtype=torch.float32)[:, None] / 16
    x = F.interpolate(x, size=(28, 28), mode="bilinear", align_corners=False)
    # Bilinear weights at 8 → 28 are multiples of 1/14 and values of 1/16, so every exact pixel is a multiple of
    # 1/3136: rounding to that removes the float error, which differs between processors.
    return (x * 3136).round() / 3136


def stratified(y: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions of training and test images: every fifth of each class, in a shuffled order that never changes."""
    order = np.random.RandomState(_SEED).permutation(len(y))  # the one numpy generator whose draws are frozen
    is_test = np.zeros(len(y), dtype=bool)
    is_test[order[np.argsort(y[order], kind="stable")][::5]] = True
    return torch.from_numpy(order[~is_test[order]]), torch.from_numpy(order[is_test[order]])
