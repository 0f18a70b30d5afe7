"""An eps for each image: every image comes out as if its ball were the only one."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, attack_sweep, judge, maximise, maximise_each
from lab.attacks.ball import distance
from lab.context import Context
from lab.errors import AttackError, SpecError
from lab.specs import (
    APGD,
    BIM,
    DLR,
    FGSM,
    L0,
    L2,
    PGD,
    RFGSM,
    APGDTargeted,
    AutoAttack,
    CarliniWagnerLinf,
    FastEntropy,
    FastGradientL2,
    FastGradientLinf,
    FlipPixels,
    IterLL,
    IterRnd,
    Linf,
    MultiTargeted,
    RandomSign,
    RStepLL,
    Square,
    StepLL,
    StepRnd,
    TruncatedNormal,
    WorstCase,
)
from tests.attacks.conftest import images, network
from tests.families import family

ONE_STEP = [FGSM(labels="predicted"), StepLL(), StepRnd(), RFGSM(), RStepLL(alpha=0.3)]
FAST = [FastEntropy(alpha=0.2), FastGradientL2(), FastGradientLinf(), RandomSign(), TruncatedNormal()]
ITERATED = [BIM(), IterLL(), IterRnd(), BIM(steps=3, step_size=0.0), PGD(steps=3, momentum=0.5), PGD(3, 0.01)]
AUTO = [APGD(steps=6), APGD(steps=5, objective=DLR()), APGDTargeted(steps=4, targets=2), MultiTargeted(steps=5)]
AUTO += [MultiTargeted(steps=6, targets=3, initial_radius=3.0)]
SEVERAL = [PGD(steps=3, restarts=2, labels="random", keep_best=True), WorstCase((StepLL(), PGD(steps=2), BIM()))]
SEVERAL += [AutoAttack((APGD(steps=3), APGDTargeted(steps=2, targets=3)))]
METHODS = ONE_STEP + FAST + ITERATED + AUTO + SEVERAL
OF_EACH_KIND = (*ONE_STEP[:2], BIM(), *AUTO[:3], SEVERAL[0])
EACH_IN_A_NORM = [(method, norm) for norm in (Linf, L2) for method in METHODS]
every = pytest.mark.parametrize(
    ("method", "norm"),
    family(
        EACH_IN_A_NORM,
        lambda method, norm: method in (OF_EACH_KIND if norm is Linf else (RFGSM(),)),
    ),
    ids=lambda given: getattr(given, "__name__", type(given).__name__),
)


def radii_of(ball, n):
    """Two images share a radius, one has none, and the papers' number of steps differs among the others."""
    return torch.tensor(
        [ball.eps * share for share in (1, 0.31, 0, 0.77, 0.09, 1, 0.5, 0.02, 0.66, 0.93, 0.4, 0.6)][:n]
    )


@every
def test_each_image_comes_out_as_in_its_own_ball(model, x, y, method, norm):
    ball = norm(0.1 if norm is Linf else 0.7)
    eps = radii_of(ball, len(x))
    found = maximise_each(method, model, x, y, ball, eps, Context(seed=3))
    for i, own in enumerate(eps.tolist()):
        alone = maximise(method, model, x, y, ball.replace(eps=own), Context(seed=3))
        assert torch.allclose(found[i], alone[i], rtol=0, atol=1e-12)
        assert distance(ball, found[i : i + 1], x[i : i + 1]).item() <= own + 1e-12
    assert torch.equal(found[2], x[2])


@pytest.mark.parametrize("method", [FGSM(), RFGSM(), StepLL(), BIM(), IterLL(), PGD(steps=5)])
def test_in_float32_it_is_the_same_bit_for_bit(method):
    net, x = network().float(), images(3).float()
    y = net(x).argmax(1)
    eps = torch.tensor([0.03, 0.03, 0.03])
    together = maximise_each(method, net, x, y, Linf(), eps)
    assert torch.equal(together, maximise(method, net, x, y, Linf(eps[0].item())))


@pytest.mark.parametrize("method", [BIM(), RFGSM(), PGD(steps=3), IterRnd()])
def test_batches_take_their_own_radii_and_draws_along(model, x, y, method, monkeypatch):
    eps = radii_of(Linf(0.1), len(x))
    whole = maximise_each(method, model, x, y, Linf(), eps)
    monkeypatch.setattr("lab.attacks.batches.batch_size", lambda _device: 5)
    assert torch.allclose(maximise_each(method, model, x, y, Linf(), eps), whole, atol=1e-12)


