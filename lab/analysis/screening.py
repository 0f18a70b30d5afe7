"""Which test images models misclassify, how close they are to another class, and which ones PGD fools."""

import numpy as np
from torch import Tensor, nn

from lab.analysis.analyse import analyse
from lab.analysis.forward import predict_logits
from lab.analysis.pieces import together
from lab.attacks import maximise, minimum_distance
from lab.attacks.judge import check_proposal
from lab.context import Context
from lab.data import load as load_data
from lab.models import load_adapted as load_model
from lab.pairing import names_on
from lab.results.prediction import predictions
from lab.results.screening import ModelScreening, ScreeningResult
from lab.specs.screening import ATTACKED, DISTANCES, LABELS, Screening


@analyse.register
def screening(spec: Screening, ctx: Context) -> ScreeningResult:
    """Model by model; all meet the same random starts."""
    data = load_data(spec.data, ctx.silent())
    positions = range(min(spec.images, len(data.test)))
    x, y = data.test.images(positions), data.test.labels(positions)
    if spec.extent == LABELS:
        return ScreeningResult(spec, y.numpy(), data.class_names, (), 1.0)
    subjects = list(zip(names_on(spec.models, spec.data), map(load_model, spec.models), strict=True))
    found: list[ModelScreening] = []

    def result() -> ScreeningResult:
        return ScreeningResult(spec, y.numpy(), data.class_names, tuple(found), len(found) / len(subjects))

    for _, one in together(lambda subject, lane: _screened(spec, *subject, x, y, lane), subjects, ctx):
        found.append(one)
        if len(found) < len(subjects):
            ctx.partial(result())
    return result()


def _screened(spec: Screening, name: str, model: nn.Module, x: Tensor, y: Tensor, ctx: Context) -> ModelScreening:
    clean, far = predict_logits(model, x).numpy(), spec.reaches(DISTANCES)
    attacked, distance = np.zeros(0, np.int64), np.zeros(0, np.float32)
    if spec.reaches(ATTACKED):
        x_adv = maximise(spec.attack, model, x, y, spec.ball, ctx.span(0, 1, 2) if far else ctx).cpu()
        check_proposal(x, x_adv, spec.ball)
        attacked = predictions(predict_logits(model, x_adv).numpy())
    if far:
        distance = minimum_distance(spec.search, model, x, y, ctx.span(1, 2, 2), spec.ball)[1].cpu().numpy()
    return ModelScreening(name, predictions(clean), _margin(clean, y), attacked, distance)


def _margin(logits: np.ndarray, y: Tensor) -> np.ndarray:
    """(n,) the label's logit minus the largest other one."""
    label = y.numpy()[:, None]
    own = np.take_along_axis(logits, label, 1)[:, 0]
    others = logits.copy()
    np.put_along_axis(others, label, -np.inf, 1)
    found: np.ndarray = own - others.max(1)
    return found
