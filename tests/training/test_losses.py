"""The loss of every recipe against a computation by hand, and what its gradient does."""

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, kl_div, log_softmax

from lab.attacks import maximise
from lab.attacks.radii import Radii
from lab.context import Context
from lab.errors import SpecError
from lab.models import embed
from lab.specs import (
    FGSM,
    TRADES,
    Adversarial,
    Bidirectional,
    Linf,
    OwnExamples,
    Pivot,
    Standard,
    kurakin_training,
    pivot_training,
)
from lab.training.losses import batch_loss
from lab.training.losses.trades import most_divergent
from lab.training.similarity import dissimilarity
from lab.training.step import Moment
from lab.training.strength import strengths, warmed_up

BALL, CTX, NOW = Linf(0.1), Context(seed=3), Moment(0, 0.0)
SOURCE = OwnExamples(FGSM(labels="predicted"))


def attacked(model, batch, k):
    return maximise(SOURCE.attack, model, batch.x[:k], batch.y[:k], BALL)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_standard_is_the_cross_entropy(network, batch_of, smoothing):
    batch = batch_of(6)
    step = batch_loss(Standard(label_smoothing=smoothing), network, batch, NOW, CTX)
    truth = torch.eye(10)[batch.y] * (1 - smoothing) + smoothing / 10  # Szegedy et al. 2015, §7
    expected = -(truth * log_softmax(network(batch.x), 1)).sum(1).mean()
    assert torch.allclose(step.loss, expected)
    assert step.metrics["clean"] == (network(batch.x).argmax(1) == batch.y).float().mean()


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
def test_kurakins_mixture(network, batch_of, weight):
    """Kurakin et al. 2017, §3: k of m replaced, each adversarial image counts λ times."""
    batch, k = batch_of(9), 4
    recipe = Adversarial(source=SOURCE, ball=BALL, weight=weight, share=0.5, keep_clean=False)
    losses = cross_entropy(network(torch.cat([attacked(network, batch, k), batch.x[k:]])), batch.y, reduction="none")
    expected = (losses[k:].sum() + weight * losses[:k].sum()) / (5 + weight * 4)
    assert torch.allclose(batch_loss(recipe, network, batch, NOW, CTX).loss, expected)


@pytest.mark.parametrize("kind", [Bidirectional, Pivot])
@pytest.mark.parametrize("layer", ["logits", "embedding"])
@pytest.mark.parametrize("norm", [1, 2])
def test_similarity_is_added_inside_the_mean(network, batch_of, kind, layer, norm):
    """Na et al. 2018, §3.3: (Σ L + λ Σ L' + λ₂ Σ ‖E' − E‖ₙⁿ) / (m − k + λ k)."""
    batch, k, x_adv = batch_of(8), 4, attacked(network, batch_of(8), 4)
    recipe = Adversarial(
        source=SOURCE, ball=BALL, weight=0.3, share=0.5, similarity=kind(weight=0.2, norm=norm, layer=layer)
    )
    (e, z), (e_adv, z_adv) = embed(network, batch.x), embed(network, x_adv)
    pair = (e[:k], e_adv) if layer == "embedding" else (z[:k], z_adv)
    distance = (pair[1] - pair[0]).abs() if norm == 1 else (pair[1] - pair[0]) ** 2
    total = cross_entropy(z, batch.y, reduction="sum") + 0.3 * cross_entropy(z_adv, batch.y[:k], reduction="sum")
    expected = (total + 0.2 * distance.sum()) / (8 + 0.3 * 4)
    assert torch.allclose(batch_loss(recipe, network, batch, NOW, CTX).loss, expected, rtol=1e-5)


@pytest.mark.parametrize("kind", [Bidirectional, Pivot])
@pytest.mark.parametrize("norm", [1, 2])
def test_in_the_units_of_the_code_half_the_distances_stand_outside_the_mean(network, batch_of, kind, norm):
    """Na et al.'s model.py: CE / (m - k + λ k) + λ₂ · ½ Σ ‖d‖²; (64 + 0.3 · 64) / 2 = 41.6 times as strong."""
    batch = batch_of(8)
    recipe = Adversarial(source=SOURCE, ball=BALL, weight=0.3)

    def loss(**settings: object) -> float:
        return batch_loss(recipe.replace(**settings), network, batch, NOW, CTX).loss.item()

    without = loss()
    as_printed = loss(similarity=kind(weight=10.0, norm=norm)) - without
    as_coded = loss(similarity=kind(weight=10.0, norm=norm, units="authors' code")) - without
    assert as_printed > 0
    assert as_coded == pytest.approx(as_printed * (8 + 0.3 * 8) / 2, rel=1e-3)


@pytest.mark.parametrize(("detached", "moves"), [(True, False), (False, True)])
def test_only_a_detached_pivot_stays(detached, moves):
    clean, adversarial = (torch.randn(3, 2, generator=CTX.generator(i)).requires_grad_() for i in range(2))
    dissimilarity(Pivot(weight=1.0, detached=detached), clean, adversarial, 1.0).backward()
    assert torch.allclose(adversarial.grad, 2 * (adversarial - clean))
    assert (clean.grad is not None) == moves
    assert not moves or torch.equal(clean.grad, -adversarial.grad)


