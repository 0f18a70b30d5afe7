"""FAB and FAB-T against closed forms, their own relations and torchattacks."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge, maximise, minimum_distance
from lab.attacks.ball import distance
from lab.attacks.fab import others, step_onto_boundary
from lab.context import Context
from lab.errors import AttackError
from lab.specs import FAB, L0, L2, FABTargeted, Linf
from tests.attacks.conftest import Linear, images, network

BALLS = [Linf(0.1), L2(0.7)]
SPECS = [FAB(steps=15), FABTargeted(steps=15)]
every = pytest.mark.parametrize("spec", SPECS, ids=lambda each: type(each).__name__)


@pytest.fixture
def linear():
    """Four classes, and images far enough from the edges of [0, 1] that no clipping interferes."""
    draw = torch.Generator().manual_seed(3)
    weight = torch.randn(4, 20, generator=draw, dtype=torch.float64)
    x = 0.5 + 0.1 * torch.rand(8, 1, 4, 5, generator=draw, dtype=torch.float64)
    net = Linear(weight, torch.zeros(4, dtype=torch.float64))
    return net, x, net(x).argmax(1)


@every
@pytest.mark.parametrize(("ball", "dual"), [(Linf(), 1), (L2(), 2)])
def test_on_a_linear_model_the_distance_is_the_nearest_classs_margin_over_the_dual_norm(linear, spec, ball, dual):
    net, x, y = linear
    logits, rows = net(x), torch.arange(len(x))
    ahead = (logits[rows, y].unsqueeze(1) - logits).abs()
    expected = (ahead / (net.weight[y].unsqueeze(1) - net.weight).norm(p=dual, dim=2)).nan_to_num(torch.inf)
    expected[rows, y] = torch.inf
    _, far = minimum_distance(spec, net, x, y, ball=ball)
    assert torch.allclose(far, expected.amin(1), rtol=0.001)
    assert (far >= expected.amin(1)).all()


@pytest.mark.parametrize("ball", BALLS)
def test_a_step_without_extrapolation_ends_on_the_linear_models_boundary(linear, ball):
    net, x, y = linear
    target = (y + 1) % 4
    spec = FABTargeted(eta=1.0, alpha_max=0.0)
    logits = net(step_onto_boundary(spec, net, ball, x, x, y, target))
    assert torch.allclose(logits.gather(1, y[:, None]), logits.gather(1, target[:, None]))
    ahead = net(step_onto_boundary(spec.replace(kappa=0.3), net, ball, x, x, y, target))
    assert torch.allclose(ahead.gather(1, target[:, None]) - ahead.gather(1, y[:, None]), torch.tensor(0.3).double())


@every
@pytest.mark.parametrize("ball", BALLS)
def test_what_is_returned_is_misclassified_at_that_distance(model, x, y, spec, ball):
    x_adv, far = minimum_distance(spec, model, x, y, ball=ball)
    assert far.isfinite().all()
    assert (model(x_adv).argmax(1) != y).all()
    assert torch.allclose(distance(ball, x_adv, x), far)
    assert (far[:10] > 0).all()
    assert torch.equal(x_adv[10:], x[10:])  # misclassified from the start


@every
@pytest.mark.parametrize("ball", BALLS)
def test_a_verdict_fools_every_image_whose_nearest_adversarial_image_lies_in_the_ball(model, x, y, spec, ball):
    _, far = minimum_distance(spec, model, x, y, ball=ball)
    inside = ball.replace(eps=far[:10].median().item() * (1 + 1e-9))
    for run in (attack, maximise):
        robust = torch.from_numpy(judge(x, y, run(spec, model, x, y, inside), model, inside).robust)
        assert not robust[far <= inside.eps].any()
        assert robust.any()


@every
def test_more_steps_and_restarts_never_come_out_farther(model, x, y, spec):
    farther = [minimum_distance(spec.replace(steps=steps), model, x, y)[1] for steps in (2, 5, 15)]
    restarted = minimum_distance(spec.replace(steps=2, restarts=3), model, x, y)[1]
    assert (farther[1] <= farther[0] + 1e-6).all()
    assert (farther[2] <= farther[1] + 1e-6).all()
    assert (restarted <= farther[0] + 1e-6).all()


def test_a_verdict_is_over_with_its_first_success(model, x, y):
    """On images that fall to the first step, a hundred steps and nine targets cost no more than one of each."""
    asked = []

    class Counting(nn.Module):
        def forward(self, pixels):
            asked.append(len(pixels))
            return model(pixels)

    found = attack(FABTargeted(), Counting(), x, y, Linf(0.5))
    assert (model(found).argmax(1) != y).all()
    assert sum(asked) < 60 * len(x)  # 2 · 100 · 9 for an image that withstands


def test_targets_are_the_wrong_classes_by_their_logits():
    logits = torch.tensor([[3.0, 1.0, 2.0, -torch.inf], [0.0, torch.nan, 5.0, 1.0]])
    assert others(logits, torch.tensor([2, 0])).tolist() == [[0, 1, 3], [2, 3, 1]]


def test_targets_and_images_share_batches_without_changing_what_is_found(model, x, y, monkeypatch):
    spec = FABTargeted(steps=1, targets=3, restarts=4)
    whole = maximise(spec, model, x, y, Linf(0.1), Context(seed=3))
    for size in (5, 40):
        monkeypatch.setattr("lab.attacks.fab.batch_size", lambda _device, size=size: size)
        monkeypatch.setattr("lab.attacks.batches.batch_size", lambda _device, size=size: size)
        assert torch.allclose(maximise(spec, model, x, y, Linf(0.1), Context(seed=3)), whole, atol=1e-9)
    assert not torch.equal(maximise(spec, model, x, y, Linf(0.1), Context(seed=4)), whole)


@every
def test_kappa_asks_for_a_margin(model, x, y, spec):
    x_adv, far = minimum_distance(spec.replace(kappa=0.5), model, x[:10], y[:10])
    logits = model(x_adv)
    lead = logits.scatter(1, y[:10, None], -torch.inf).amax(1) - logits.gather(1, y[:10, None])[:, 0]
    assert (lead[far.isfinite()] > 0.5).all()
    assert (minimum_distance(spec, model, x[:10], y[:10])[1] < far).all()


@every
@pytest.mark.parametrize("broken", [torch.nan, torch.inf, -torch.inf])
def test_logits_that_are_no_numbers_do_not_end_the_attack(model, x, y, spec, broken):
    class Broken(nn.Module):
        def forward(self, pixels):
            logits = model(pixels)
            return torch.cat([logits, torch.full_like(logits[:, :1], broken)], 1)

    found = maximise(spec, Broken(), x, y, Linf(0.1))
    assert found.isfinite().all()
    assert distance(Linf(0.1), found, x).max() <= 0.1 + 1e-9


def test_refuses_a_threat_model_without_a_norm(model, x, y):
    for run in (attack, maximise):
        with pytest.raises(AttackError, match="L∞ or L2"):
            run(FABTargeted(), model, x, y, L0(5.0))
    with pytest.raises(AttackError, match="L∞ or L2"):
        minimum_distance(FAB(), model, x, y, ball=L0(5.0))


@pytest.mark.peers
@pytest.mark.parametrize(("ball", "norm"), [(Linf(0.02), "Linf"), (L2(0.2), "L2")])
@pytest.mark.parametrize("targeted", [True, False])
def test_not_weaker_and_not_farther_than_torchattacks(ball, norm, targeted):
    torchattacks = pytest.importorskip("torchattacks")
    spec, options = (FABTargeted if targeted else FAB)(steps=10), {"steps": 10, "n_classes": 10}
    net, x = network().float().eval(), images(20).float()
    y = net(x).argmax(1)

    def theirs(eps):
        return torchattacks.FAB(net, norm=norm, eps=eps, multi_targeted=targeted, **options)(x, y)

    in_ball = theirs(ball.eps)
    withstands = (net(in_ball).argmax(1) == y) | (distance(ball, in_ball, x) > ball.eps)
    ours = judge(x, y, attack(spec, net, x, y, ball), net, ball)
    assert ours.robust_accuracy <= withstands.double().mean()
    assert 0 < ours.robust_accuracy < 1
    if not targeted:  # theirs keeps the first target that succeeds, not the nearest one
        _, far = minimum_distance(spec, net, x, y, ball=ball)
        assert far.median() <= distance(ball, theirs(1e9), x).median()
