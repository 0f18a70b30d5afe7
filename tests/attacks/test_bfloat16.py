"""A search in bfloat16 whose verdicts are float32's."""

import pytest
import torch
from torch import nn

from lab.attacks import attack, attack_in_bfloat16, computes_bfloat16, judge
from lab.attacks.bfloat16 import CLOSE, InBfloat16, doubtful
from lab.context import Context
from lab.data import load
from lab.errors import AttackError
from lab.models import load as load_model
from lab.specs import BIM, FGSM, L2, PGD, Digits, Linf, Square, StepRnd, Trained, WorstCase
from tests.attacks.conftest import Linear, images, network
from tests.families import family


@pytest.fixture(autouse=True)
def able(monkeypatch):
    """PyTorch computes in bfloat16 on every processor; only some do it fast."""
    monkeypatch.setattr("lab.attacks.bfloat16.computes_bfloat16", lambda _device: True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "eps"),
    family([("pgd-trained", 0.3), ("standard", 0.05), ("fgsm-trained", 0.1)], lambda name, eps: name == "fgsm-trained"),
)
def test_what_float32_fells_falls_here_too(name, eps):
    test, model, ball = load(Digits()).test, load_model(Trained(name)), Linf(eps)
    x, y, spec = test.images(range(100)), test.labels(range(100)), PGD(steps=20, step_size=eps / 15)
    exact = judge(x, y, attack(spec, model, x, y, ball), model, ball)
    rough = judge(x, y, attack_in_bfloat16(spec, model, x, y, ball), model, ball)
    assert 0.05 < exact.robust_accuracy < 0.95
    assert (rough.robust <= exact.robust).all()
    assert exact.robust_accuracy - rough.robust_accuracy <= 0.03


@pytest.mark.slow
@pytest.mark.parametrize("spec", [FGSM(), BIM(), StepRnd(), Square(queries=20), WorstCase((FGSM(), PGD(steps=3)))])
@pytest.mark.parametrize("ball", [Linf(0.02), L2(0.3)])
def test_every_attack_can_be_searched_so(spec, ball):
    net, x = network().float(), images(40).float()
    y = net(x).argmax(1)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    found = attack_in_bfloat16(spec, net, x, y, ball)
    assert found.dtype == torch.float32
    judge(x, y, found, net, ball)
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())


def test_a_fall_that_float32_does_not_confirm_goes_on():
    """In bfloat16 every image of this model falls at once: a hair's breadth decides, which its rounding hides."""
    weight = torch.zeros(2, 16)
    weight[0, 0], weight[1, 0] = 1.0, 1.0
    net, x = Linear(weight, torch.tensor([2e-4, 0.0])), torch.full((5, 1, 4, 4), 0.5)
    y = torch.zeros(5, dtype=torch.long)
    with torch.no_grad():
        assert (net(x).argmax(1) == 0).all()
        assert torch.equal(*InBfloat16(net)(x).unbind(1))
    seen = []
    ctx = Context(on_progress=lambda progress: seen.append(progress.fraction))
    judge(x, y, attack_in_bfloat16(PGD(steps=4), net, x, y, Linf(0.1), ctx), net, Linf(0.1))
    assert seen == sorted(seen)
    assert max(seen) > 2 / 3  # the second search, in float32


def test_what_is_doubtful():
    exact = torch.tensor([[10.0, 1.0], [10.0, 9.9], [10.0, 1.0], [1.0, 10.0]])
    rough = torch.tensor([[10.0, 1.0], [10.0, 9.9], [1.0, 10.0], [1.0, 10.0]])
    assert doubtful(rough, exact, torch.zeros(4, dtype=torch.long)).tolist() == [False, True, True, False]
    assert 0.01 < CLOSE < 0.1


def test_images_of_another_type_and_devices_without_it_are_attacked_as_ever(model, x, y, monkeypatch):
    assert torch.equal(
        attack_in_bfloat16(PGD(steps=3), model, x, y, Linf(0.1)), attack(PGD(steps=3), model, x, y, Linf(0.1))
    )
    monkeypatch.setattr("lab.attacks.bfloat16.computes_bfloat16", lambda _device: False)
    net, x = model.float(), x.float()
    assert torch.equal(
        attack_in_bfloat16(PGD(steps=3), net, x, y, Linf(0.1)), attack(PGD(steps=3), net, x, y, Linf(0.1))
    )


def test_a_model_without_bfloat16_is_refused_in_one_sentence(x, y):
    class Fixed(nn.Module):
        def forward(self, pixels):
            return pixels.flatten(1) @ torch.ones(144, 10)

    with pytest.raises(AttackError, match=r"does not compute in bfloat16 \(.*\): attack it in float32\.$"):
        attack_in_bfloat16(FGSM(), Fixed(), x.float(), y, Linf(0.1))


def test_devices_are_asked():
    assert computes_bfloat16(torch.device("meta")) is False
    assert isinstance(computes_bfloat16(torch.device("cpu")), bool)
