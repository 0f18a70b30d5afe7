"""Steps that follow ε: the same as those that are set to what comes out, in every ball and for every image."""

import pytest
import torch

from lab.attacks import attack, attack_sweep, judge, maximise
from lab.context import Context
from lab.specs import BIM, L2, NES, PGD, IterLL, Linf, QueryPGD
from lab.specs.pace import pace

BALLS = [Linf(0.1), L2(0.7)]
FOLLOWING = [
    PGD(steps=6),
    PGD(steps=3, restarts=2, keep_best=True),
    PGD(steps=5, labels="every class"),
    PGD(steps=4, momentum=0.9),
    QueryPGD(steps=2, estimator=NES(directions=20)),
    BIM(steps=4),
    IterLL(steps=2),
]


@pytest.mark.parametrize("run", [attack, maximise])
@pytest.mark.parametrize("ball", BALLS)
@pytest.mark.parametrize("spec", FOLLOWING, ids=str)
def test_a_step_that_follows_eps_is_that_step(model, x, y, spec, ball, run):
    said = spec.replace(step_size=pace(spec, ball.eps).step_size)
    assert torch.equal(run(spec, model, x, y, ball, Context(3)), run(said, model, x, y, ball, Context(3)))
    shorter = said.replace(step_size=said.step_size / 7)
    assert not torch.equal(run(said, model, x, y, ball, Context(3)), run(shorter, model, x, y, ball, Context(3)))


@pytest.mark.parametrize("kind", [Linf, L2])
@pytest.mark.parametrize("spec", [PGD(steps=6), PGD(steps=4, restarts=3), BIM(steps=3)], ids=str)
def test_in_a_sweep_it_follows_the_eps_of_each_ball(model, x, y, spec, kind):
    balls = [kind(eps) for eps in (0.0, 0.01, 0.2)]
    for ball, found in zip(balls, attack_sweep(spec, model, x, y, balls, Context(3)), strict=True):
        alone = judge(x, y, attack(spec, model, x, y, ball, Context(3)), model, ball)
        together = judge(x, y, found, model, ball)
        assert (together.adversarial == alone.adversarial).all()
        assert (together.robust == alone.robust).all()
