"""Defences that only hide the gradient, or themselves: what is named, and what is found behind them."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import hardtanh

from lab.attacks.evaluation import evaluate
from lab.attacks.gradient import raw_gradient
from lab.attacks.straight_through import straight_through
from lab.attacks.traits import cut_at_the_edge, slopes
from lab.attacks.wrappers import inside
from lab.data import load as load_data
from lab.errors import AttackError
from lab.models import load as load_model
from lab.models.adapter import adapted
from lab.results.evaluation_checks import sentence
from lab.results.evaluation_verdict import BROKEN, MASKED, verdict
from lab.specs import L2, Digits, Linf, Trained
from tests.attacks.defences import DEFENCES, Neighbour
from tests.attacks.evaluated import ROBUST_SHOWN, broken_and_robust, digits, evaluated, failed
from tests.attacks.hidden_scores import COARSE, JUMPING, MULTIPLIED, STEEP
from tests.attacks.outside import IN_PYTORCH, OUTSIDE
from tests.attacks.wrapping import Before, Behind
from tests.families import family, firsts

FLAWS = {
    "undefended": set(),
    "logits × 1000": {"saturated"},
    "8 levels": {"gradients", "differentiable"},
    "thermometer": {"gradients", "differentiable"},
    "noise": {"randomness"},
    "resizing": {"randomness"},
    "detector": {"logits"},
    "shuffled": {"batch"},
    "no_grad": {"gradients", "differentiable"},
    "softmax": {"gradients", "differentiable"},
    "false gradient": {"gradients", "differentiable"},
    "false gradient inside": {"gradients"},
    "batch statistics": {"batch"},
    "dropout": {"randomness"},
    "dropout late": {"randomness"},
    "compressed": {"gradients", "differentiable"},
    "compression": {"gradients", "differentiable"},
    "integers": {"gradients", "differentiable"},
    "one-hot levels": {"gradients", "differentiable"},
    "detached": {"gradients", "differentiable"},
    "data": {"gradients", "differentiable"},
    "negated": {"gradients", "differentiable"},
    "hooked": {"gradients", "differentiable"},
    "winners": set(),
    "temperature": set(),
    "needs two": set(),
    "argmax": {"gradients", "differentiable"},
    "majority vote": {"gradients", "differentiable"},
    "clipped logits": {"gradients", "differentiable"},
    "sigmoids": {"gradients", "differentiable"},
    "rectified logits": set(),
    "tied logits": set(),
    "inference mode": {"gradients", "black box"},
    "shattered": {"black box"},
    "sign hidden": {"gradients", "differentiable"},
    "8 bits": {"gradients", "differentiable"},
    "8 bits truncated": {"gradients", "differentiable"},
    "earlier": {"state"},
    "cache": {"state"},
    "cache in a function": {"state"},
    "turns": {"state"},
    "refusing": {"state"},
    "raising": {"state"},
    "adapting": {"state"},
    "late": {"state"},
    "drifting": {"state"},
    "running statistics": {"state"},
    "own generator": {"randomness"},
    "noise of 1e-3": {"randomness"},
    "noise of 1e-6": {"randomness"},
    "logits ± 1e-3": {"randomness"},
    "logits ± 1e-6": {"randomness"},
    "winner detached": {"gradients"},
    "rows detached": {"gradients"},
    "rolled gradient": {"gradients"},
    "signs of the gradient": {"gradients"},
    "noisy gradient": {"gradients"},
    "mirrored for gradients": {"gradients"},
    **{each: {"gradients", "black box"} for each in COARSE},
    "rescaled": {"gradients"},
    **{each: {"boundary"} for each in JUMPING},
    **{each: {"gradients"} for each in MULTIPLIED},
    **{each: set() for each in STEEP},
    **{each: {"gradients", "differentiable"} for each in OUTSIDE},
    "medians": set(),
    "total variation": {"gradients", "differentiable"},
    "crops": {"randomness"},
    "deflected pixels": {"randomness"},
    "principal components": set(),
    "blend of clean images": {"boundary"},
    "purified": {"randomness"},
    "neighbours": {"gradients"},
    "pruned": {"randomness"},
    "sizes": {"gradients", "differentiable"},
    "output codes": {"boundary"},
    "rejecting": {"boundary"},
}
"""What is wrong with each defence of an undefended network, by the checks that must fail."""
COSTLY = {"false gradient inside", "shattered", "shuffled"}
OF_EACH_KIND = firsts(FLAWS, lambda defence: frozenset(FLAWS[defence])) - COSTLY | {"JPEG by Pillow"}


@pytest.mark.parametrize("defence", family(DEFENCES, OF_EACH_KIND.__contains__))
def test_a_defence_that_only_hides_the_gradient_is_named_and_broken(defence):
    """Athalye et al. 2018; Tramèr et al. 2020: no defence makes an undefended network robust at ε 0.2."""
    result = evaluated(DEFENCES[defence](copy.deepcopy(load_model(Trained("standard")))), n=16)
    assert FLAWS[defence] <= failed(result)
    assert result.robust_accuracy <= 0.1
    found = verdict(result)
    assert found.kind == (MASKED if FLAWS[defence] else BROKEN)
    assert found.flaws == tuple(sentence(each) for each in result.checks if each.state == "failed")


@pytest.fixture(scope="module")
def images(undefended):
    return broken_and_robust(undefended, Linf(0.05))


@pytest.mark.parametrize("defence", ["winner detached", pytest.param("rows detached", marks=pytest.mark.slow)])
def test_a_gradient_that_leaves_something_out_hides_no_image(undefended, images, defence):
    """Where its own direction still raises the loss, only others show that it is not the whole gradient."""
    result = evaluate(DEFENCES[defence](copy.deepcopy(undefended)), *images, Linf(0.05))
    assert verdict(result).kind == MASKED
    assert {"gradients", "differentiable"} <= failed(result)
    assert result.robust.sum() == ROBUST_SHOWN


@pytest.mark.slow
@pytest.mark.parametrize("defence", IN_PYTORCH)
def test_what_another_library_does_to_the_image_hides_none(undefended, images, defence):
    """The network inside is what the gradient comes from: as many images are left as where all of it has one."""
    found, open_ = (
        evaluate(each[defence](copy.deepcopy(undefended)), *images, Linf(0.05)) for each in (DEFENCES, IN_PYTORCH)
    )
    assert verdict(found).kind == MASKED
    assert {"gradients", "differentiable"} <= failed(found)
    assert found.robust.sum() <= open_.robust.sum()


EDGES = {
    "clamp": lambda x: x.clamp(0, 1),
    "relu": lambda x: x.relu(),
    "255": lambda x: (x * 255).clamp(0, 255) / 255,
    "hardtanh": lambda x: hardtanh(x, 0, 1),
}


@pytest.mark.parametrize("name", EDGES)
def test_a_clamp_takes_no_pixel_from_the_attacks(undefended, name):
    """Most pixels of a digit are exactly 0, where a clamp lets no gradient pass."""
    x, y = digits(16)
    model = Behind(copy.deepcopy(undefended), EDGES[name])
    assert cut_at_the_edge(adapted(model), x, y)
    assert not cut_at_the_edge(adapted(undefended), x, y)
    found, plain = (raw_gradient(each, x, torch.ones_like)[0] for each in (inside(model), undefended))
    torch.testing.assert_close(found, plain, rtol=0.05, atol=1e-2)
    torch.testing.assert_close(inside(model)(x), model(x), rtol=0, atol=0)


@pytest.mark.slow
@pytest.mark.parametrize("name", EDGES)
def test_the_first_attacks_break_as_much_behind_a_clamp(undefended, images, name):
    found, plain = (
        evaluate(each, *images, Linf(0.05)) for each in (Behind(copy.deepcopy(undefended), EDGES[name]), undefended)
    )
    assert verdict(found).kind == verdict(plain).kind
    assert found.robust.tolist() == plain.robust.tolist()
    assert found.stages[0].broken.tolist() == plain.stages[0].broken.tolist()


FALSE = ["rolled gradient", "signs of the gradient", "noisy gradient", "mirrored for gradients"]


@pytest.mark.parametrize("defence", family(FALSE, "signs of the gradient".__eq__))
def test_a_false_gradient_costs_queries_but_hides_no_image(undefended, images, defence):
    result = evaluate(DEFENCES[defence](copy.deepcopy(undefended)), *images, Linf(0.05))
    assert verdict(result).kind == MASKED
    assert {"gradients", "black box"} <= failed(result)
    assert result.robust.sum() <= ROBUST_SHOWN + 1


def autocast(network):
    def forward(x):
        with torch.autocast("cpu", torch.bfloat16):
            return network(x)

    return forward


PRECISIONS = {
    "float32": lambda network: network,
    "float64": lambda network: network.double(),
    "bfloat16": lambda network: network.bfloat16(),
    "half": lambda network: network.half(),
    "autocast": autocast,
}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["standard", "pgd-trained", "trades-trained", "fgsm-trained", "ensemble-trained"])
def test_no_rounding_nor_bend_is_taken_for_a_false_gradient(name, precision):
    model = adapted(PRECISIONS[precision](copy.deepcopy(load_model(Trained(name)))))
    for n in (6, 32, 100):
        assert slopes(model, *digits(n)).usable >= 0.95


def test_what_only_large_batches_change_is_seen():
    network = copy.deepcopy(load_model(Trained("standard")))
    model = Before(nn.Identity(), lambda x: network(x if len(x) < 100 else x.flip(-1)))
    result = evaluate(model, *digits(120), Linf(0.3))
    assert "batch" in failed(result)
    assert verdict(result).kind == MASKED
    assert result.clean_accuracy == evaluate(network, *digits(120), Linf(0.0)).clean_accuracy


class NoStandIn(nn.Module):
    """Takes whole numbers only, where BPDA puts others in their place."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        codes = (x * 15).round().to(torch.uint8)
        if codes.dtype != torch.uint8:
            raise TypeError("codes must be uint8")
        return self.network(codes.float() / 15)