def test_bidirectional_moves_both():
    clean, adversarial = (torch.randn(3, 2, generator=CTX.generator(i)).requires_grad_() for i in range(2))
    dissimilarity(Bidirectional(weight=1.0), clean, adversarial, 1.0).backward()
    assert torch.allclose(adversarial.grad, 2 * (adversarial - clean))
    assert torch.equal(clean.grad, -adversarial.grad)


def test_clean_images_are_needed_where_they_are_compared():
    with pytest.raises(SpecError, match="keep these in the batch"):
        pivot_training(keep_clean=False)
    with pytest.raises(SpecError, match="nothing is learnt"):
        Adversarial(weight=0.0, keep_clean=False)


def test_attacks_begin_after_the_delay(network, batch_of):
    recipe, batch = Adversarial(source=SOURCE, ball=BALL, delay=5), batch_of(6)
    before, after = (batch_loss(recipe, network, batch, Moment(step, 0.0), CTX) for step in (4, 5))
    assert torch.equal(before.loss, batch_loss(Standard(), network, batch, NOW, CTX).loss)
    assert "adversarial" not in before.metrics
    assert after.metrics["eps"].item() == pytest.approx(0.1, rel=1e-4)


def test_eps_warms_up_linearly():
    assert [warmed_up(Linf(0.3), epoch, 10).eps for epoch in (0, 5, 10, 20)] == pytest.approx([0, 0.15, 0.3, 0.3])
    assert warmed_up(Linf(0.3), 0, 0).eps == 0.3


@pytest.mark.parametrize(("beyond", "mean", "at_most"), [("drawn again", 0.3618, 0), ("clipped", 0.3907, 0.0455)])
def test_each_image_has_its_own_eps(beyond, mean, at_most):
    """|N(0, ½)| cut at 1: the truncated mean is 2 σ (φ(0) − φ(2)) / (2 Φ(2) − 1); 4.55% lie beyond two deviations."""
    recipe = kurakin_training(beyond=beyond)
    region = strengths(recipe, Linf(0.2), 20_000, CTX)
    assert isinstance(region, Radii)
    eps = region.eps / 0.2
    assert eps.min() >= 0
    assert eps.max() <= 1
    assert eps.mean().item() == pytest.approx(mean, abs=0.006)
    assert (eps == 1).double().mean().item() == pytest.approx(at_most, abs=0.005)
    assert torch.equal(strengths(recipe, Linf(0.2), 3, CTX.at(7)).eps, region.eps[7:10])


def test_the_strengths_are_kept(network, batch_of):
    """Step-LL moves some pixel of nearly every image by its full eps, so the mean distance tells the mean eps."""
    step = batch_loss(kurakin_training(ball=Linf(0.2)), network, batch_of(64), NOW, CTX)
    region = strengths(kurakin_training(), Linf(0.2), 32, CTX.seeded("step", 0))
    assert step.metrics["eps"].item() == pytest.approx(region.eps.mean().item(), rel=1e-4)


def test_trades(network, batch_of):
    """Zhang et al. 2019, eq. 5, and an inner maximum that is one."""
    recipe, batch = TRADES(ball=BALL, steps=5, step_size=0.05, beta=6.0), batch_of(8)
    x_adv = most_divergent(recipe, network, batch.x, BALL, CTX.seeded("step", 0))
    p, q = log_softmax(network(batch.x), 1), log_softmax(network(x_adv), 1)
    divergence = (p.exp() * (p - q)).sum(1).mean()
    step = batch_loss(recipe, network, batch, NOW, CTX)
    assert torch.allclose(step.loss, cross_entropy(network(batch.x), batch.y) + 6 * divergence)
    nearby = batch.x + 0.1 * torch.randn(batch.x.shape, generator=CTX.generator()).sign()
    random = kl_div(log_softmax(network(nearby.clamp(0, 1)), 1), p, reduction="batchmean", log_target=True)
    assert divergence > 2 * random
    assert (x_adv - batch.x).abs().max() <= 0.1 + 1e-6


class Normed(nn.Module):
    """A classifier with batch normalisation that counts its passes in training mode."""

    def __init__(self):
        super().__init__()
        self.norm, self.head, self.passes = nn.BatchNorm2d(1), nn.Linear(784, 10), 0
        nn.init.normal_(self.head.weight, std=0.1, generator=torch.Generator().manual_seed(0))

    def forward(self, x):
        self.passes += self.training
        return self.head(self.norm(x).flatten(1))


@pytest.mark.parametrize("recipe", [kurakin_training(ball=BALL), pivot_training(ball=BALL), TRADES(ball=BALL, steps=3)])
def test_batch_normalisation_sees_one_mixed_batch_and_nothing_of_the_attack(recipe, batch_of):
    """The running statistics are those of a single pass over what the loss is taken on. Kurakin et al. 2017, §3."""
    model, batch, seen = Normed().train(), batch_of(8), []
    model.norm.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]) if module.training else None)
    batch_loss(recipe, model, batch, NOW, CTX)
    assert model.passes == 1
    [mixed] = seen
    plain = nn.BatchNorm2d(1).train()
    plain(mixed)
    assert len(mixed) == (8 if recipe.batch == 32 else 16)
    assert torch.equal(model.norm.running_mean, plain.running_mean)
    assert torch.equal(model.norm.running_var, plain.running_var)
    assert model.norm.num_batches_tracked == 1
    assert model.training
    assert all(each.requires_grad for each in model.parameters())
