"""Whose examples: the ensemble's draw, the cascade's halves, and what is stored."""

import math

import pytest
import torch
from torch import Tensor

from lab.attacks import maximise
from lab.attacks.radii import radii
from lab.context import Context
from lab.data import Dataset, Split
from lab.errors import LabError
from lab.models import build, load as load_model, load_adapted
from lab.specs import (
    BIM,
    FGSM,
    L2,
    PGD,
    Adversarial,
    CascadeExamples,
    EnsembleExamples,
    InputDropout,
    IterLL,
    Linf,
    OwnExamples,
    RandomShift,
    ResNet,
    SmallCNN,
    Source,
    Standard,
    StepLL,
    Trained,
    cascade_training,
    ensemble_training,
    pivot_ensemble_training,
)
from lab.training import prepared as preparing
from lab.training.examples import drawn_level, examples
from lab.training.losses import batch_loss
from lab.training.prepared import prepare
from lab.training.step import Batch, Moment

BALL, CTX = Linf(0.2), Context(seed=5)
CASCADE = CascadeExamples(defended=Trained("fgsm-trained"), iterative=BIM(steps=3, step_size=0.0), levels=4)


@pytest.fixture(scope="module")
def few(digits):
    """The first hundred training images."""
    return Dataset("few", Split(digits.train.x[:100], digits.train.y[:100]), digits.test, digits.class_names, "")


@pytest.mark.parametrize("labels", ["true", "predicted", "least likely", "random"])
def test_the_labels_are_a_switch(network, batch_of, labels):
    batch = batch_of(6)
    found = examples(OwnExamples(FGSM(labels=labels)), network, batch, BALL, CTX)
    assert torch.equal(found, maximise(FGSM(labels=labels), network, batch.x, batch.y, BALL, CTX))
    assert network.training


def test_the_ensemble_is_drawn_uniformly_and_again(network, few, batch_of):
    """Tramèr et al. 2018, §4.2: for each batch one of the network itself and the fixed ones."""
    source = EnsembleExamples(models=(Trained("standard"), Trained("standard-b")))
    batch = batch_of(4, prepare(ensemble_training(source=source, ball=BALL), few, CTX))
    networks = [network, load_model(Trained("standard")), load_model(Trained("standard-b"))]
    candidates = [maximise(source.attack, each, batch.x, batch.y, BALL) for each in networks]

    def drawn(step: int) -> int:
        found = examples(source, network, batch, BALL, CTX.seeded("step", step))
        return [torch.equal(found, each) for each in candidates].index(True)

    first = [drawn(step) for step in range(300)]
    counts = torch.tensor(first).bincount(minlength=3)
    assert ((counts - 100).double() ** 2 / 100).sum() < 13.8  # χ² with 2 degrees of freedom: once in a thousand
    assert [drawn(step) for step in range(30)] == first[:30]


def test_stored_is_what_is_made_for_the_batch(network, few, batch_of):
    stored = ensemble_training(source=EnsembleExamples(), ball=BALL)
    fresh = stored.replace(source=EnsembleExamples(stored=False))
    steps = range(8)
    both = []
    for recipe in (stored, fresh):
        batch = batch_of(16, prepare(recipe, few, CTX), first=20)
        both.append([batch_loss(recipe, network, batch, Moment(step, 0.0), CTX).loss for step in steps])
    assert torch.allclose(*map(torch.stack, both), rtol=1e-4)
    assert len({round(each.item(), 4) for each in both[0]}) == 2  # one value for each of the two networks


@pytest.mark.parametrize("stored", [True, False])
def test_half_of_a_cascade_is_the_defended_networks(network, few, batch_of, stored):
    """Na et al. 2018, §3.2: the stored half has eps of 1, 2, …, levels equal parts of the ball's."""
    source = CASCADE.replace(stored=stored)
    batch = batch_of(64, prepare(cascade_training(source=source, ball=BALL), few, CTX))
    assert (batch.prepared.fixed[0].images is not None) == stored
    found = examples(source, network, batch, radii(BALL, torch.full((64,), 0.01)), CTX)
    own = maximise(StepLL(), network, batch.x[:32], batch.y[:32], Linf(0.01))
    assert torch.allclose(found[:32], own, atol=1e-6)
    level = (found - batch.x).abs().flatten(1).amax(1)[32:] / BALL.eps * source.levels
    assert torch.allclose(level, level.round(), atol=1e-3)
    assert set(level.round().int().tolist()) == {1, 2, 3, 4}
    again = examples(source, network, batch, radii(BALL, torch.full((64,), 0.01)), CTX)
    assert torch.equal(found, again)
    other = examples(source, network, batch, BALL, CTX.seeded("step", 1))
    assert not torch.equal(found[32:], other[32:])


