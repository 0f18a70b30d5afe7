"""Every named recipe: it learns something, twice the same, and its numbers are the paper's."""

import pytest
import torch

from lab.attacks import evaluate
from lab.context import Context
from lab.data import Dataset, Split
from lab.errors import SpecError
from lab.models import build, load as load_model
from lab.results import pack, unpack
from lab.specs import (
    BIM,
    CIFAR10,
    FGSM,
    PGD,
    PRESETS,
    SVHN,
    TRADES,
    Adversarial,
    CascadeExamples,
    Digits,
    EnsembleExamples,
    FashionMNIST,
    Linf,
    OwnExamples,
    Pivot,
    SmallCNN,
    Standard,
    StepLL,
    Trained,
    cascade_training,
    ensemble_training,
    fast_training,
    fgsm_training,
    from_dict,
    kurakin_training,
    leaking_training,
    pivot_cascade_training,
    rfgsm_training,
    to_dict,
    trades_training,
)
from lab.training import measure as measuring
from lab.training.losses import batch_loss
from lab.training.measure import holdout, measure, measured_in
from lab.training.prepared import prepare
from lab.training.step import Batch, Moment

SMALL = CascadeExamples(defended=Trained("fgsm-trained"), iterative=BIM(steps=2, step_size=0.0), levels=4)


def quick(recipe):
    """The same recipe in short: fewer steps, fewer levels."""
    if isinstance(recipe, TRADES):
        return recipe.replace(steps=2, step_size=0.1, ball=Linf(0.1))
    if isinstance(recipe, Adversarial) and isinstance(recipe.source, CascadeExamples):
        return recipe.replace(source=SMALL, ball=Linf(0.1))
    if isinstance(recipe, Adversarial) and isinstance(getattr(recipe.source, "attack", None), PGD):
        return recipe.replace(source=OwnExamples(PGD(steps=2, step_size=0.1)), ball=Linf(0.1))
    return recipe.replace(ball=Linf(0.1)) if isinstance(recipe, Adversarial) else recipe


