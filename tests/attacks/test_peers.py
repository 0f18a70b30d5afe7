"""The same images as foolbox and torchattacks, in float64 and from the same points."""

import warnings

import pytest
import torch

from lab.attacks import maximise
from lab.context import Context
from lab.specs import BIM, FGSM, L2, PGD, RFGSM, FastGradientL2, Linf
from tests.attacks.conftest import images, network

pytestmark = pytest.mark.peers
STEPS = 7


@pytest.fixture
def middle():
    """A network and images away from 0 and 1, where the peers' orders of clipping and projecting differ."""
    model = network(channels=3).eval()
    x = 0.3 + 0.4 * images(10, channels=3)
    with torch.no_grad():
        return model, x, model(x).argmax(1)


def test_foolbox_takes_the_same_steps(middle):
    foolbox = _imported("foolbox")
    model, x, y = middle
    theirs = foolbox.PyTorchModel(model, bounds=(0, 1))
    attacks = foolbox.attacks
    cases = [
        (FGSM(), Linf(0.1), attacks.LinfFastGradientAttack()),
        (FastGradientL2(), L2(0.5), attacks.L2FastGradientAttack()),
        (BIM(STEPS, 0.02), Linf(0.1), attacks.LinfBasicIterativeAttack(abs_stepsize=0.02, steps=STEPS)),
        (BIM(STEPS, 0.2), L2(0.7), attacks.L2BasicIterativeAttack(abs_stepsize=0.2, steps=STEPS)),
        (_pgd(0.03), Linf(0.1), attacks.LinfPGD(abs_stepsize=0.03, steps=STEPS, random_start=False)),
        (_pgd(0.3), L2(0.7), attacks.L2PGD(abs_stepsize=0.3, steps=STEPS, random_start=False)),
    ]
    for spec, ball, attack in cases:
        expected = attack.run(theirs, x, y, epsilon=ball.eps)
        assert torch.allclose(maximise(spec, model, x, y, ball), expected, atol=1e-12), spec


def test_torchattacks_takes_the_same_steps(middle):
    torchattacks = _imported("torchattacks")
    model, x, y = middle
    cases = [
        (FGSM(), Linf(0.1), torchattacks.FGSM(model, eps=0.1)),
        (BIM(STEPS, 0.02), Linf(0.1), torchattacks.BIM(model, eps=0.1, alpha=0.02, steps=STEPS)),
        (_pgd(0.03), Linf(0.1), torchattacks.PGD(model, eps=0.1, alpha=0.03, steps=STEPS, random_start=False)),
        (_pgd(0.3), L2(0.7), torchattacks.PGDL2(model, eps=0.7, alpha=0.3, steps=STEPS, random_start=False)),
        (_pgd(0.03, momentum=1.0), Linf(0.1), torchattacks.MIFGSM(model, 0.1, 0.03, STEPS, decay=1.0)),
    ]
    for spec, ball, attack in cases:
        assert torch.allclose(maximise(spec, model, x, y, ball), attack(x, y), atol=1e-7), spec


def test_torchattacks_takes_the_same_random_step_with_the_same_seed(middle):
    torchattacks = _imported("torchattacks")
    model, x, y = middle
    theirs = torchattacks.RFGSM(model, eps=0.1, alpha=0.05, steps=1)
    for image in range(len(x)):
        ctx = Context(seed=8).at(image)
        [seed] = ctx.draws(range(1), 0, lambda generator: torch.tensor(generator.initial_seed()))
        with torch.random.fork_rng():
            torch.manual_seed(int(seed))
            expected = theirs(x[[image]], y[[image]])
        assert torch.allclose(maximise(RFGSM(), model, x[[image]], y[[image]], Linf(0.1), ctx), expected, atol=1e-12)


def _pgd(step_size: float, **more: float) -> PGD:
    return PGD(STEPS, step_size, random_start=False).replace(**more)


def _imported(name: str):
    """The peer, or a skipped test; what its import warns of is its own affair."""
    with warnings.catch_warnings(action="ignore"):
        return pytest.importorskip(name)