@pytest.mark.parametrize("modules_too", [True, False])
def test_a_model_on_which_bpda_fails_is_evaluated_without_it(modules_too):
    model = NoStandIn(copy.deepcopy(load_model(Trained("standard"))))
    with pytest.raises(AttackError, match="codes must be uint8"):
        straight_through(model, modules_too)(digits(2)[0])
    result = evaluated(model, n=16)
    assert verdict(result).kind == MASKED
    assert result.robust_accuracy == 0


@pytest.mark.slow
def test_the_memory_of_images_is_masked_although_not_all_is_broken():
    """What the network says to the nearest of 200 images has no gradient, and black boxes lower its accuracy."""
    train = load_data(Digits()).train.images(range(200))
    result = evaluated(Neighbour(copy.deepcopy(load_model(Trained("standard"))), train), n=12)
    assert verdict(result).kind == MASKED
    assert result.robust_accuracy < result.clean_accuracy - 0.2


@pytest.mark.parametrize(("all_of_it", "by"), [(True, "black box"), (False, "differentiable")])
@pytest.mark.parametrize("ball", [Linf(0.15), L2(0.6)])
def test_features_behind_what_has_no_gradient_are_broken(ball, all_of_it, by):
    """A linear classifier of features (n, d) behind NumPy's rounding: nearly all features of these can be broken.

    By queries where ``all_of_it`` is in NumPy, else by the gradient of what is not.
    """
    draw = torch.Generator().manual_seed(0)
    x = torch.rand(40, 20, generator=draw)
    network = nn.Linear(20, 3)
    network.weight.data = torch.randn(3, 20, generator=draw)
    network.bias.data = -network.weight.data.sum(1) / 2

    def predict(x):
        rounded = (x.detach().numpy() * 15).round() / 15
        if all_of_it:
            return torch.from_numpy(rounded @ network.weight.data.numpy().T + network.bias.data.numpy())
        return network(torch.from_numpy(rounded))

    truth = evaluate(network, x, network(x).argmax(1), ball)
    hidden = evaluate(predict, x, predict(x).argmax(1), ball)
    assert hidden.robust_accuracy <= truth.robust_accuracy + 0.1
    assert {"gradients", by} <= failed(hidden)
    assert verdict(hidden).kind == MASKED
