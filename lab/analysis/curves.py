"""Accuracy over eps, and the nearest adversarial images. Kurakin et al. 2017, Figure 3; Na et al. 2018, Figure 9."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from lab.analysis.analyse import analyse
from lab.attacks import attack_sweep, minimum_distance
from lab.attacks.batches import batch_size
from lab.attacks.gradient import device_of, frozen
from lab.attacks.judge import check_proposal
from lab.attacks.lanes import side_by_side
from lab.context import Context
from lab.data import load as load_data
from lab.errors import SpecError
from lab.models import load as load_model
from lab.results.curves import CurvesResult, ModelCurves
from lab.specs.attacks import AttackSpec
from lab.specs.curves import RobustnessCurves
from lab.specs.models import name_of


@analyse.register
def curves(spec: RobustnessCurves, ctx: Context) -> CurvesResult:
    """Attack by attack, the models in turn, so that the first picture already compares them; distances at the end.

    All models meet the same random starts.
    """
    data = load_data(spec.data, ctx.silent())
    if spec.images > len(data.test):
        raise SpecError(
            f"RobustnessCurves.images is {spec.images}, but {data.name} has only {len(data.test)} test images."
        )
    x, y = data.test.images(range(spec.images)), data.test.labels(range(spec.images))
    networks = [load_model(each) for each in spec.models]
    share = 0.7 if spec.searched else 1.0
    pieces = [(attacked, i) for attacked in spec.attacks for i in range(len(networks))]
    lanes = ctx.span(0, share, 1).lanes(len(pieces))
    found = side_by_side(
        lambda k: read_right(spec, pieces[k][0], networks[pieces[k][1]], x, y, lanes[k]), range(len(pieces))
    )
    right: list[list[np.ndarray]] = [[] for _ in networks]
    for k, one in enumerate(found):
        right[pieces[k][1]].append(one)
        done = share * (k + 1) / len(pieces)
        if done < 1:
            ctx.partial(_result(spec, right, [], done))
    if not spec.searched:
        return _result(spec, right, [], 1.0)
    lanes = ctx.span(share, 1, 1).lanes(len(networks))
    near = slice(0, min(spec.searched, len(x)))
    distances = side_by_side(
        lambda i: minimum_distance(spec.search, networks[i], x[near], y[near], lanes[i])[1].cpu().numpy(),
        range(len(networks)),
    )
    return _result(spec, right, list(distances), 1.0)


def read_right(
    spec: RobustnessCurves, attacked: AttackSpec, model: nn.Module, x: Tensor, y: Tensor, ctx: Context
) -> np.ndarray:
    """(L + 1, n) whether the model reads each image right at every level of eps, asked again on the proposed images."""
    balls = [spec.ball.replace(eps=each) for each in spec.eps[1:]]
    proposals = [each.cpu() for each in attack_sweep(attacked, model, x, y, balls, ctx)]
    for ball, x_adv in zip(balls, proposals, strict=True):
        check_proposal(x, x_adv, ball)
    return np.stack([_predicted(model, each) == y.numpy() for each in (x, *proposals)])


def _predicted(model: nn.Module, x: Tensor) -> np.ndarray:
    device = device_of(model)
    with frozen(model), torch.no_grad():
        found = torch.cat([model(batch.to(device)).argmax(1).cpu() for batch in x.split(batch_size(device))])
    return found.numpy()


def _result(
    spec: RobustnessCurves, right: Sequence[Sequence[np.ndarray]], distances: Sequence[np.ndarray], done: float
) -> CurvesResult:
    nothing = np.zeros((0, len(spec.eps), spec.images), bool)
    models = tuple(
        ModelCurves(
            name_of(each),
            np.stack(right[i]) if right[i] else nothing,
            distances[i] if distances else np.zeros(0, np.float32),
        )
        for i, each in enumerate(spec.models)
    )
    return CurvesResult(spec, models, done)
