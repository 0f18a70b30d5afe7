"""The loop: its lines of metrics, divergence, cancelling, precision, and batch normalisation."""

import numpy as np
import pytest
import torch

from lab.context import Cancelled, Context
from lab.data import Dataset, Split, load
from lab.errors import LabError
from lab.results.run import History
from lab.specs import (
    FGSM,
    PGD,
    SGD,
    Adam,
    Adversarial,
    Bidirectional,
    CascadeExamples,
    Constant,
    Digits,
    Linf,
    OneCycle,
    OwnExamples,
    PadCropFlip,
    Pivot,
    ResNet,
    RMSProp,
    SmallCNN,
    Standard,
    TramerD,
)
from lab.training import loop, train
from lab.training.divergence import Diverged, likely_cause
from lab.training.loop import fit
from lab.training.metrics import probe
from lab.training.parallel import Group

SMALL = Standard(architecture=SmallCNN(4), epochs=2, batch=128)
ATTACKED = Adversarial(architecture=SmallCNN(4), epochs=1, batch=256, source=OwnExamples(FGSM()))


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_lines_tell_the_course():
    recipe = ATTACKED.replace(epochs=2, schedule=OneCycle(), optimiser=Adam(0.01), warm_up=2)
    _, lines = fit(recipe, Context())
    history = History.of(lines)
    assert history.step.tolist() == list(range(1, 13))
    assert np.flatnonzero(history.epoch % 1 == 0).tolist() == np.flatnonzero(~np.isnan(history.probe_pgd)).tolist()
    assert not np.isnan(np.stack([history.loss, history.clean, history.adversarial, history.gradient])).any()
    assert (np.diff(history.seconds) > 0).all()
    assert history.learning_rate.max() <= 0.01
    assert history.learning_rate[-1] == 0
    assert history.eps[0] == 0
    assert (np.diff(history.eps) > 0).all()


def test_the_lines_are_partial_results():
    seen = []
    fit(SMALL, Context(on_partial=seen.append))
    assert seen[0].measured is None
    with pytest.raises(LabError, match="not finished"):
        _ = seen[0].accuracies


def test_the_line_is_the_mean_over_the_images(monkeypatch):
    """The last batch is smaller and counts less."""
    losses, real = [], loop.batch_loss

    def noting(recipe, model, batch, moment, ctx):
        found = real(recipe, model, batch, moment, ctx)
        losses.append((found.loss.item(), len(batch.y)))
        return found

    monkeypatch.setattr(loop, "batch_loss", noting)
    _, lines = fit(SMALL.replace(epochs=1, batch=1000), Context())
    assert [count for _, count in losses] == [1000, 437]
    assert [line["loss"] for line in lines] == pytest.approx([loss for loss, _ in losses])


def test_steps_are_numbered_through(monkeypatch):
    moments, real = [], loop.batch_loss
    monkeypatch.setattr(loop, "batch_loss", lambda *those: (moments.append(those[3]), real(*those))[1])
    fit(SMALL.replace(batch=500), Context())
    assert [each.step for each in moments] == [0, 1, 2, 3, 4, 5]
    assert moments[4].epoch == pytest.approx(1 + 500 / 1437)


@pytest.mark.parametrize(
    ("recipe", "words"),
    [
        (Adversarial(similarity=Pivot(weight=0.5)), "λ₂ = 0.5 is above 0.3, where Na et al. 2018"),
        (Adversarial(similarity=Bidirectional(weight=0.31)), "λ₂ = 0.31"),
        (Standard(optimiser=SGD(learning_rate=1.0)), "learning rate 1 is high for SGD"),
        (Standard(optimiser=RMSProp(learning_rate=0.1)), "high for RMSProp"),
        (Standard(optimiser=Adam(learning_rate=0.1)), "high for Adam"),
        (Standard(precision="bfloat16"), "bfloat16 keeps three digits only"),
        (Adversarial(similarity=Pivot(weight=0.1)), "lower the learning rate"),
    ],
)
def test_the_likely_cause_of_divergence_is_said(recipe, words):
    assert words in likely_cause(recipe)


def test_divergence_stops_and_keeps_the_last_good_state(tmp_path, monkeypatch):
    """A step so long that the next loss is no number."""
    from lab.training import checkpoint, checkpointer

    monkeypatch.setattr(checkpointer, "EVERY", 0.0)
    monkeypatch.setattr(checkpointer, "SPARING", 0.0)
    real = loop.factor
    monkeypatch.setattr(loop, "factor", lambda schedule, step, plan: 1e35 if step == 7 else real(schedule, step, plan))
    with pytest.raises(Diverged, match=r"in step 9 \(epoch 1\): the loss is (nan|inf)"):
        train(SMALL.replace(optimiser=SGD(learning_rate=0.1), schedule=Constant()), Context(), tmp_path)
    tensors, record = checkpoint.read(checkpoint.newest_first(tmp_path / "checkpoints")[0])
    assert record["step"] >= 7
    assert all(bool(torch.isfinite(each).all()) for each in tensors.values())
    assert not (tmp_path / "card.json").exists()


