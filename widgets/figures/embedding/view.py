"""One model's embeddings as they are drawn: which plane, what its axes mean, where which class is decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

import numpy as np

from lab.results import EmbeddingsResult, Layout, ModelEmbeddings
from widgets.figures.embedding.regions import regions

AS_IT_IS, PCA, TWO_CLASSES, T_SNE = PROJECTIONS = ("as it is", "PCA", "two classes", "t-SNE")

_ROOM = 0.06  # share of the points' extent that is left free on each side
_BEYOND = 4.0  # regions reach that many extents beyond, for a person who zooms out


@dataclass(frozen=True, eq=False)
class Seen:
    """Points of a plane: ``clean`` (n, 2) and ``way`` (L + 1, m, 2), with the axes' titles and what must be said.

    ``weight`` (K, 2) and ``bias`` (K,) give every class's logit in the plane, for the ``classes`` they belong to; both
    are empty where the plane does not decide. ``missing`` says why there are no points.
    """

    layout: Layout
    titles: tuple[str, str] = ("", "")
    words: str = ""
    weight: np.ndarray = field(default_factory=lambda: np.zeros((0, 2)))
    bias: np.ndarray = field(default_factory=lambda: np.zeros(0))
    classes: tuple[int, ...] = ()
    missing: str = ""

    def extent(self) -> tuple[np.ndarray, np.ndarray]:
        """The middle (2,) of all points, and half their extent (2,) with some room."""
        points = np.concatenate([self.layout.clean, self.layout.way.reshape(-1, 2)])
        low, high = points.min(0), points.max(0)
        half = np.maximum((high - low) / 2, 1e-6) * (1 + 2 * _ROOM)
        return (low + high) / 2, half

    def decided(self, shown: float = 0.0) -> dict[int, np.ndarray]:
        """The polygon of each class that is decided for somewhere near the points, and as far as is ``shown``."""
        if not len(self.weight):
            return {}
        middle, half = self.extent()
        reach = _BEYOND * max(float(half.max()), shown)
        found = regions(self.weight, self.bias, np.array([middle - reach, middle + reach]))
        return {self.classes[i]: polygon for i, polygon in found.items()}


def seen(result: EmbeddingsResult, model: ModelEmbeddings, projection: str, image: int) -> Seen:
    """A model's embeddings in a projection; ``image`` is the followed image whose two classes can be its axes."""
    if projection == TWO_CLASSES:
        return _two_classes(result, model, min(image, len(result.followed) - 1))
    if projection == T_SNE:
        return _t_sne(model)
    if projection == PCA or not len(model.own.clean):
        return _pca(model)
    words = "2-dimensional embedding" if model.dimensions == 2 else "1-dimensional embedding"
    titles = ("first dimension of the embedding", "second dimension")
    classes = tuple(range(len(model.weight)))
    return Seen(model.own, titles, words, model.weight, model.bias, classes)


def pair(result: EmbeddingsResult, model: ModelEmbeddings, image: int) -> tuple[int, int]:
    """The label of a followed image, and the class it is read as at the largest eps, or comes closest to."""
    label = int(result.y[result.followed[image]])
    logits = model.way_logits[-1, image].copy()
    logits[label] = -np.inf
    return label, int(logits.argmax())


def _pca(model: ModelEmbeddings) -> Seen:
    first, second = (f"{share:.0%}" for share in model.variance)
    titles = (f"1st principal component ({first})", f"2nd ({second})")
    return Seen(model.pca, titles, f"{model.dimensions:,} dimensions · PCA of the clean embeddings (% of variance)")


def _t_sne(model: ModelEmbeddings) -> Seen:
    if not len(model.t_sne.clean):
        return Seen(model.t_sne, missing="Switch on t-SNE in Settings and run")
    titles = ("t-SNE: distances between clusters mean nothing", "")
    return Seen(model.t_sne, titles, f"{model.dimensions:,} dimensions · t-SNE")


def _two_classes(result: EmbeddingsResult, model: ModelEmbeddings, image: int) -> Seen:
    classes = pair(result, model, image)
    layout = Layout(model.logits[:, classes], model.way_logits[:, :, classes])
    first, second = (escape(result.class_names[each]) for each in classes)
    words = "two logits, equal at the diagonal"
    return Seen(layout, (f"logit of {first}", f"logit of {second}"), words, np.eye(2), np.zeros(2), classes)
