"""A plausible answer to :class:`lab.specs.Embeddings`, made without PyTorch."""

import numpy as np

from lab.results import EmbeddingsResult, Layout, ModelEmbeddings
from lab.specs import Embeddings

CLASSES = 10
FLAT = "mine"
"""The model whose embedding has two dimensions."""


def embedded(
    spec: Embeddings, averaged: int | None = None, shape: tuple[int, int, int] = (1, 8, 8), levels: int | None = None
) -> EmbeddingsResult:
    """Classes on a circle; every followed image goes straight to the next class, up to a level of eps.

    Of the curves, ``averaged`` images.
    """
    averaged = spec.averaged if averaged is None else averaged
    positions = np.array(sorted({*range(spec.count), *spec.images}))
    y = positions % CLASSES
    followed = np.array([positions.tolist().index(i) for i in spec.images])
    x = np.full((len(positions), *shape), 90, np.uint8)
    models = tuple(_model(each.name, spec, y, y[followed], averaged, shape, levels) for each in spec.models)
    done = 1.0 if averaged == spec.averaged and (models[0].t_sne.clean.size or not spec.t_sne) else 0.5
    names = tuple(map(str, range(CLASSES)))
    return EmbeddingsResult(spec, positions, y, x, followed, np.arange(averaged) % CLASSES, names, models, done)


def corner(label: np.ndarray) -> np.ndarray:
    """Where a class lies."""
    angle = 2 * np.pi * np.asarray(label) / CLASSES
    return np.stack([np.cos(angle), np.sin(angle)], -1).astype(np.float32)


def _model(
    name: str,
    spec: Embeddings,
    y: np.ndarray,
    labels: np.ndarray,
    averaged: int,
    shape: tuple[int, ...],
    last: int | None,
) -> ModelEmbeddings:
    share = np.linspace(0, 1, len(spec.eps), dtype=np.float32)[: None if last is None else last + 1, None, None]
    clean = corner(y)
    way = (1 - share) * corner(labels) + share * corner(labels + 1)
    weight, bias = corner(np.arange(CLASSES)), np.zeros(CLASSES, np.float32)
    flat = name == FLAT
    nowhere = Layout(np.zeros((0, 2), np.float32), np.zeros((0, 0, 2), np.float32))
    layout = Layout(clean, way)
    levels = len(spec.eps) if averaged else 0
    rise = np.linspace(0, 1, levels, dtype=np.float32)[:, None] * np.ones((1, averaged), np.float32)
    return ModelEmbeddings(
        model=name,
        dimensions=2 if flat else 64,
        own=layout if flat else nowhere,
        pca=layout,
        t_sne=layout if spec.t_sne else nowhere,
        variance=np.array([0.5, 0.25], np.float32),
        weight=weight if flat else np.zeros((0, 2), np.float32),
        bias=bias if flat else np.zeros(0, np.float32),
        between=2.0,
        logits=clean @ weight.T,
        way_logits=way @ weight.T,
        pictures=np.full((len(share), len(labels), *shape), 120, np.uint8),
        true=8 - 16 * rise,
        others=rise - 2,
        distance=4 * rise,
        prediction=np.where(rise < 0.45, 0, 1) + np.arange(averaged) % CLASSES,
    )
