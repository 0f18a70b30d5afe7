"""Auto-PGD against torchattacks' port of the authors' code, in float64 from the same start: the same best losses."""

import warnings

import pytest
import torch
from torch.nn.functional import softplus

from lab.attacks.apgd import climb, climbers_at
from lab.attacks.climbs import all_stay
from lab.attacks.goals import AwayFrom, Toward
from lab.context import Context
from lab.specs import APGD, DLR, L2, APGDTargeted, CrossEntropy, Linf
from tests.attacks.conftest import images, network

pytestmark = pytest.mark.peers
STEPS = 50


@pytest.fixture(autouse=True)
def double():
    """Double precision also for what the peer makes without naming a type, such as the losses it compares."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture
def peer():
    with warnings.catch_warnings(action="ignore"):
        return pytest.importorskip("torchattacks")


def case(seed):
    model, x = network(channels=3, seed=seed), images(8, channels=3, seed=seed + 50)
    with torch.no_grad():
        return model, x, model(x).argmax(1)


def theirs(attack, x, y, ball):
    """Their best losses, and the start that they drew: the first thing a run draws."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        draw = 2 * torch.rand(x.shape) - 1 if isinstance(ball, Linf) else torch.randn(x.shape)
        length = draw.flatten(1).abs().amax(1) if isinstance(ball, Linf) else draw.flatten(1).norm(dim=1)
        start = (x + ball.eps * draw / length.view(-1, 1, 1, 1)).clamp(0, 1)
        torch.manual_seed(3)
        _, _, losses, _ = attack.attack_single_run(x, y)
    return start, losses


def ours(spec, model, x, ball, start, goal):
    climbers = climbers_at(start, torch.arange(len(x)), x, goal, ball)
    return climb(spec, model, climbers, ball, Context(), all_stay)


@pytest.mark.parametrize("ball", [Linf(0.03), Linf(0.3), L2(0.3), L2(2.0)])
@pytest.mark.parametrize("seed", range(3))
def test_torchattacks_reaches_the_same_best_cross_entropy(peer, ball, seed):
    model, x, y = case(seed)
    start, expected = theirs(peer.APGD(model, norm=type(ball).__name__, eps=ball.eps, steps=STEPS), x, y, ball)
    found = ours(APGD(steps=STEPS), model, x, ball, start, AwayFrom(CrossEntropy(), y)).highest
    assert torch.allclose(softplus(found), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("ball", [Linf(0.003), Linf(0.01), L2(0.03), L2(0.1)])
@pytest.mark.parametrize("seed", range(3))
def test_torchattacks_reaches_the_same_best_dlr(peer, ball, seed):
    """Of images that withstand: once the label is the third largest logit, DLR is 1 and its gradient rounding noise."""
    model, x, y = case(seed)
    attack = peer.APGD(model, norm=type(ball).__name__, eps=ball.eps, steps=STEPS, loss="dlr")
    start, expected = theirs(attack, x, y, ball)
    found = ours(APGD(steps=STEPS), model, x, ball, start, AwayFrom(DLR(), y)).highest
    withstood = expected < 0
    assert withstood.sum() > 2
    assert torch.equal(withstood, found < 0)
    assert torch.allclose(found[withstood], expected[withstood], rtol=0, atol=1e-6)


@pytest.mark.parametrize("ball", [Linf(0.02), L2(0.2)])
@pytest.mark.parametrize("rank", [2, 3, 10])
def test_torchattacks_reaches_the_same_best_targeted_dlr(peer, ball, rank):
    """Image by image: in L2 torchattacks moves every image by the first one's step size."""
    model, x, y = case(rank)
    attack = peer.APGDT(model, norm=type(ball).__name__, eps=ball.eps, steps=STEPS)
    attack.target_class = rank
    target = model(x).sort(dim=1).indices[:, -rank]
    for i in range(3):
        one = slice(i, i + 1)
        start, expected = theirs(attack, x[one], y[one], ball)
        found = ours(APGDTargeted(steps=STEPS), model, x[one], ball, start, Toward(y[one], target[one])).highest
        assert torch.allclose(found, expected, rtol=0, atol=1e-6)
