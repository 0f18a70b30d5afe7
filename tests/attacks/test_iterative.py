"""BIM, IterLL, IterRnd and PGD's options against the papers' rule, exact relations and hand-written loops."""

from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import nn

from lab.attacks import attack, judge, maximise
from lab.attacks.gradient import expected_gradient
from lab.attacks.iterative import as_pgd, follow_restarts
from lab.attacks.labels import Aim
from lab.attacks.objectives import margin
from lab.context import Context
from lab.errors import AttackError
from lab.specs import (
    BIM,
    DLR,
    FGSM,
    L2,
    PGD,
    CrossEntropy,
    IterLL,
    IterRnd,
    Linf,
    Margin,
    PapersCrossEntropy,
    StepLL,
    StepRnd,
)
from lab.specs.pace import papers_steps
from tests.attacks.conftest import network

BALLS = [Linf(0.1), L2(0.7)]


class Counting(nn.Module):
    """How many images the model was asked about, call by call."""

    def __init__(self, model):
        super().__init__()
        self.model, self.asked = model, []

    def forward(self, pixels):
        self.asked.append(len(pixels))
        return self.model(pixels)


class Alternating(nn.Module):
    """A model that answers at random, with its chance taken out: two networks in turn."""

    def __init__(self, *nets):
        super().__init__()
        self.nets, self.calls = nn.ModuleList(nets), 0

    def forward(self, pixels):
        self.calls += 1
        return self.nets[self.calls % len(self.nets)](pixels)


@pytest.mark.parametrize(
    ("levels", "steps"), [(0, 1), (0.5, 1), (1, 1), (2, 2), (4, 5), (8, 10), (12, 15), (16, 20), (28, 32), (255, 259)]
)
def test_the_papers_rule_of_steps(levels, steps):
    assert papers_steps(levels / 255) == steps
    assert as_pgd(BIM(), Linf(levels / 255)) == PGD(steps, 1 / 255, random_start=False)


def test_the_steps_and_their_size_can_be_set(model, x, y):
    assert as_pgd(BIM(steps=7, step_size=0.02), Linf(0.1)) == PGD(7, 0.02, random_start=False)
    assert as_pgd(IterLL(steps=4, step_size=0), Linf(0.1)) == PGD(4, 0.025, random_start=False, labels="least likely")
    counting = Counting(model)
    maximise(BIM(steps=3), counting, x, y, Linf(0.1))
    assert counting.asked == [2, 12, 12, 12]


@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize(
    ("one", "method"),
    [
        (FGSM(), BIM(steps=1, step_size=0)),
        (FGSM(labels="predicted", objective=DLR()), BIM(steps=1, step_size=0, labels="predicted", objective=DLR())),
        (StepLL(), IterLL(steps=1, step_size=0)),
        (StepRnd(), IterRnd(steps=1, step_size=0)),
    ],
)
def test_one_full_step_is_the_one_step_attack(model, x, y, ball, one, method):
    assert torch.equal(maximise(one, model, x, y, ball), maximise(method, model, x, y, ball))


def test_iter_ll_is_the_papers_loop(model, x, y):
    """Kurakin et al. 2017, §2.2, in the two-step variant of Tramèr et al. 2018, Table 2."""
    target, x_adv = model(x).argmin(1), x
    for _ in range(2):
        pixels = x_adv.clone().requires_grad_()
        [slope] = torch.autograd.grad(nn.functional.cross_entropy(model(pixels), target, reduction="sum"), pixels)
        x_adv = torch.clamp(x_adv - 0.05 * slope.sign(), x - 0.1, x + 0.1).clamp(0, 1)
    assert torch.allclose(maximise(IterLL(steps=2, step_size=0), model, x, y, Linf(0.1)), x_adv, atol=1e-12)


@pytest.mark.parametrize("method", [BIM(), IterLL(), IterRnd(), PGD(steps=20)])
def test_a_verdict_agrees_with_the_largest_loss_on_who_falls(model, x, y, method):
    ball = Linf(0.05)
    verdict = judge(x, y, attack(method, model, x, y, ball), model, ball)
    largest = judge(x, y, maximise(method, model, x, y, ball), model, ball)
    assert (~verdict.robust | largest.robust).all()
    assert verdict.robust_accuracy < verdict.clean_accuracy


def test_without_options_a_step_is_one_pass(model, x, y):
    counting = Counting(model)
    maximise(PGD(steps=5), counting, x, y, Linf(0.1))
    assert counting.asked == [2] + 5 * [12]
    kept = Counting(model)
    maximise(PGD(steps=5, keep_best=True), kept, x, y, Linf(0.1))
    assert kept.asked == [2] + 6 * [12]


