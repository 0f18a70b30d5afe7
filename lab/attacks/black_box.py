"""Attacks that see scores or labels only, on images that the gradient attacks left. Carlini et al. 2019, §4.5.

Where one of these finds much, gradients were masked.
"""

from lab.attacks.gain import FEW, accuracy, state_of
from lab.attacks.label_search import coarse, from_boundary, without_scores
from lab.attacks.rounds import Rounds
from lab.attacks.traits import Slopes
from lab.errors import AttackError
from lab.results.evaluation import FAILED, NOT_NEEDED, PASSED, SKIPPED, UNBROKEN, UNCLEAR, Check
from lab.specs.attacks import Margin
from lab.specs.balls import Linf
from lab.specs.query import SPSA, QueryPGD, Square
from lab.specs.stages import Planned, stages

_LONGER = 5000  # queries of Square from the best points, where gradients say little
_WORSE = (SKIPPED, NOT_NEEDED, PASSED, UNCLEAR, FAILED)
_NOT = float("nan")


def black_box(rounds: Rounds, slopes: Slopes, hidden: bool) -> Check:
    """The worst of what an attack that follows the scores finds, and those that see labels only.

    ``hidden``: scores hide how near a decision is. There, where the gradient is false, and where scores find what a
    usable gradient did not, labels are asked at length; elsewhere on a few images, for scores may lead astray in ways
    that no other check sees. Where there is no gradient, labels have nothing to choose from.
    """
    suspicious, false = slopes.usable < 1 - FEW, slopes.false > FEW
    found = [_scores(rounds, suspicious)]
    if len(images := coarse(rounds)):
        found.append(without_scores(rounds, images))
    if hidden or false or not suspicious:
        found.append(from_boundary(rounds, hidden or false or any(each.state == FAILED for each in found)))
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
