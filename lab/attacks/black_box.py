"""Attacks that see scores or labels only, on images that the gradient attacks left, and the margin that scores show.

Carlini et al. 2019, §4.5: where one of these finds much, gradients were masked. Chen & Gu 2020: where scores hide how
near a decision is, labels still show it.
"""

from functools import partial

import torch
from torch import Tensor

from lab.attacks.attack import attack, attack_from
from lab.attacks.boundary import crossing, toward_boundary
from lab.attacks.gain import FEW, accuracy, gained, state_of
from lab.attacks.gradient import device_of, frozen
from lab.attacks.objectives import margin
from lab.attacks.rounds import Rounds
from lab.context import Context
from lab.errors import AttackError
from lab.results.evaluation import FAILED, NOT_NEEDED, PASSED, SKIPPED, UNBROKEN, UNCLEAR, Check
from lab.specs.attacks import Margin, RandomSign
from lab.specs.balls import Linf
from lab.specs.query import SPSA, QueryPGD, Square
from lab.specs.stages import Planned, labels_only, stages

_POINTS = 4  # at which scores are compared
_CROSSED = 8  # images on whose way to another class the margin is followed
_HALVED = 16  # times that such a way is
_JUMP = 0.25  # of the clean image's margin: what the margin of a sound model never falls by in one point
_MANY = 0.25  # of the images: so many jumps are no bend of a sound model
_CLASSES = 2  # of other images, toward which the boundary is looked for
_TOGETHER = 32  # images whose boundaries are looked for at once
_LONGER = 5000  # queries of Square from the best points, where gradients say little
_WORSE = (SKIPPED, NOT_NEEDED, PASSED, UNCLEAR, FAILED)
_NOT = float("nan")


def black_box(rounds: Rounds, suspicious: bool, jumps: bool) -> Check:
    """The worse of what an attack that follows the scores finds, and one that sees labels only where scores say little,
    as they do where they jump at the decision boundary. Carlini et al. 2019, §4.5; Chen & Gu 2020.
    """
    found = [_scores(rounds, suspicious)]
    if isinstance(rounds.standing.ball, Linf):
        images, planned = _without_scores(rounds), labels_only(rounds.budget)
        if len(images):
            found.append(gained(rounds, "black box", images, partial(_run, rounds, planned), planned.name))
        if jumps:
            found.append(_past_jumps(rounds, planned))
    return max(found, key=lambda each: _WORSE.index(each.state))


def _scores(rounds: Rounds, suspicious: bool) -> Check:
    """Square, which sees scores only, on images that the gradient attacks left. Carlini et al. 2019, §4.5.

    The budget's own stage of Square is this check; where it finds much, or gradients say little, Square goes on all.
    Inputs without height and width, such as features (n, d), are attacked by SPSA instead.
    """
    standing = rounds.standing
    planned = score_attacks(rounds)
    [at] = [i for i, each in enumerate(planned) if not each.onward]  # the others begin where gradients led
    box = planned[at]
    try:
        for each in planned[:at]:
            rounds.run(each)
        tried, before = rounds.nearest(box), accuracy(rounds)
        rounds.run(box, images=tried)
        gain = int((standing.broken_by[tried] != UNBROKEN).sum())
        most = min(len(tried) / 2, FEW * len(standing.correct))  # the nearest images are not like the others
        state = state_of(gain, most)
        if state == FAILED or suspicious:
            name = f"{box.name.split(',')[0]}, all images"
            rounds.run(Planned(name, box.attack, 1))
            if isinstance(box.attack, Square):
                longer = box.attack.replace(queries=max(_LONGER, box.attack.queries))
                rounds.run(Planned("Square, longer", longer, 1, onward=True))
        after = accuracy(rounds)
        for each in planned[at + 1 :]:
            rounds.run(each)
    except AttackError as error:  # it returns labels instead of scores
        return Check("black box", SKIPPED, _NOT, _NOT, 0, str(error).rstrip("."))
    return Check("black box", state if len(tried) else NOT_NEEDED, after, before, len(tried), box.name)


def score_attacks(rounds: Rounds) -> list[Planned]:
    """The budget's stages of Square; for inputs without height and width SPSA, Uesato et al. 2018.

    Its directions are half of the ball wide, so that they see over the steps of a quantised input.
    """
    x, ball = rounds.standing.x, rounds.standing.ball
    if x.dim() == 4:
        return [each for each in stages(rounds.budget, ball) if isinstance(each.attack, Square)]
    reach = ball.eps if isinstance(ball, Linf) else ball.eps / x[0].numel() ** 0.5
    estimator = SPSA(directions=64, width=min(max(reach / 2, 1e-5), 1.0))
    return [Planned("SPSA", QueryPGD(steps=20, estimator=estimator, objective=Margin()), 40)]


