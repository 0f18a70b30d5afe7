"""One image over ε: predictions and pictures at every level, and a sentence of where each model is fooled."""

import numpy as np

from lab.pairing import unmarked
from lab.results.image_sweep import ImageSweepResult, ModelSwept, path
from lab.results.prediction import class_in_words, predictions
from lab.specs.spec import title_of
from lab.specs.threat import length
from widgets.figures.explore.attack import softmax
from widgets.theme import DIVERGING, model_paint

MOST_CLASSES = 20
"""Classes of which one can be chosen as the target; more do not fit into a list that is read at a glance."""


def record(result: ImageSweepResult) -> dict[str, object]:
    """All that is shown of a result, but for its pixels: plain numbers and words, level by level."""
    names, y, spec = result.class_names, result.y, result.spec
    few = len(names) <= MOST_CLASSES
    return {
        "image": spec.image,
        "label": names[y],
        "shape": list(result.x.shape),
        "largest": spec.ball.eps,
        "colours": [DIVERGING[0][1], DIVERGING[-1][1]],
        "eps": [length(each, spec.ball) for each in spec.eps],
        "steps": spec.attack.steps,
        "target": None if spec.target is None else names[spec.target],
        "targets": [[i, name] for i, name in enumerate(names) if i != y] if few else [],
        "caption": caption(result),
        "done": result.done == 1,
        "models": [
            {
                "name": each.model,
                "colour": model_paint(each.model),
                "fooled": result.fooled_at(each),
                "succeeded": result.succeeded(each).tolist(),
                **readings(result, each.logits[:, -1]),
            }
            for each in result.models
        ],
        "waiting": [getattr(each, "name", "model") for each in spec.models[len(result.models) :]],
    }


def pixels(result: ImageSweepResult) -> bytes:
    """The clean image (h, w, C) in 0..255, then of each model and level the change at the end, (h, w, C) int8."""
    ends = [_channels_last(each.delta[:, -1]).tobytes() for each in result.models]
    return b"".join([_channels_last(result.x).tobytes(), *ends])


def path_record(result: ImageSweepResult, level: int) -> dict[str, object]:
    """What the models predict at each step of the attack at one level, with loss and margin."""
    models = []
    for each in result.models:
        loss, margin = path(each.logits[level], result.y)
        found = predictions(each.logits[level])
        right = found == result.y if result.spec.target is None else found != result.spec.target
        models.append(
            {
                "loss": _finite(loss),
                "margin": _finite(margin),
                "succeeded": (~right).tolist(),
                **readings(result, each.logits[level]),
            }
        )
    return {"image": result.spec.image, "level": level, "models": models}


def path_pixels(result: ImageSweepResult, level: int) -> bytes:
    """Of each model and step of the attack at one level the change so far, (h, w, C) int8."""
    return b"".join(_channels_last(each.delta[level]).tobytes() for each in result.models)


def readings(result: ImageSweepResult, logits: np.ndarray) -> dict[str, object]:
    """(n, K) logits in words: the predicted class, and the probabilities of the label and of its strongest rival.

    The rival is the target, where there is one, and else the likeliest wrong class.
    """
    names, y, target = result.class_names, result.y, result.spec.target
    probability = np.array([softmax(each) for each in logits])
    others = np.where(np.arange(logits.shape[1]) == y, -np.inf, logits)
    rival = others.argmax(1) if target is None else np.full(len(logits), target)
    return {
        "predicted": [class_in_words(int(each), names) for each in predictions(logits)],
        "of_label": _finite(probability[:, y]),
        "rival": [names[each] for each in rival],
        "of_rival": _finite(probability[np.arange(len(logits)), rival]),
    }


def caption(result: ImageSweepResult) -> str:
    """Where the attack, named with its steps, fools each model: the smallest level of ε at which it does."""
    if not result.models:
        return ""
    spec = result.spec
    attack = f"{title_of(spec.attack)} with {spec.attack.steps} steps"
    at = {each.model: result.fooled_at(each) for each in result.models}
    aimed = "" if spec.target is None else f" predict {result.class_names[spec.target]}"
    done = "makes" if aimed else "fools"
    reached = {unmarked(name): length(spec.eps[level], spec.ball) for name, level in at.items() if level}
    fooled = [f"{name}{aimed} at ε {eps}" for name, eps in reached.items()]
    before = [unmarked(name) for name, level in at.items() if level == 0]
    held = [unmarked(name) for name, level in at.items() if level is None]
    sentences = [
        f"{attack} {done} {_listed(fooled)}." if fooled else "",
        f"{_listed(before)} misclassif{'ies' if len(before) == 1 else 'y'} the image before any attack."
        if before
        else "",
        f"{_listed(held)} withstand{'s' * (len(held) == 1)} {'it' if fooled else attack} up to ε "
        f"{length(spec.ball.eps, spec.ball)}."
        if held
        else "",
        *(_not_at_every(result, each) for each in result.models),
    ]
    return " ".join(filter(None, sentences))


def _not_at_every(result: ImageSweepResult, model: ModelSwept) -> str:
    """Say of a model that is fooled at one level and not at a larger one, which no robust model would be."""
    first, succeeded = result.fooled_at(model), result.succeeded(model)
    if first is None or succeeded[first:].all():
        return ""
    level = first + int(np.flatnonzero(~succeeded[first:])[0])
    return f"At ε {length(result.spec.eps[level], result.spec.ball)} the same attack fails on {unmarked(model.model)}."


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _channels_last(images: np.ndarray) -> np.ndarray:
    return np.moveaxis(images, -3, -1)


def _finite(values: np.ndarray) -> list[float]:
    """The numbers to four decimal places, as JSON can hold them."""
    found: list[float] = np.nan_to_num(values.astype(float), nan=0.0, posinf=1e6, neginf=-1e6).round(4).tolist()
    return found
