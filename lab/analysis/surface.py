"""The loss on a plane through an image: coarse first, then finer. Tramèr et al. 2018, Figures 1, 4 and 5."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch

from lab.analysis.analyse import analyse
from lab.analysis.pieces import together
from lab.analysis.scene import Scene, images_at
from lab.analysis.surface_plane import Plane, Window, joined, plane
from lab.attacks.batches import batch_size
from lab.attacks.checks import check_images
from lab.attacks.gradient import device_of
from lab.context import Context
from lab.data import load as load_data
from lab.pairing import names_on
from lab.results.surface import Answers, ModelSurface, SurfaceResult
from lab.specs.surface import LossSurface

STRIDES = (10, 2, 1)
"""Every tenth point of a side first, then every second, then all: each picture contains the one before."""

POINTS = 0.95
"""Fraction of the work that is the surface's points; the attacks that are marked on it follow."""

_VALUES = 2**24  # pixels in one batch, so that large images do not fill the memory


@analyse.register
def surface(spec: LossSurface, ctx: Context) -> SurfaceResult:
    """The surfaces of one or two models, each in the plane of its own axes.

    Only points are computed that this process has not computed for an earlier window on the same plane.
    """
    data = load_data(spec.data, ctx.silent())
    scene = Scene(spec, *images_at([spec.image], data))
    check_images(scene.x, scene.y)
    planes = [one for _, one in together(partial(plane, scene), spec.models, ctx.silent())]
    unmarked = [each for each in planes if not each.markers]
    points = ctx.span(0.0, POINTS if unmarked else 1.0, 1.0)
    done = 0.0
    for stride in STRIDES:
        window, fraction = Window.of(spec, stride), stride**-2
        measure(planes, window, points.span(done, fraction, 1.0))
        done = fraction
        if stride > 1 or unmarked:
            ctx.partial(_result(scene, data.class_names, planes, window, POINTS * fraction))
    list(together(Plane.mark, unmarked, ctx.silent()))
    return _result(scene, data.class_names, planes, window, 1.0)


def measure(planes: Sequence[Plane], window: Window, ctx: Context) -> None:
    """Compute what is not known in the window: forward passes only, batches side by side, one core each."""
    missing = [each.missing(window.codes) for each in planes]
    batches = [(each, codes) for each, new in zip(planes, missing, strict=True) for codes in _batches(each, new)]
    ctx.report(0, 1)
    answers = list(together(_answers, batches, ctx))
    for each, codes in zip(planes, missing, strict=True):
        found = [part for (owner, _), part in answers if owner is each]
        if found:
            each.learn(codes, joined(found))


def _answers(batch: tuple[Plane, np.ndarray], ctx: Context) -> Answers:
    """Evaluate a model at one batch of points."""
    each, codes = batch
    answers = each.answers_of(each.logits(each.images(each.places(codes))))
    ctx.report(1, 1)
    return answers


def _batches(each: Plane, codes: np.ndarray) -> list[np.ndarray]:
    most = 2 * batch_size(device_of(each.model))  # forward passes keep nothing for a gradient
    if len(codes) < torch.get_num_threads() * most:  # so that no core is left without a batch
        most = -(-len(codes) // torch.get_num_threads())
    size = max(1, min(most, _VALUES // each.scene.x.numel()))
    return [codes[start : start + size] for start in range(0, len(codes), size)]


def _result(
    scene: Scene[LossSurface], class_names: tuple[str, ...], planes: Sequence[Plane], window: Window, done: float
) -> SurfaceResult:
    sides = (window.columns * planes[0].step, window.rows * planes[0].step)
    named = zip(names_on(scene.spec.models, scene.spec.data), planes, strict=True)
    models = tuple(_model(name, each, window) for name, each in named)
    return SurfaceResult(scene.spec, scene.x[0].numpy(), int(scene.y), class_names, *sides, models, done)


def _model(name: str, each: Plane, window: Window) -> ModelSurface:
    square = (len(window.rows), len(window.columns))
    return ModelSurface(
        model=name,
        g=each.axes.g.numpy(),
        g_across=each.axes.across.numpy(),
        inner=each.axes.inner,
        cosine=each.axes.cosine,
        answers=each.at(window.codes).each(lambda values: values.reshape(square)),
        edge=each.edge,
        markers=each.markers,
    )