def test_stored_and_fresh_cascades_draw_the_same(network, few, batch_of):
    """Equal but for pixels whose gradient is zero up to rounding, which differs with the batch."""
    stored, fresh = (
        examples(
            source, network, batch_of(20, prepare(cascade_training(source=source, ball=BALL), few, CTX)), BALL, CTX
        )
        for source in (CASCADE, CASCADE.replace(stored=False))
    )
    assert ((stored - fresh).abs() > 1e-5).double().mean() < 0.001


def test_the_defended_network_makes_its_images_on_the_training_set(few, batch_of):
    images = prepare(cascade_training(source=CASCADE, ball=BALL), few, CTX).fixed[0].images
    assert images.shape == (4, 100, 1, 28, 28)
    x, y = few.train.images(slice(None)), few.train.labels(slice(None))
    expected = maximise(CASCADE.iterative, load_model(Trained("fgsm-trained")), x, y, Linf(0.1))
    assert torch.equal(images[1], expected)


@pytest.fixture(scope="module")
def grey(few):
    """The hundred images in 8 bits, as MNIST and CIFAR-10 have theirs; the digits are enlarged."""
    train = Split((few.train.x * 255).round().to(torch.uint8), few.train.y)
    return Dataset("grey", train, few.test, few.class_names, "")


GREY = CascadeExamples(defended=Trained("fgsm-trained"), levels=4, share=1.0)


@pytest.mark.slow
@pytest.mark.parametrize("iterative", [BIM(), IterLL(), BIM(steps=3, step_size=2 / 255)])
def test_images_of_whole_grey_levels_are_kept_as_bytes_without_loss(grey, iterative):
    source, ball = GREY.replace(iterative=iterative), Linf(8 / 255)
    prepared = prepare(cascade_training(source=source, ball=ball), grey, CTX)
    [fixed] = prepared.fixed
    assert fixed.images.dtype == torch.uint8
    x, y = grey.train.images(slice(None)), grey.train.labels(slice(None))
    for level in range(4):
        made = maximise(iterative, load_model(Trained("fgsm-trained")), x, y, Linf((level + 1) * 2 / 255))
        assert (made - x).abs().max() > 1e-3
        kept = fixed.stored(level, torch.arange(100))
        assert (kept - made).abs().max() < 1e-6  # the rounding of float32 sums: half a level is 2e-3
    index = torch.arange(5, 15)
    batch = Batch(x[index], y[index], index, prepared)
    found = examples(source, load_model(Trained("standard")), batch, ball, CTX)
    levels = torch.stack([fixed.stored(level, batch.index) for level in range(4)])
    assert all(any(torch.equal(image, each) for each in levels[:, i]) for i, image in enumerate(found))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "ball"),
    [
        (GREY, Linf(0.3)),  # 76.5 grey levels
        (GREY, Linf(6 / 255)),  # levels of 1.5
        (GREY.replace(iterative=BIM(steps=3, step_size=0.5 / 255)), Linf(8 / 255)),
        (GREY.replace(iterative=BIM(steps=3, step_size=0.0)), Linf(8 / 255)),  # steps of ε / 3
        (GREY.replace(iterative=BIM(steps=2, step_size=0.5)), L2(1.0)),
    ],
)
def test_other_images_are_kept_as_float32(grey, source, ball):
    assert prepare(cascade_training(source=source, ball=ball), grey, CTX).fixed[0].images.dtype == torch.float32


def test_images_that_are_no_bytes_are_kept_as_float32(few):
    recipe = cascade_training(source=GREY, ball=Linf(8 / 255))
    assert few.train.x.dtype == torch.float32
    assert prepare(recipe, few, CTX).fixed[0].images.dtype == torch.float32


def test_bytes_need_a_quarter_of_the_memory(grey, monkeypatch):
    monkeypatch.setattr(preparing, "MEMORY", 4 * 100 * 784)
    for ball, stored in ((Linf(8 / 255), True), (Linf(0.3), False)):
        [fixed] = prepare(cascade_training(source=GREY, ball=ball), grey, CTX).fixed
        assert (fixed.images is not None) == stored