def test_cancel_stops_within_a_step():
    """A step takes many seconds here; an attack asks at each of its own steps whether it is still wanted."""
    recipe = Adversarial(batch=1437, source=OwnExamples(PGD(steps=1000, step_size=0.01)))
    asked, taken = [], [0]
    ctx = Context(
        on_progress=lambda _: taken.append(len(asked)), cancelled=lambda: asked.append(True) or len(asked) == 20
    )
    with pytest.raises(Cancelled):
        fit(recipe, ctx)
    assert len(asked) == 20
    assert taken[-1] < 10, "the last ten times in one step"


@pytest.mark.slow
def test_bfloat16_trains_nearly_as_float32_does():
    recipe = ATTACKED.replace(epochs=3, batch=64, ball=Linf(0.05))
    exact, _ = fit(recipe, Context())
    rough, lines = fit(recipe.replace(precision="bfloat16"), Context())
    assert all(each.dtype == torch.float32 for each in rough.parameters())
    assert not same(exact, rough)
    assert lines[-1]["clean"] > 0.5


def test_dropout_is_drawn_from_the_recipes_seed_only():
    recipe = Standard(architecture=TramerD(), epochs=1)
    torch.manual_seed(1)
    first, _ = fit(recipe, Context())
    torch.manual_seed(2)
    second, _ = fit(recipe, Context())
    assert same(first, second)


def test_augmentation_changes_what_is_learned():
    first, _ = fit(SMALL.replace(epochs=1), Context())
    second, _ = fit(SMALL.replace(epochs=1, augmentation=PadCropFlip(pad=2, flip=False)), Context())
    assert not same(first, second)


def test_the_probe_leaves_the_network_as_it_was():
    data = load(Digits())
    network = torch.nn.Sequential(torch.nn.BatchNorm2d(1), torch.nn.Flatten(), torch.nn.Linear(784, 10)).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    found = probe(network, data, Linf(0.1), Context())
    assert found["probe_clean"] >= found["probe_fgsm"]
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_group_of_one_changes_nothing():
    alone = Group()
    assert list(alone.share(5)) == [0, 1, 2, 3, 4]
    assert alone.weight(5) == 1
    assert alone.total([1.5, 2.0]) == [1.5, 2.0]
    assert alone.any(True)
    assert not alone.any(False)


def test_shares_make_up_the_batch():
    groups = [Group(rank, 3) for rank in range(3)]
    assert sorted(place for each in groups for place in each.share(64)) == list(range(64))
    assert sum(each.weight(64) for each in groups) == pytest.approx(3)
    assert [list(each.share(2)) for each in groups] == [[0, 1]] * 3


def test_a_cascade_of_an_unknown_network_is_refused():
    from lab.specs import Trained

    with pytest.raises(LabError, match="nobody"):
        fit(Adversarial(source=CascadeExamples(defended=Trained("nobody"))), Context())


def test_a_network_that_subtracts_the_mean_is_given_it():
    """Na et al. 2018, App. A: the mean of the training images, pixel by pixel."""
    from lab.models import MeanSubtraction

    data, recipe = load(Digits()), Standard(architecture=ResNet())
    model = loop.begin(recipe, data, Context(), Group()).model
    [layer] = [each for each in model.modules() if isinstance(each, MeanSubtraction)]
    every = data.train.images(range(len(data.train)))
    side = layer.mean.shape[-1]
    edge = (28 - side) // 2
    expected = every.mean(0)[:, edge : edge + side, edge : edge + side]
    assert torch.allclose(layer.mean, expected, atol=1e-6)


def test_no_process_is_left_with_a_single_image():
    """Of the last two or three images, two processes take all: the weights are those of one."""
    for count in (2, 3):
        groups = [Group(rank, 2) for rank in range(2)]
        assert [list(each.share(count)) for each in groups] == [list(range(count))] * 2
        assert [each.weight(count) for each in groups] == [1, 1]
    assert [len(Group(rank, 2).share(5)) for rank in range(2)] == [3, 2]


@pytest.fixture
def dots(monkeypatch):
    """A few images of one pixel each: batch normalisation sees one value of each."""

    def few(count):
        x = torch.rand(count, 1, 1, 1, generator=torch.Generator().manual_seed(0))
        split = Split(x, torch.arange(count) % 2)
        monkeypatch.setattr(loop, "load", lambda *_: Dataset("dots", split, split, ("a", "b"), "0"))

    return few


DOTS = Standard(architecture=ResNet(8, width=2, mean="none"), epochs=2, batch=4)


@pytest.mark.parametrize("recipe", [DOTS, ATTACKED.replace(architecture=DOTS.architecture, batch=4)])
@pytest.mark.parametrize("count", [5, 9])
def test_a_last_batch_of_one_image_ends_no_training(dots, recipe, count):
    dots(count)
    model, lines = fit(recipe, Context())
    assert all(each.isfinite().all() for each in model.state_dict().values())
    assert lines[-1]["step"] == recipe.epochs * (count // 4)


@pytest.mark.parametrize(("count", "batch"), [(1, 4), (4, 1)])
def test_what_batch_normalisation_cannot_learn_from_is_said(dots, count, batch):
    dots(count)
    with pytest.raises(LabError, match="cannot learn from a batch of 1") as found:
        fit(DOTS.replace(batch=batch), Context())
    assert len(str(found.value)) <= 300
