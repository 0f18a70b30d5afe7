"""The embedded digits."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from lab.context import Context
from lab.data.dataset import Split
from lab.data.load import read
from lab.specs.data import Digits

_SEED = 0


@read.register
def digits(_: Digits, _ctx: Context) -> tuple[Split, Split, tuple[str, ...]]:
    """scikit-learn's digits, enlarged from 8×8 to 28×28, in a fixed stratified split of 1,437 and 360."""
    images, labels = source()
    x, y = enlarge(images), torch.as_tensor(labels, dtype=torch.int64)
    train, test = stratified(labels)
    return Split(x[train], y[train]), Split(x[test], y[test]), ()


def source() -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's images (1797, 8, 8), with values 0..16, and labels (1797,).

    They are read from its file: ``load_digits`` imports SciPy, which takes a second or two of every start.
    """
    package = find_spec("sklearn")
    file = Path(package.origin).parent / "datasets" / "data" / "digits.csv.gz" if package and package.origin else None
    if file is None or not file.is_file():  # another version may keep it elsewhere
        from sklearn.datasets import load_digits

        found = load_digits()
        return found.images, found.target
    table = np.loadtxt(file, delimiter=",")
    return table[:, :-1].reshape(-1, 8, 8), table[:, -1].astype(int)


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
