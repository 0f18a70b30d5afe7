"""Embeddings of clean images, and their ways under attack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lab.results.result import Result
from lab.specs.embedding import Embeddings

if TYPE_CHECKING:
    import pandas as pd  # a page that only draws does without its 25 MB


@dataclass(frozen=True, eq=False)
class Layout(Result):
    """Layout in a plane of n clean images and the m followed ones at L + 1 levels of ε.

    ``clean`` (n, 2), ``way`` (L + 1, m, 2); both are empty where there is no such layout.
    """

    clean: np.ndarray
    way: np.ndarray


@dataclass(frozen=True, eq=False)
class ModelEmbeddings(Result):
    """One model's embeddings of D ``dimensions``: n clean images, m followed and a averaged ones, K classes.

    ``own`` is the embedding itself, of one or two dimensions; ``pca`` its projection on the two axes of largest
    variance of the *clean* embeddings, which hold the shares ``variance`` (2,) of it; ``t_sne`` a layout that keeps
    neighbours and no distances. ``weight`` (K, 2) and ``bias`` (K,) the last layer of a two-dimensional embedding,
    else empty.

    ``logits`` (n, K) of the clean images, ``way_logits`` (L + 1, m, K) and ``pictures`` (L + 1, m, C, h, w) in 0..255
    of the followed ones at every level; a partial result may have the first level only. ``true`` and ``others``
    (L + 1, a) the label's logit and the mean of the other ones, ``distance`` (L + 1, a) from the clean embedding,
    ``prediction`` (L + 1, a); without levels in a partial result. ``between`` is the mean distance between the means
    of two classes' clean embeddings.
    """

    model: str
    dimensions: int
    own: Layout
    pca: Layout
    t_sne: Layout
    variance: np.ndarray
    weight: np.ndarray
    bias: np.ndarray
    between: float
    logits: np.ndarray
    way_logits: np.ndarray
    pictures: np.ndarray
    true: np.ndarray
    others: np.ndarray
    distance: np.ndarray
    prediction: np.ndarray

    def reached(self, level: int) -> int:
        """A level of eps, or the last before it to which the followed images have been walked."""
        return min(level, len(self.way_logits) - 1)


@dataclass(frozen=True, eq=False)
class EmbeddingsResult(Result):
    """Na et al. 2018, Figures 4 and 7: the answer to :class:`lab.specs.Embeddings`.

    ``positions`` (n,) of the clean images among the test images, their labels ``y`` (n,) and pictures ``x``
    (n, C, h, w) in 0..255, large ones made smaller; ``followed`` (m,) places of the followed images among them;
    ``averaged_y`` (a,) labels of the averaged images; ``done`` in [0, 1].
    """

    spec: Embeddings
    positions: np.ndarray
    y: np.ndarray
    x: np.ndarray
    followed: np.ndarray
    averaged_y: np.ndarray
    class_names: tuple[str, ...]
    models: tuple[ModelEmbeddings, ...]
    done: float

    def accuracy(self, model: ModelEmbeddings) -> np.ndarray:
        """(L + 1,) share of the averaged images that are read right at every level of eps."""
        if not len(model.prediction):
            return np.full(len(self.spec.eps), np.nan)
        share: np.ndarray = (model.prediction == self.averaged_y).mean(1)
        return share

    def to_frame(self) -> pd.DataFrame:
        """One row per model, level of eps and averaged image: its logits, distance and prediction."""
        import pandas as pd

        rows = []
        for each in self.models:
            levels, images = each.true.shape
            rows.append(
                pd.DataFrame(
                    {
                        "model": each.model,
                        "eps": np.repeat(self.spec.eps[:levels], images),
                        "image": np.tile(np.arange(images), levels),
                        "label": np.tile(self.averaged_y[:images], levels),
                        "true_logit": each.true.ravel(),
                        "mean_other_logit": each.others.ravel(),
                        "distance": each.distance.ravel(),
                        "prediction": each.prediction.ravel(),
                    }
                )
            )
        return pd.concat(rows, ignore_index=True)

    def curves(self) -> pd.DataFrame:
        """One row per model and level of eps: accuracy, means and deviations of logits and distance."""
        import pandas as pd

        found = []
        for each in self.models:
            columns: dict[str, object] = {"model": each.model, "eps": self.spec.eps[: len(each.true)]}
            columns["accuracy"] = self.accuracy(each)[: len(each.true)]
            for name in ("true", "others", "distance"):
                values = getattr(each, name)
                columns |= {name: values.mean(1), f"{name}_deviation": values.std(1)}
            columns["distance_relative"] = each.distance.mean(1) / each.between
            found.append(pd.DataFrame(columns))
        return pd.concat(found, ignore_index=True)
