"""Embeddings of clean images, and their ways under attack as eps grows. Na et al. 2018, §4.2, Figure 4; App. C."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn

from lab.analysis.analyse import analyse
from lab.analysis.pieces import together
from lab.analysis.projection import Components, components, linear_head, t_sne
from lab.analysis.scene import require_images
from lab.attacks import attack_sweep
from lab.attacks.batches import batches_of
from lab.attacks.gradient import frozen
from lab.attacks.objectives import predicted
from lab.context import Context
from lab.data import Dataset, load as load_data
from lab.errors import ModelError
from lab.models import embed, load_adapted as load_model
from lab.models.adapter import name_of
from lab.pairing import names_on
from lab.results.embedding import EmbeddingsResult, Layout, ModelEmbeddings
from lab.results.thumbnails import thumbnail
from lab.specs.embedding import Embeddings

TOGETHER = 16  # averaged images walked at once: small enough that the curves grow before one's eyes


@dataclass(frozen=True, eq=False)
class EmbeddedImages:
    """Test images of the analysis: all that are drawn, those whose paths are drawn, and those averaged over."""

    spec: Embeddings
    data: Dataset
    positions: list[int]
    followed: list[int]
    averaged: list[int]


@dataclass(frozen=True, eq=False)
class Found:
    """One model's embeddings (n, D), their principal components and logits of the drawn images.

    Of the followed ones (l, m, …) with images, at the l levels of eps that are computed, of which 0 is the first.
    """

    clean: Tensor
    logits: Tensor
    axes: Components
    way: Tensor
    way_logits: Tensor
    images: Tensor


@analyse.register
def embeddings(spec: Embeddings, ctx: Context) -> EmbeddingsResult:
    """The clean images first, then the followed ones' ways, t-SNE where it is requested, and the curves, bit by bit."""
    chosen = _chosen(spec, load_data(spec.data, ctx.silent()))
    networks = [load_model(each) for each in spec.models]
    begin, middle = _shares(spec)
    found = [_clean(chosen, each) for each in networks]
    models = [_model(chosen, i, each) for i, each in enumerate(found)]
    ctx.partial(_result(chosen, models, 0.0))
    pieces = range(len(networks))
    ways = together(lambda i, lane: _trace(chosen, networks[i], found[i], lane), pieces, ctx.span(0, begin, 1))
    for i, each in ways:
        found[i], models[i] = each, _model(chosen, i, each)
        result = _result(chosen, models, begin * (i + 1) / len(networks))
        ctx.partial(result)
    if spec.t_sne:
        for i, each in enumerate(found):
            ctx.span(begin, middle, 1).part(i, len(found), "t-SNE").report(0, 1)
            models[i] = replace(models[i], t_sne=_laid_out(each, spec.seed))
        result = _result(chosen, models, middle)
        ctx.partial(result)
    return _with_curves(chosen, networks, result, ctx.span(middle, 1, 1))


def _chosen(spec: Embeddings, data: Dataset) -> EmbeddedImages:
    size = len(data.test)
    require_images(spec.images, data)
    positions = sorted({*range(min(spec.count, size)), *spec.images})
    followed = [positions.index(i) for i in spec.images]
    return EmbeddedImages(spec, data, positions, followed, list(range(min(spec.averaged, size))))


def _shares(spec: Embeddings) -> tuple[float, float]:
    """Return where on the progress bar the images with paths end, and t-SNE."""
    begin = len(spec.images) / (len(spec.images) + spec.averaged)
    return begin, begin + (0.3 * (1 - begin) if spec.t_sne else 0)


def walk(spec: Embeddings, model: nn.Module, x: Tensor, y: Tensor, ctx: Context) -> Tensor:
    """(L + 1, n, …) the images (n, …) themselves, then attacked at every level of eps, for the largest loss.

    An image draws the same numbers at every level, so that its way is not torn by chance.
    """
    balls = [spec.ball.replace(eps=each) for each in spec.eps[1:]]
    found = attack_sweep(spec.attack, model, x, y, balls, ctx, largest=True)
    return torch.stack([x, *(each.cpu() for each in found)])


