"""Recorded steps compute what called ones do. Without a GPU nothing is recorded, and that is all that can be tested."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, attack_in_bfloat16, judge, maximise
from lab.attacks.graphs import WORTH, Recorded, repeated
from lab.context import Context
from lab.errors import AttackError
from lab.specs import BIM, L2, PGD, CarliniWagnerLinf, Linf
from tests.attacks.conftest import images, network

needs_a_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")


def test_on_a_processor_the_step_itself_is_taken(model, x):
    def step(pixels):
        return pixels, model(pixels)

    assert repeated(step, x, 1000) is step


@pytest.mark.parametrize("keep_best", [False, True])
def test_restarts_walk_together_as_many_as_fill_a_batch(model, x, y, keep_best, monkeypatch):
    spec = PGD(steps=3, step_size=0.02, restarts=7, keep_best=keep_best)
    together = maximise(spec, model, x, y, Linf(0.1))
    sizes = []

    class Counting(nn.Module):
        def forward(self, pixels):
            sizes.append(len(pixels))
            return model(pixels)

    monkeypatch.setattr("lab.attacks.iterative.batch_size", lambda _device: 3 * len(x))
    assert torch.allclose(maximise(spec, Counting(), x, y, Linf(0.1)), together, atol=1e-12)
    assert sizes == [2, *[36] * 4, *[36] * 4, *[12] * 4]


def test_restarts_that_do_not_fit_walk_in_smaller_groups(model, x, y):
    spec = PGD(steps=2, step_size=0.02, restarts=6)

    class Small(nn.Module):
        def forward(self, pixels):
            if len(pixels) > 30:
                raise torch.OutOfMemoryError
            return model(pixels)

    assert torch.allclose(maximise(spec, Small(), x, y, Linf(0.1)), maximise(spec, model, x, y, Linf(0.1)), atol=1e-12)


def pictures():
    """A network and images in float32 on the CUDA device, and the same on the processor."""
    net, x = network(channels=3).float(), images(20, channels=3).float()
    y = net(x).argmax(1)
    return net, x, y, network(channels=3).float().cuda()


@pytest.mark.parametrize("spec", [PGD(steps=WORTH), PGD(steps=20, restarts=5, momentum=0.5), BIM(steps=10)])
@pytest.mark.parametrize("ball", [Linf(0.03), L2(0.5)])
@pytest.mark.gpu
@needs_a_gpu
def test_a_gpu_finds_the_same_images(spec, ball):
    net, x, y, there = pictures()
    for run in (attack, maximise):
        found, expected = run(spec, there, x, y, ball).cpu(), run(spec, net, x, y, ball)
        assert (found - expected).abs().flatten(1).amax(1).lt(1e-4).float().mean() > 0.8  # signs near zero may differ
        assert judge(x, y, found, net, ball).robust_accuracy == pytest.approx(
            judge(x, y, expected, net, ball).robust_accuracy, abs=0.1
        )


@pytest.mark.gpu
@needs_a_gpu
def test_a_recorded_step_answers_as_a_called_one():
    _, x, _, there = pictures()

    def step(pixels):
        with torch.no_grad():
            return 2 * pixels, there(pixels)

    taken = repeated(step, x.cuda(), WORTH)
    assert isinstance(taken, Recorded)
    for shown in (x.cuda(), x.flip(0).cuda()):
        doubled, logits = taken(shown)
        assert torch.equal(doubled, 2 * shown)
        assert torch.allclose(logits, there(shown), atol=1e-4)
    assert not isinstance(repeated(step, x.cuda(), WORTH - 1), Recorded)


@pytest.mark.gpu
@needs_a_gpu
def test_a_step_that_cannot_be_recorded_is_called():
    _, x, y, there = pictures()

    class Asking(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = there

        def forward(self, pixels):
            return self.inner(pixels) * (1.0 if pixels.mean().item() > -1 else 0.0)

    spec, ball = PGD(steps=WORTH), Linf(0.03)
    found, expected = (maximise(spec, each, x, y, ball, Context()) for each in (Asking(), there))
    assert (found - expected).abs().flatten(1).amax(1).lt(1e-4).float().mean() > 0.8


@pytest.mark.gpu
@needs_a_gpu
def test_what_a_gpu_refuses_is_said_in_one_sentence():
    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.zeros(10))

        def forward(self, pixels):
            return pixels.new_zeros(len(pixels), 10)

    with pytest.raises(AttackError, match="gradient"):
        maximise(PGD(), Flat().cuda(), images(2).float(), torch.zeros(2, dtype=torch.long), Linf(0.1))


@pytest.mark.gpu
@needs_a_gpu
@pytest.mark.parametrize("run", [attack, attack_in_bfloat16])
def test_every_way_of_attacking_runs_there(run):
    _, x, y, there = pictures()
    for spec in (PGD(steps=10, restarts=3), CarliniWagnerLinf(steps=20)):
        judge(x, y, run(spec, there, x, y, Linf(0.03)), there, Linf(0.03))