def _without_scores(rounds: Rounds) -> Tensor:
    """The images left whose margin is exactly the same at two random points of the ball: the scores are coarse.

    There an attack that follows them has little more to go by than the labels.
    """
    standing = rounds.standing
    left, ctx = standing.left, rounds.ctx.silent().seeded("scores").only(standing.left.tolist())
    if not len(left):
        return left
    x, y, margins = standing.x[left], standing.y[left], list[Tensor]()
    for i in range(_POINTS):
        point = attack(RandomSign(), rounds.seen, x, y, standing.ball, ctx.seeded(i))
        margins.append(margin(rounds.logits(point), y).nan_to_num(-torch.inf, torch.inf, -torch.inf))
    ordered = torch.stack(margins).sort(0).values
    return left[(ordered[1:] == ordered[:-1]).any(0)]


def _run(rounds: Rounds, planned: Planned, images: Tensor) -> None:
    rounds.run(planned, images=images)


def margin_jumps(rounds: Rounds) -> Check:
    """The margin on the way from an image to one of another class: it falls to zero, unless scores hide how near a
    decision is. ``value``: fraction of the images where it jumps.

    Where it does, what follows the scores finds little more than what sees labels: so a search by labels goes on.
    """
    standing = rounds.standing
    images = standing.correct[:_CROSSED]
    found = _of_another_class(rounds, images, 0)
    if found is None:
        return Check("boundary", SKIPPED, _NOT, _NOT, 0, "the model puts no two images into different classes")
    x, y = standing.x[images], standing.y[images]
    with frozen(rounds.seen):
        device = device_of(rounds.seen)
        points = crossing(rounds.seen, x.to(device), y.to(device), found.to(device), _HALVED)
    within, beyond = (margin(rounds.logits(each.cpu()), y).nan_to_num(-torch.inf) for each in points)
    jumps = (within - beyond > _JUMP * standing.clean_margin[images]).float().mean().item()
    state = FAILED if jumps > _MANY else UNCLEAR if jumps else PASSED
    return Check("boundary", state, jumps, _NOT, len(images), "")


def _past_jumps(rounds: Rounds, planned: Planned) -> Check:
    """A search by labels from signs that lead to the decision boundary soonest, where the margin jumps there."""

    def search(images: Tensor) -> None:
        for rank in range(_CLASSES):
            left = images[rounds.standing.broken_by[images] == UNBROKEN]
            found = _of_another_class(rounds, left, rank)
            if found is None or not len(left):
                return
            others = torch.zeros_like(rounds.standing.x)
            others[left] = found
            name = f"{planned.name} from the boundary to {'the nearest' if not rank else 'another'} class"
            rounds.enter(name, planned.attack, left, partial(_from_boundary, rounds, planned, others), planned.weight)

    return gained(rounds, "black box", rounds.standing.left, search, f"{planned.name} from the decision boundary")


def _from_boundary(rounds: Rounds, planned: Planned, others: Tensor, block: Tensor, ctx: Context) -> Tensor:
    """What RayS makes of the signs that reach the boundary soonest."""
    standing, device, found = rounds.standing, device_of(rounds.seen), list[Tensor]()
    for i, part in enumerate(block.split(_TOGETHER)):
        x, y, other = (each[part].to(device) for each in (standing.x, standing.y, others))
        own = ctx.silent().only(range(i * _TOGETHER, i * _TOGETHER + len(part)))
        with frozen(rounds.seen):
            signs = toward_boundary(rounds.seen, x, y, other, standing.ball.eps, own)
        start = (x + standing.ball.eps * signs).clamp(0, 1)
        found.append(attack_from(planned.attack, rounds.seen, x, y, standing.ball, start, own).cpu())
    return torch.cat(found)


def _of_another_class(rounds: Rounds, images: Tensor, rank: int) -> Tensor | None:
    """(k, …) for each of these images the nearest that the model puts into another class; of another than so many
    nearer ones, if there is one. None where all images are of one class."""
    standing, found = rounds.standing, list[int]()
    for image in images.tolist():
        wrong = (standing.clean != standing.y[image]).nonzero().flatten()
        if not len(wrong):
            return None
        far = (standing.x[wrong] - standing.x[image]).flatten(1).norm(dim=1)
        nearest = dict[int, int]()  # of each class, the nearest class first
        for each in wrong[far.argsort()].tolist():
            nearest.setdefault(int(standing.clean[each]), each)
        found.append(list(nearest.values())[min(rank, len(nearest) - 1)])
    return standing.x[found] if found else None