def test_an_image_costs_only_its_own_steps(x):
    sizes = []

    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = network()

        def forward(self, pixels):
            sizes.append(len(pixels))
            return self.inner(pixels)

    eps = torch.tensor([1, 4, 16]) / 255
    maximise_each(BIM(), Counting(), x[:3], torch.zeros(3, dtype=torch.long), Linf(), eps)
    assert sizes == [2, 3, *[2] * 4, *[1] * 15]  # the check, then 1, 5 and 20 steps


@every
def test_a_sweep_decides_as_one_ball_at_a_time(model, method, norm):
    x, balls = images(30), [norm(eps * (1 if norm is Linf else 6)) for eps in (0.0, 0.004, 0.05, 0.01)]
    with torch.no_grad():
        y = model(x).argmax(1)
    y[-1] = (y[-1] + 1) % 10
    together = attack_sweep(method, model, x, y, balls, Context(seed=5))
    for ball, found in zip(balls, together, strict=True):
        alone = attack(method, model, x, y, ball, Context(seed=5))
        assert judge(x, y, found, model, ball).robust.tolist() == judge(x, y, alone, model, ball).robust.tolist()
        if method not in SEVERAL:
            assert torch.allclose(found, alone, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", [FGSM(), PGD(steps=3), AutoAttack((APGD(steps=3),)), Square(queries=20)])
def test_a_sweep_for_the_largest_loss_goes_as_far_as_one_ball_at_a_time(model, x, method):
    y, balls = torch.arange(len(x)) % 10, [Linf(0.004), Linf(0.05)]
    found = attack_sweep(method, model, x, y, balls, Context(seed=5), largest=True)
    for ball, swept in zip(balls, found, strict=True):
        torch.testing.assert_close(swept, maximise(method, model, x, y, ball, Context(seed=5)), rtol=0, atol=1e-6)


def test_a_sweep_is_one_batch(model, x):
    sizes = []

    class Counting(nn.Module):
        def forward(self, pixels):
            sizes.append(len(pixels))
            return model(pixels)

    attack_sweep(FGSM(), Counting(), x, model(x).argmax(1), [Linf(0.01 * i) for i in range(5)])
    assert sizes == [2, 5 * len(x)]


@pytest.mark.parametrize(
    ("method", "balls"),
    [
        (FlipPixels(), [L0(1), L0(2)]),
        (Square(queries=5), [Linf(0.1), Linf(0.2)]),
        (FGSM(), [Linf(0.1), L2(1)]),
        (CarliniWagnerLinf(steps=5), [Linf(0.01), Linf(0.2)]),
        (FGSM(), [Linf(0.1)]),
        (FGSM(), []),
    ],
)
def test_what_shares_no_batch_is_swept_all_the_same(model, x, y, method, balls):
    found = attack_sweep(method, model, x, y, balls)
    assert len(found) == len(balls)
    for ball, each in zip(balls, found, strict=True):
        assert torch.equal(each, attack(method, model, x, y, ball))


@pytest.mark.parametrize("method", [FGSM(), BIM(), PGD(steps=2)])
def test_no_images_are_no_trouble(model, x, y, method):
    assert maximise_each(method, model, x[:0], y[:0], Linf(), torch.zeros(0)).shape == (0, *x.shape[1:])
    assert [len(found) for found in attack_sweep(method, model, x[:0], y[:0], [Linf(0.1)] * 3)] == [0, 0, 0]


def test_what_cannot_be_is_said(model, x, y):
    eps = torch.full((len(x),), 0.1)
    with pytest.raises(AttackError, match="Square attack takes the same ε for all images"):
        maximise_each(Square(), model, x, y, Linf(), eps)
    with pytest.raises(AttackError, match="one ε for each of the 12 images, but there are 11"):
        maximise_each(FGSM(), model, x, y, Linf(), eps[1:])
    with pytest.raises(AttackError, match="not in L0"):
        maximise_each(FGSM(), model, x, y, L0(), eps)
    for wrong in (-0.1, float("nan"), 1.5):
        with pytest.raises(SpecError, match=r"Linf\.eps"):
            maximise_each(FGSM(), model, x, y, Linf(), torch.where(torch.arange(12) == 3, wrong, eps))