@pytest.mark.parametrize(
    "recipe",
    [
        ensemble_training(source=EnsembleExamples(), warm_up=2),
        ensemble_training(source=EnsembleExamples(), augmentation=RandomShift()),
        ensemble_training(source=EnsembleExamples(PGD(steps=1))),
        ensemble_training(source=EnsembleExamples(stored=False)),
        pivot_ensemble_training(),
        cascade_training(source=CASCADE, warm_up=2),
    ],
)
def test_what_changes_is_not_stored(recipe, few):
    assert [each.images for each in prepare(recipe, few, CTX).fixed] == [None]


def test_what_needs_too_much_memory_is_not_stored(few, monkeypatch):
    recipe = ensemble_training(source=EnsembleExamples())
    monkeypatch.setattr(preparing, "MEMORY", 4 * 100 * 784 - 1)
    assert prepare(recipe, few, CTX).fixed[0].images is None
    monkeypatch.setattr(preparing, "MEMORY", 4 * 100 * 784)
    assert prepare(recipe, few, CTX).fixed[0].images is not None
    assert prepare(Standard(), few, CTX).fixed == ()


def test_a_network_of_other_data_is_refused(few):
    small = Split(few.train.x[:, :, ::2, ::2].contiguous(), few.train.y)
    with pytest.raises(LabError, match=r"standard-b cannot process the images of small.*choose a model trained"):
        prepare(ensemble_training(), Dataset("small", small, small, few.class_names, ""), CTX)
    with pytest.raises(LabError, match="has 10 classes, but two has 2"):
        prepare(ensemble_training(), Dataset("two", few.train, few.test, ("a", "b"), ""), CTX)


def test_half_normal_levels_are_those_of_the_authors_code():
    """Na et al.'s utils.py: |N(0, 8)| rounded down and clipped to 1 … 16, against the normal distribution."""
    source, generator = CASCADE.replace(levels=16, levels_drawn="half-normal"), torch.Generator().manual_seed(0)
    found = torch.stack([drawn_level(source, generator) for _ in range(4000)]) + 1
    below = [math.erf(edge / 8 / math.sqrt(2)) for edge in (2, 4, 8, 16)]
    for edge, expected in zip((2, 4, 8, 16), below, strict=True):
        assert (found < edge).float().mean() == pytest.approx(expected, abs=0.03)
    assert (found.min(), found.max()) == (1, 16)
    alike = torch.stack([drawn_level(CASCADE.replace(levels=16), generator) for _ in range(4000)])
    assert (alike < 8).float().mean() == pytest.approx(0.5, abs=0.03)


@pytest.fixture
def dropping():
    """A network with dropout before its convolutions, as Tramèr et al.'s B has it, in training mode."""
    return build(InputDropout(SmallCNN(4), p=0.5)).train()


MADE_IN_TRAINING = (
    OwnExamples(FGSM(labels="predicted"), mode="training"),
    EnsembleExamples(FGSM(labels="predicted"), mode="training"),
    CASCADE.replace(mode="training"),
)


@pytest.mark.parametrize("source", MADE_IN_TRAINING, ids=lambda each: type(each).__name__)
def test_examples_made_in_training_mode_meet_the_dropout_and_are_the_same_again(dropping, few, batch_of, source):
    recipe = Adversarial(source=source, ball=BALL)
    batch = batch_of(32, prepare(recipe, few, Context()))

    def made(seed: int, source: Source = source) -> Tensor:
        return examples(source, dropping, batch, BALL, Context(seed=seed))

    assert torch.equal(made(1), made(1))
    assert not torch.equal(made(1), made(2))
    assert not torch.equal(made(1), made(1, source.replace(mode="evaluation")))
    assert all(each.training for each in dropping.modules())


def test_in_training_mode_nothing_is_stored_and_the_loaded_models_stay_in_evaluation_mode(few):
    source = EnsembleExamples(mode="training")
    [fixed] = prepare(Adversarial(source=source, ball=BALL), few, Context()).fixed
    assert fixed.images is None
    assert fixed.model is not load_adapted(source.models[0])


def test_the_running_statistics_stay_out_of_examples_made_in_training_mode(batch_of):
    network = build(ResNet()).train()
    before = [each.clone() for each in network.buffers()]
    examples(OwnExamples(mode="training"), network, batch_of(4), BALL, Context())
    assert all(torch.equal(*each) for each in zip(before, network.buffers(), strict=True))