@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("objective", [CrossEntropy(), PapersCrossEntropy(), Margin(), DLR()])
@pytest.mark.parametrize("labels", ["true", "least likely"])
@pytest.mark.parametrize("run", [attack, maximise])
def test_with_the_best_iterate_kept_more_steps_never_lose(model, x, y, ball, objective, labels, run):
    x, y = x[:10], y[:10]  # all are recognised, so none leaves before the first step
    aim = Aim(y if labels == "true" else model(x).argmin(1), labels != "true")
    reached, stands = [], []
    for steps in (1, 2, 3, 6, 9):  # long steps, so that the loss goes up and down
        method = PGD(steps, ball.eps, restarts=2, objective=objective, labels=labels, keep_best=True)
        found = run(method, model, x, y, ball)
        reached.append(aim.value(objective, model(found)))
        stands.append(model(found).argmax(1) == y)
    for fewer, more, stood, stand in zip(reached, reached[1:], stands, stands[1:], strict=False):
        if run is maximise:
            assert (more >= fewer - 1e-12).all()
        assert (stood | ~stand).all() or run is maximise
    last = maximise(PGD(9, ball.eps, objective=objective, labels=labels), model, x, y, ball)
    assert (reached[-1] >= aim.value(objective, model(last)) - 1e-12).all() or run is attack


def test_in_a_verdict_the_best_iterate_of_a_standing_image_comes_back(model, x, y):
    model[-1].bias.data[3] += 30  # now no image falls
    y, ball = torch.full_like(y, 3), Linf(0.5)
    found = {
        keep: [
            margin(model(attack(PGD(steps, 0.5, objective=Margin(), keep_best=keep), model, x, y, ball)), y)
            for steps in range(1, 7)
        ]
        for keep in (False, True)
    }
    assert (torch.stack(found[True]) > 0).all()
    assert all((more <= fewer + 1e-12).all() for fewer, more in pairwise(found[True]))
    assert any((more > fewer + 1e-3).any() for fewer, more in pairwise(found[False]))  # steps this long overshoot


def test_momentum_is_the_paper_of_dong_and_others(model, x, y):
    method = PGD(5, 0.02, random_start=False, momentum=0.9)
    velocity, x_adv = torch.zeros_like(x), x
    for _ in range(5):
        pixels = x_adv.clone().requires_grad_()
        [slope] = torch.autograd.grad(nn.functional.cross_entropy(model(pixels), y, reduction="sum"), pixels)
        velocity = 0.9 * velocity + slope / slope.flatten(1).norm(p=1, dim=1).view(-1, 1, 1, 1)
        x_adv = torch.clamp(x_adv + 0.02 * velocity.sign(), x - 0.1, x + 0.1).clamp(0, 1)
    found = maximise(method, model, x, y, Linf(0.1))
    assert torch.allclose(found, x_adv, atol=1e-12)
    assert not torch.equal(found, maximise(method.replace(momentum=0.0), model, x, y, Linf(0.1)))
    assert torch.equal(
        maximise(method.replace(momentum=0.0), model, x, y, Linf(0.1)),
        maximise(BIM(steps=5, step_size=0.02), model, x, y, Linf(0.1)),
    )


@pytest.mark.parametrize("ball", [Linf(0.02), L2(0.1)])
@pytest.mark.parametrize("change", [{"momentum": 0.9}, {"passes": 2}, {"momentum": 0.5, "keep_best": True}])
def test_images_that_leave_take_their_options_with_them(model, x, y, ball, change):
    """In a verdict some images leave the batch; the others walk on as if nothing had happened."""
    method = PGD(steps=8, step_size=ball.eps / 4, **change)
    verdict = attack(method, model, x, y, ball)
    largest = maximise(method, model, x, y, ball)
    stands = (model(verdict).argmax(1) == y) & (model(x).argmax(1) == y)
    assert 0 < stands.sum() < 10
    assert torch.allclose(verdict[stands], largest[stands], atol=1e-9)


def test_several_passes_of_one_answer_change_nothing(model, x, y):
    once, often = (maximise(PGD(steps=5, passes=k), model, x, y, Linf(0.1)) for k in (1, 3))
    assert torch.allclose(once, often, atol=1e-12)


@pytest.mark.parametrize("objective", [CrossEntropy(), Margin(kappa=1e6), DLR()])
def test_the_gradient_is_that_of_the_mean_loss_over_the_passes(x, y, objective):
    nets, aim = (network(seed=0), network(seed=5)), Aim(y)
    gradient, logits = expected_gradient(
        Alternating(*nets), x, 2, partial(aim.ascent, objective), partial(aim.log_factor, objective)
    )
    pixels = x.clone().requires_grad_()
    [expected] = torch.autograd.grad(sum(aim.value(objective, net(pixels)).sum() for net in nets), pixels)
    cosine = nn.functional.cosine_similarity(gradient.flatten(1), expected.flatten(1))
    assert torch.allclose(cosine, torch.ones_like(cosine))
    assert torch.allclose(logits, (nets[0](x) + nets[1](x)) / 2)


def test_a_walk_takes_one_aim_at_a_time(model, x, y):
    method = PGD(steps=2, labels="every class")
    with pytest.raises(AttackError, match="one aim"):
        follow_restarts(method, model, x, y, Linf(0.1), range(1), Context())
    kept = follow_restarts(PGD(steps=4, keep_best=True), model, x, y, Linf(0.1), range(2), Context())
    plain = follow_restarts(PGD(steps=4), model, x, y, Linf(0.1), range(2), Context())
    assert torch.equal(kept.end, plain.end)