def embedded(model: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Embeddings (n, D) and logits (n, K) of images (n, …), on the CPU, batch by batch without a gradient.

    Raises :class:`ModelError` when an embedding is not a number: nothing can be drawn of it.
    """
    with frozen(model), torch.no_grad():
        pairs = [embed(model, batch) for [batch] in batches_of(model, x)]
    embedding, logits = (torch.cat([pair[i].cpu() for pair in pairs]) for i in (0, 1))
    if wrong := int((~embedding.isfinite().all(1)).sum()):
        raise ModelError(
            f"The embedding of {name_of(model)} is not a number for {wrong} of {len(x)} images: look for a division by "
            "zero or an overflow before its last layer."
        )
    return embedding, logits


def _clean(chosen: EmbeddedImages, model: nn.Module) -> Found:
    """Return a model's embeddings and logits of the clean images."""
    test = chosen.data.test
    clean, logits = embedded(model, test.images(chosen.positions))
    followed = torch.tensor(chosen.followed)
    images = test.images(list(chosen.spec.images)).unsqueeze(0)
    return Found(clean, logits, components(clean), clean[followed].unsqueeze(0), logits[followed].unsqueeze(0), images)


def _trace(chosen: EmbeddedImages, model: nn.Module, found: Found, ctx: Context) -> Found:
    """The same with the followed images' ways to the largest eps."""
    positions = list(chosen.spec.images)
    x, y = chosen.data.test.images(positions), chosen.data.test.labels(positions)
    images = walk(chosen.spec, model, x, y, ctx.seeded("followed"))
    way, way_logits = (each.unflatten(0, (len(images), -1)) for each in embedded(model, images.flatten(0, 1)))
    return replace(found, way=way, way_logits=way_logits, images=images)


def _model(chosen: EmbeddedImages, place: int, found: Found) -> ModelEmbeddings:
    """Assemble a model's result before its curves."""
    dimensions = found.clean.shape[1]
    pca = Layout(found.axes.of(found.clean).float().numpy(), found.axes.of(found.way).float().numpy())
    nowhere = Layout(np.zeros((0, 2), np.float32), np.zeros((0, 0, 2), np.float32))
    weight, bias = (
        linear_head(_two(found.clean), found.logits) if dimensions <= 2 else (torch.zeros(0, 2), torch.zeros(0))
    )
    labels = chosen.data.test.labels(chosen.positions)
    empty = np.zeros((0, 0), np.float32)
    return ModelEmbeddings(
        model=names_on(chosen.spec.models, chosen.spec.data)[place],
        dimensions=dimensions,
        own=Layout(_two(found.clean).numpy(), _two(found.way).numpy()) if dimensions <= 2 else nowhere,
        pca=pca,
        t_sne=nowhere,
        variance=found.axes.share.float().numpy(),
        weight=weight.numpy(),
        bias=bias.numpy(),
        between=between(found.clean, labels),
        logits=found.logits.numpy(),
        way_logits=found.way_logits.numpy(),
        pictures=thumbnail(found.images.numpy()),
        true=empty,
        others=empty,
        distance=empty,
        prediction=np.zeros((0, 0), np.int64),
    )


def between(embedding: Tensor, labels: Tensor) -> float:
    """The mean distance between the means of two classes, over all pairs of classes; NaN with fewer than two."""
    means = torch.stack([embedding[labels == label].double().mean(0) for label in labels.unique()])
    return float(torch.pdist(means).mean()) if len(means) > 1 else float("nan")


def _laid_out(found: Found, seed: int) -> Layout:
    """t-SNE of the clean images and of every level of the followed ones at once: it cannot place points later."""
    points = torch.cat([found.clean, found.way.flatten(0, 1)])
    places = t_sne(points, seed).astype(np.float32)
    return Layout(places[: len(found.clean)], places[len(found.clean) :].reshape(*found.way.shape[:2], 2))


Curves = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""``true``, ``others``, ``distance`` and ``prediction`` of a model over some of the averaged images."""


def _with_curves(
    chosen: EmbeddedImages, networks: Sequence[nn.Module], result: EmbeddingsResult, ctx: Context
) -> EmbeddingsResult:
    """The result with the averaged images' curves; the models take turns, so that the figures grow together."""
    averaged = chosen.averaged
    turns = [averaged[first : first + TOGETHER] for first in range(0, len(averaged), TOGETHER)]
    pieces = [(turn, i) for turn in turns for i in range(len(networks))]
    found = together(lambda piece, lane: _curves(chosen, piece[0], networks[piece[1]], lane), pieces, ctx)
    models = list(result.models)
    start = result.done
    for k, ((_, i), curves) in enumerate(found, start=1):
        models[i] = _longer(models[i], curves)
        if i == len(networks) - 1:
            done = k / len(pieces)
            result = _result(chosen, models, start + (1 - start) * done if done < 1 else 1.0)
            if done < 1:
                ctx.partial(result)
    return result


def _curves(chosen: EmbeddedImages, images: list[int], model: nn.Module, ctx: Context) -> Curves:
    test = chosen.data.test
    x, y = test.images(images), test.labels(images)
    shown = walk(chosen.spec, model, x, y, ctx.at(images[0]))
    embedding, logits = (each.unflatten(0, (len(shown), -1)) for each in embedded(model, shown.flatten(0, 1)))
    true = logits.gather(2, y.expand(len(shown), -1).unsqueeze(2)).squeeze(2)
    others = (logits.sum(2) - true) / (logits.shape[2] - 1)
    distance = (embedding - embedding[0]).norm(dim=2)
    return true.numpy(), others.numpy(), distance.numpy(), predicted(logits).numpy()


def _longer(model: ModelEmbeddings, curves: Curves) -> ModelEmbeddings:
    """The model with some more averaged images."""
    before = (model.true, model.others, model.distance, model.prediction)
    joined = [np.hstack([old, new]) if len(old) else new for old, new in zip(before, curves, strict=True)]
    true, others, distance, prediction = joined
    return replace(model, true=true, others=others, distance=distance, prediction=prediction)


def _result(chosen: EmbeddedImages, models: Sequence[ModelEmbeddings], done: float) -> EmbeddingsResult:
    test = chosen.data.test
    averaged = models[0].true.shape[1]
    return EmbeddingsResult(
        spec=chosen.spec,
        positions=np.array(chosen.positions),
        y=test.labels(chosen.positions).numpy(),
        x=thumbnail(test.images(chosen.positions).numpy()),
        followed=np.array(chosen.followed),
        averaged_y=test.labels(chosen.averaged[:averaged]).numpy(),
        class_names=chosen.data.class_names,
        models=tuple(models),
        done=done,
    )


def _two(points: Tensor) -> Tensor:
    """(…, 2) points of one or two dimensions."""
    return points if points.shape[-1] == 2 else torch.cat([points, torch.zeros_like(points)], -1)