def trained(recipe, data, steps=6):
    """The weights and losses after some steps of plain gradient descent with momentum."""
    model, ctx = build(SmallCNN(4)).train(), Context(seed=recipe.seed)
    prepared = prepare(recipe, data, ctx)
    optimiser = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    losses = []
    for step in range(steps):
        index = torch.arange(16) + 16 * (step % 3)
        batch = Batch(data.train.images(index), data.train.labels(index), index, prepared)
        found = batch_loss(recipe, model, batch, Moment(step, step / 3), ctx.seeded("epoch", step // 3))
        optimiser.zero_grad()
        found.loss.backward()
        optimiser.step()
        losses.append(found.loss.item())
    return torch.cat([each.detach().flatten() for each in model.parameters()]), losses


@pytest.mark.parametrize("preset", PRESETS, ids=lambda each: each.name)
def test_every_preset_trains_and_repeats_itself(preset, digits):
    few = Dataset("few", Split(digits.train.x[:48], digits.train.y[:48]), digits.test, digits.class_names, "")
    recipe = quick(preset.build(epochs=1))
    weights, losses = trained(recipe, few)
    assert sum(losses[3:]) < sum(losses[:3])
    again, _ = trained(recipe, few)
    assert torch.equal(weights, again)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda each: each.name)
def test_every_preset_is_a_recipe_with_its_paper(preset):
    recipe = preset.build(epochs=3, seed=7)
    assert (recipe.epochs, recipe.seed) == (3, 7)
    assert from_dict(to_dict(recipe)) == recipe
    assert preset.meaning.endswith(".")
    assert preset.paper or isinstance(recipe, Standard)
    with pytest.raises(SpecError, match="has no field 'eps'"):
        preset.build(eps=0.1)


def test_the_numbers_are_the_papers():
    kurakin = kurakin_training()  # §3: m = 32, k = 16, λ = 0.3, N(0, 8) in [0, 16]
    assert (kurakin.batch, kurakin.share, kurakin.weight, kurakin.spread) == (32, 0.5, 0.3, 0.5)
    assert not kurakin.keep_clean
    assert kurakin.source == OwnExamples(StepLL())
    na = pivot_cascade_training()  # App. A: 64 of 128, λ = 0.3, λ₂ = 0.0001, N(0, max / 2) clipped
    assert (na.batch, na.share, na.keep_clean, na.weight, na.spread) == (64, 1.0, True, 0.3, 0.5)
    assert na.beyond == "clipped"
    assert na.similarity == Pivot(weight=1e-4, norm=2, units="authors' code", detached=False)
    assert (na.source.levels, na.source.share, na.source.levels_drawn) == (16, 0.5, "half-normal")
    alone = cascade_training()  # the code without a similarity loss: 64 of 128 replaced, as Kurakin et al. do
    assert (alone.batch, alone.share, alone.keep_clean, alone.weight) == (128, 0.5, False, 0.3)
    assert leaking_training() == kurakin_training(source=OwnExamples(FGSM(labels="true")))  # §4.2: Algorithm 1
    tramer = [fgsm_training(), rfgsm_training(), ensemble_training()]  # the code: Keras, learning phase 1 throughout
    assert {(each.initial, each.source.mode) for each in tramer} == {("Glorot uniform", "training")}
    fast = fast_training(ball=Linf(8 / 255)).source.attack  # Wong et al. 2020, §4: α = 1.25 eps
    assert (fast.steps, fast.random_start) == (1, True)
    assert fast.step_size == pytest.approx(10 / 255)
    assert (trades_training().steps, trades_training().step_size, trades_training().beta) == (40, 0.01, 1.0)
    with pytest.raises(SpecError, match="at least one static model"):
        EnsembleExamples(models=())


def test_networks_are_measured_in_the_ball_they_were_trained_against_or_in_their_datas():
    for recipe in (TRADES(ball=Linf(0.1)), Adversarial(ball=Linf(0.1))):
        assert recipe.trained_against == Linf(0.1)
        assert measured_in(recipe) == Linf(0.1)
    assert Standard().trained_against is None
    own = {Digits(): Linf(0.3), FashionMNIST(): Linf(0.1), CIFAR10(): Linf(8 / 255), SVHN(): Linf(8 / 255)}
    assert {data: measured_in(Standard(data=data)) for data in own} == own


def test_the_black_box_is_a_network_of_other_initial_weights(digits):
    assert holdout(Standard(), digits) == holdout(kurakin_training(), digits) == "standard-b"
    assert holdout(Standard(seed=1, epochs=3), digits) == "standard"
    assert holdout(Standard(seed=1, architecture=SmallCNN(3)), digits) == "standard-b"
    assert holdout(Standard(), Dataset("mine", digits.train, digits.test, digits.class_names, "")) == ""


def test_measured_has_a_black_box_only_with_a_source(digits):
    few = Dataset("few", digits.train, Split(digits.test.x[:20], digits.test.y[:20]), digits.class_names, "")
    model, names = load_model(Trained("fgsm-trained")), ["clean", "fgsm", "rfgsm", "step_ll", "pgd", "evaluation"]
    alone = measure(model, few, Linf(0.2), Context())
    assert (list(alone.shares()), alone.black_box, alone.n) == (names, None, 20)
    beside = measure(model, few, Linf(0.2), Context(), "standard")
    assert set(beside.shares()) == {*names, "black_box"}
    assert unpack(pack(beside)).shares() == beside.shares()
    assert beside.pgd <= min(beside.fgsm, beside.clean)


@pytest.mark.slow
def test_measured_has_the_evaluation_of_the_first_images_with_their_number(digits, monkeypatch):
    monkeypatch.setattr(measuring, "EVALUATED", 10)
    few = Dataset("few", digits.train, Split(digits.test.x[:20], digits.test.y[:20]), digits.class_names, "")
    model, seen = load_model(Trained("pgd-trained")), []
    found = measure(model, few, Linf(0.3), Context(on_partial=seen.append))
    x, y = digits.test.images(range(10)), digits.test.labels(range(10))
    assert (found.n, found.evaluated, seen) == (20, 10, [])
    assert found.evaluation == evaluate(model, x, y, Linf(0.3)).robust_accuracy
