"""Sentences that say what the figures of restarts show, computed from the result: they cannot outlive their figures."""

from collections.abc import Callable, Iterator

import numpy as np

from lab.counts import counted, percent
from lab.results import ModelRestarts, RestartsResult
from widgets.figures.restarts.losses import first_images


def spread_of_losses(result: RestartsResult, image: int | None) -> str:
    """How far apart the final losses of each model are, on one image or on those that are shown beside each other."""
    if image is None:
        return _of_models(result, lambda model: _relative_spreads(result, model))
    return _of_models(result, lambda model: _spread(model.final_loss[:, image]))


def gain_of_loss(result: RestartsResult, image: int) -> str:
    """How far the mean loss of each model rises, and how soon."""
    return _of_models(result, lambda model: _gain(model.loss[:, :, image].mean(0)))


def outliers(result: RestartsResult) -> str:
    """How far the largest final loss is above the mean, in standard deviations: Madry et al. 2017, §3.1."""

    def outlier(model: ModelRestarts) -> str:
        final = model.final_loss
        deviation = final.std(0, ddof=1)
        above = np.divide(final.max(0) - final.mean(0), deviation, out=np.zeros(len(deviation)), where=deviation > 0)
        worst = int(above.argmax())
        return f"no final loss is more than {above[worst]:.1f} standard deviations above its image's mean"

    return _of_models(result, outlier)


def distance_of_maxima(result: RestartsResult, image: int) -> str:
    """How far apart the maxima of each model are, beside random points of the ball."""
    random = _mean(result.random_distance[image])

    def distance(model: ModelRestarts) -> str:
        return f"maxima are {_mean(model.distance[image]):.3g} apart on average, random points {random:.3g}"

    return _of_models(result, distance)


def angle_of_maxima(result: RestartsResult, image: int) -> str:
    """How alike the perturbations of each model are."""
    return _of_models(result, lambda model: f"two perturbations differ by {_mean(model.angle[image]):.0f}° on average")


def fooled_images(result: RestartsResult) -> str:
    """On how many images the restart of largest loss succeeds."""

    def fooled(model: ModelRestarts) -> str:
        images = np.arange(len(result.y))
        found = model.prediction[model.final_loss.argmax(0), images] != result.y
        return f"fooled on {found.sum()} of {counted(len(images), 'image')}"

    return _of_models(result, fooled)


def _of_models(result: RestartsResult, found: Callable[[ModelRestarts], str]) -> str:
    return " · ".join(f"{each.model}: {found(each)}" for each in _measured(result))


def _measured(result: RestartsResult) -> Iterator[ModelRestarts]:
    """Those that have restarts to compare and losses that are numbers."""
    return (each for each in result.models if len(each.loss) > 1 and np.isfinite(each.loss).all())


def _relative_spreads(result: RestartsResult, model: ModelRestarts) -> str:
    final = model.final_loss[:, list(first_images(result))]
    spreads = final.std(0, ddof=1) / np.maximum(final.mean(0), np.finfo(np.float32).tiny)
    least, most = percent(float(spreads.min()), 1), percent(float(spreads.max()), 1)
    if len(spreads) == 1 or least == most:
        return f"standard deviation of the losses {most} of their mean"
    image = result.spec.images[int(spreads.argmax())]
    return f"standard deviation of the losses {least} to {most} of their mean, most on image {image}"


def _spread(losses: np.ndarray) -> str:
    share = losses.std(ddof=1) / max(float(losses.mean()), np.finfo(np.float32).tiny)
    return (
        f"losses from {_nats(losses.min())} to {_nats(losses.max())} nats, "
        f"standard deviation {percent(float(share), 1)} of the mean"
    )


def _gain(mean: np.ndarray) -> str:
    first, last = float(mean[0]), float(mean[-1])
    ends = f"{_nats(first)} to {_nats(last)} nats"
    if last <= first:
        return f"the mean loss does not rise ({ends})"
    soon = int((mean >= first + 0.95 * (last - first)).argmax())
    return f"the mean loss rises from {ends}, 95% of that in {counted(soon, 'step')}"


def _nats(loss: float) -> str:
    return f"{loss:.3g}" if loss >= 0.001 else "below 0.001"


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
