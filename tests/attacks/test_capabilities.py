"""Every attack states what it needs and can do, and what it states is so."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, maximise, maximise_each
from lab.context import Context
from lab.errors import AttackError, SpecError
from lab.specs import (
    BIM,
    FAB,
    FGSM,
    L2,
    NES,
    PGD,
    RFGSM,
    APGDTargeted,
    AttackSpec,
    AutoAttack,
    EnsembleAttack,
    Estimator,
    FiniteDifferences,
    FlipPixels,
    Linf,
    QueryPGD,
    QueryRFGSM,
    RotateTranslate,
    Square,
    StepRnd,
    WorstCase,
)
from lab.specs.pace import pace
from lab.specs.pixels import L0
from lab.specs.spatial import Spatial
from lab.specs.spec import family_of
from tests.attacks.conftest import images, network
from tests.attacks.test_every_attack import CASES, SIDE
from tests.families import family

VARIANTS = [
    (FGSM(alpha=0.3), Linf(0.1)),
    (FGSM(labels="random"), Linf(0.1)),
    (RFGSM(alpha=0.0), Linf(0.1)),
    (BIM(steps=3, labels="random"), L2(0.7)),
    (PGD(steps=3, random_start=False), Linf(0.1)),
    (PGD(steps=3, random_start=False, labels="random"), Linf(0.1)),
    (FAB(steps=1, restarts=3), Linf(0.3)),
    (QueryPGD(steps=2, random_start=False, estimator=FiniteDifferences()), Linf(0.1)),
    (QueryPGD(steps=2, random_start=False, estimator=NES(6)), Linf(0.1)),
    (QueryRFGSM(alpha=0.0), Linf(0.1)),
    (FlipPixels(search="greedy"), L0(3)),
    (FlipPixels(search="gradient"), L0(3)),
    (RotateTranslate(search="random", tries=3), Spatial()),
    (RotateTranslate(search="gradient", tries=2, steps=3), Spatial()),
    (WorstCase((FGSM(), BIM(steps=2))), Linf(0.1)),
    (WorstCase((StepRnd(), StepRnd(alpha=0.5))), Linf(0.1)),
]
EVERY = [*CASES, *(pytest.param(*each, id=f"variant-{i}", marks=pytest.mark.slow) for i, each in enumerate(VARIANTS))]
every = pytest.mark.parametrize(("method", "ball"), EVERY)
in_one_norm = pytest.mark.parametrize(("method", "ball"), family(EVERY, lambda method, ball: not isinstance(ball, L2)))


@pytest.fixture
def model():
    return network(side=SIDE)


@pytest.fixture
def x():
    return images(7, side=SIDE)


@pytest.fixture
def y(model, x):
    with torch.no_grad():
        return model(x).argmax(1)


@in_one_norm
def test_what_is_deterministic_draws_nothing_and_all_else_does(model, x, y, method, ball):
    found = [maximise(method, model, x, y, ball, Context(seed)) for seed in (1, 2, 3)]
    assert method.capabilities.deterministic == all(torch.equal(found[0], each) for each in found[1:])


class Seen(torch.autograd.Function):
    """The identity, which notes each gradient that goes through it."""

    passed = 0

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        Seen.passed += 1
        return gradient


@every
def test_a_gradient_is_taken_where_it_is_stated(model, x, y, method, ball):
    class Watched(nn.Module):
        def forward(self, pixels):
            return model(Seen.apply(pixels))

    Seen.passed = 0
    attack(method, Watched(), x, y, ball)
    assert method.capabilities.gradient == (Seen.passed > 0)


@every
def test_an_eps_of_its_own_for_each_image_is_taken_where_it_is_stated(model, x, y, method, ball):
    eps = torch.linspace(0.02, 0.1, len(x))
    if method.capabilities.eps_per_image:
        found = maximise_each(method, model, x, y, ball, eps)
        moved = (found - x).abs().flatten(1).amax(1)
        assert (moved <= eps + 1e-6).all()
        assert moved[-1] > moved[0]
    else:
        with pytest.raises(AttackError, match=r"takes the same ε for all images: choose an attack .* such as PGD"):
            maximise_each(method, model, x, y, ball, eps)


@every
def test_what_crosses_the_ball_has_a_pace(method, ball):
    assert method.capabilities.to_cross in (0, 1, 2)
    if method.capabilities.to_cross:
        assert pace(method, 0.1).steps > 0
    else:
        with pytest.raises(SpecError, match="takes no gradient steps"):
            pace(method, 0.1)


def test_what_is_made_of_attacks_can_do_what_all_of_them_can():
    parts = (APGDTargeted(), Square())
    found = AutoAttack(parts).capabilities
    assert (found.gradient, found.deterministic, found.eps_per_image) == (True, False, False)
    assert WorstCase((RotateTranslate(),)).balls == (Spatial,)
    assert WorstCase((RotateTranslate(), PGD())).balls == ()
    inner = PGD(random_start=False)
    ensemble = EnsembleAttack(inner).capabilities
    assert (ensemble.deterministic, ensemble.eps_per_image, ensemble.retried, ensemble.to_cross) == (
        True,
        True,
        False,
        0,
    )
    assert inner.capabilities.to_cross == 1


def test_an_attack_or_estimator_that_states_nothing_is_refused():
    with pytest.raises(SpecError, match=r"^AttackSpec does not state its capabilities: give it a property"):
        AttackSpec().capabilities  # noqa: B018
    assert all(isinstance(kind.random, bool) for kind in family_of(Estimator))
    assert not hasattr(Estimator, "random")
