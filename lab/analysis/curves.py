"""Accuracy over eps, and the nearest adversarial images. Kurakin et al. 2017, Figure 3; Na et al. 2018, Figure 9."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor, nn

from lab.analysis.analyse import analyse
from lab.analysis.forward import predict_logits
from lab.analysis.pieces import together
from lab.analysis.scene import first_images
from lab.attacks import attack_sweep, minimum_distance
from lab.attacks.judge import check_proposal
from lab.attacks.objectives import predicted
from lab.context import Context
from lab.data import load as load_data
from lab.models import load_adapted as load_model
from lab.pairing import names_on
from lab.results.curves import CurvesResult, ModelCurves
from lab.specs.attacks import AttackSpec
from lab.specs.curves import RobustnessCurves


@analyse.register
def curves(spec: RobustnessCurves, ctx: Context) -> CurvesResult:
    """Attack by attack, the models in turn, so that the first picture already compares them; distances at the end.

    All models meet the same random starts.
    """
    data = load_data(spec.data, ctx.silent())
    x, y = first_images(spec, data)
    networks = [load_model(each) for each in spec.models]
    share = 0.7 if spec.searched else 1.0
    pieces = [(attacked, i) for attacked in spec.attacks for i in range(len(networks))]

    def attacked_by(piece: tuple[AttackSpec, int], ctx: Context) -> np.ndarray:
        return read_right(spec, piece[0], networks[piece[1]], x, y, ctx)

    right: list[list[np.ndarray]] = [[] for _ in networks]
    for k, ((_, i), one) in enumerate(together(attacked_by, pieces, ctx.span(0, share, 1)), start=1):
        right[i].append(one)
        done = share * k / len(pieces)
        if done < 1:
            ctx.partial(_result(spec, right, [], done))
    if not spec.searched:
        return _result(spec, right, [], 1.0)
    near = slice(0, min(spec.searched, len(x)))

    def searched(network: nn.Module, ctx: Context) -> np.ndarray:
        return minimum_distance(spec.search, network, x[near], y[near], ctx, spec.ball)[1].cpu().numpy()

    return _result(spec, right, [one for _, one in together(searched, networks, ctx.span(share, 1, 1))], 1.0)


def read_right(
    spec: RobustnessCurves, attacked: AttackSpec, model: nn.Module, x: Tensor, y: Tensor, ctx: Context
) -> np.ndarray:
    """(L + 1, n) whether each image is classified correctly at every level of ε, predicted again on the proposals."""
    balls = [spec.ball.replace(eps=each) for each in spec.eps[1:]]
    proposals = [each.cpu() for each in attack_sweep(attacked, model, x, y, balls, ctx)]
    for ball, x_adv in zip(balls, proposals, strict=True):
        check_proposal(x, x_adv, ball)
    return np.stack([(predicted(predict_logits(model, each)) == y).numpy() for each in (x, *proposals)])


def _result(
    spec: RobustnessCurves, right: Sequence[Sequence[np.ndarray]], distances: Sequence[np.ndarray], done: float
) -> CurvesResult:
    nothing = np.zeros((0, len(spec.eps), spec.images), bool)
    models = tuple(
        ModelCurves(
            name,
            np.stack(right[i]) if right[i] else nothing,
            distances[i] if distances else np.zeros(0, np.float32),
        )
        for i, name in enumerate(names_on(spec.models, spec.data))
    )
    return CurvesResult(spec, models, done)
