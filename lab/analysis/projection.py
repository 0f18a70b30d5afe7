"""Embeddings of many dimensions in a plane: principal components, t-SNE, and what a linear head does there."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

PERPLEXITY = 30.0
"""About how many neighbours t-SNE keeps; fewer of few points."""

KEPT = 50
"""Principal components that t-SNE works on: van der Maaten & Hinton 2008, §4, reduce to 30."""

_EXACT = 1e-3  # of the logits' spread: what float32 leaves of an exactly linear head


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components: ``mean`` (D,), ``axes`` (D, k), largest variance first, ``share`` (k,) of the variance."""

    mean: Tensor
    axes: Tensor
    share: Tensor

    def of(self, points: Tensor) -> Tensor:
        """(…, k) coordinates of points (…, D)."""
        return (points.double() - self.mean) @ self.axes


def components(points: Tensor, count: int = 2) -> Components:
    """The ``count`` principal components of (n, D) points, in float64; zero axes where there are fewer.

    An axis points to the side where its largest weight is positive, so that equal points give equal pictures.
    """
    points = points.double()
    mean = points.mean(0)
    _, size, axes = torch.linalg.svd(points - mean, full_matrices=False)
    found = axes[:count].T
    largest = found.abs().argmax(0)
    found = found * found[largest, torch.arange(found.shape[1])].sign()
    total = size.square().sum().clamp(min=torch.finfo(torch.float64).tiny)
    share = size[:count].square() / total
    missing = count - found.shape[1]
    padded = torch.cat([found, found.new_zeros(len(mean), missing)], 1)
    return Components(mean, padded, torch.cat([share, share.new_zeros(missing)]))


def t_sne(points: Tensor, seed: int) -> np.ndarray:
    """(n, 2) a layout of (n, D) points that keeps who is near whom. van der Maaten & Hinton 2008.

    It is not a map: distances between clusters, and their sizes, mean nothing.
    """
    from sklearn.manifold import TSNE

    reduced = components(points, min(KEPT, points.shape[1])).of(points).float().numpy()
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    # Distances are absolute in scikit-learn's start; of the first two components, as it would take them itself.
    start = reduced[:, :2] if reduced.shape[1] > 1 else np.hstack([reduced, np.zeros_like(reduced)])
    start = 1e-4 * start / max(float(start[:, 0].std()), 1e-12)
    found: np.ndarray = TSNE(2, perplexity=perplexity, init=start, random_state=seed).fit_transform(reduced)
    return found


def linear_head(embedding: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    """Weight (K, D) and bias (K,) of the affine map from embeddings (n, D) to logits (n, K).

    Found by least squares, so that it works for any model; both are empty where the logits are no affine function
    of the embedding, or the points are too few to tell.
    """
    design = torch.cat([embedding, torch.ones_like(embedding[:, :1])], 1).double()
    nothing = logits.new_zeros((0, embedding.shape[1])), logits.new_zeros(0)
    if len(design) < design.shape[1]:
        return nothing
    target = logits.double()
    answer = torch.linalg.pinv(design) @ target
    missed = (design @ answer - target).abs().max()
    if missed > _EXACT * (target.max() - target.min()):
        return nothing
    return answer[:-1].T.to(logits), answer[-1].to(logits)
