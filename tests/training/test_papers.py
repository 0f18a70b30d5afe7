"""Whole trainings of the papers: their numbers are the papers', and each of them trains."""

import os
from importlib import import_module

import numpy as np
import pytest
import torch
from PIL import Image

from lab import runs
from lab.catalogue import find_card, parts
from lab.context import Context
from lab.data import load
from lab.errors import LabError
from lab.models import load as load_model
from lab.results.run import Measured
from lab.specs import (
    CIFAR10,
    FGSM,
    MNIST,
    PGD,
    SGD,
    Adam,
    EnsembleExamples,
    FromModel,
    ImageFolder,
    Inception,
    Linf,
    MadryMNIST,
    OwnExamples,
    PadCropFlip,
    Piecewise,
    RandomShift,
    ResNet,
    StepLL,
    Trained,
    TramerA,
    TramerB,
    TramerBStar,
    TramerC,
    TramerD,
    WideResNet,
    from_dict,
    papers,
    to_dict,
)
from lab.specs.papers import kurakin, madry, na, tramer
from lab.training import train
from lab.training.loop import begin
from lab.training.parallel import Group
from lab.training.schedule import Plan
from tests.data.published_files import cifar_files, mnist_files, put
from tests.families import family, firsts

WHOLE = pytest.mark.parametrize("preset", papers.WHOLE, ids=lambda each: each.name)


OF_EACH_KIND = firsts(papers.WHOLE, lambda each: type(getattr(each.build(), "source", None)))
NAMED = {each.name: each for each in papers.WHOLE}


def built_on(recipe):
    """The names of the models that a recipe builds on."""
    return [each.name for each in parts(recipe) if isinstance(each, Trained)]


@WHOLE
def test_every_whole_preset_is_called_by_its_paper_and_says_what_it_is(preset):
    recipe = preset.build(seed=7)
    assert recipe.seed == 7
    assert from_dict(to_dict(recipe)) == recipe
    assert preset.whole
    assert preset.meaning.endswith(".")
    paper, _, network = preset.name.partition("-")
    assert preset.build is getattr(getattr(papers, paper), network.replace("-", "_"))
    years = {"kurakin": "Kurakin et al. 2017, ", "madry": "Madry et al. 2017, ", "na": "Na et al. 2018, "}
    assert preset.paper.startswith((years | {"tramer": "Tramèr et al. 2018, "})[paper])


@WHOLE
def test_what_a_whole_preset_builds_on_is_trained_by_one_before_it(preset):
    names = [each.name for each in papers.WHOLE]
    for name in built_on(preset.build()):
        assert name in names[: names.index(preset.name)]


def test_the_trainings_of_tramer_are_the_papers():
    """App. C.2; the authors' train.py and train_adv.py have the batches of 64, Adam and Keras' initial weights."""
    for letter, architecture in {"a": TramerA, "b": TramerB, "b_star": TramerBStar, "c": TramerC, "d": TramerD}.items():
        initial = "He normal" if letter == "d" else "Glorot uniform"
        for recipe, epochs in ((f"mnist_{letter}", 6), (f"mnist_{letter}_adv", 12)):
            found = getattr(tramer, recipe)()
            assert (found.data, found.architecture, found.epochs, found.batch) == (MNIST(), architecture(), epochs, 64)
            assert (found.optimiser, found.initial, found.precision) == (Adam(1e-3), initial, "float32")
            assert (found.weight_decay, found.label_smoothing) == (0, 0)
        assert (found.ball, found.spread, found.delay, found.warm_up) == (Linf(0.3), 0, 0, 0)
        assert (found.share, found.keep_clean, found.weight) == (1, True, 1)  # ½ clean, ½ adversarial
        assert found.source == OwnExamples(FGSM(labels="predicted"), mode="training")
    for found in (tramer.mnist_a_adv_ens3(), tramer.mnist_c_adv_ens3(), tramer.mnist_d_adv_ens3()):
        assert built_on(found) == ["tramer-mnist-a", "tramer-mnist-c", "tramer-mnist-d"]
        assert found.source.attack == FGSM(labels="predicted")
    assert built_on(tramer.mnist_b_adv_ens3()) == ["tramer-mnist-b", "tramer-mnist-c", "tramer-mnist-d"]
    for letter in "abcd":
        found = getattr(tramer, f"mnist_{letter}_adv_ens")()
        assert built_on(found) == [f"tramer-mnist-{letter}"]
        assert found.replace(source=OwnExamples(mode="training")) == getattr(tramer, f"mnist_{letter}_adv")()


def test_the_trainings_of_madry_are_the_papers():
    """§5 and Figure 3; optimiser, batch, length and initial weights are those of the challenges' code."""
    for recipe in (madry.mnist(), madry.mnist_natural()):
        assert (recipe.data, recipe.architecture, recipe.batch) == (MNIST(), MadryMNIST(), 50)
        assert (recipe.optimiser, recipe.initial, recipe.weight_decay) == (Adam(1e-4), "truncated normal", 0)
        assert steps_of(recipe) == pytest.approx(100_000, abs=600)  # half an epoch
    robust = madry.mnist()
    assert (robust.ball, robust.share, robust.keep_clean) == (Linf(0.3), 1, False)
    assert robust.source == OwnExamples(PGD(steps=40, step_size=0.01))
    for recipe in (madry.cifar10(), madry.cifar10_natural()):
        assert (recipe.data, recipe.architecture, recipe.batch) == (CIFAR10(), WideResNet(units=5, width=10), 128)
        assert (recipe.optimiser, recipe.weight_decay) == (SGD(0.1, momentum=0.9), 2e-4)
        assert recipe.augmentation == PadCropFlip(pad=4, flip=True)
        assert recipe.schedule == Piecewise(at=(40 / 80, 60 / 80), factors=(0.1, 0.01))
        assert steps_of(recipe) == pytest.approx(80_000, abs=196)
    assert (madry.cifar10().ball, madry.cifar10().keep_clean) == (Linf(8 / 255), False)
    assert madry.cifar10().source == OwnExamples(PGD(steps=7, step_size=2 / 255))
    capacity = madry.mnist_capacity_pgd()  # 2 and 4 filters
    assert (capacity.architecture.width * 32, capacity.architecture.width * 64, capacity.ball) == (2, 4, Linf(0.1))
    assert madry.mnist_capacity_fgsm().source == OwnExamples(FGSM())


def test_the_trainings_of_na_are_the_papers():
    """App. A: 64 of 128 images, λ 0.3, λ₂ 1e-4, momentum 0.9, weight decay 1e-4, max 0.3 or 16/255, the schedules."""
    on_mnist = [na.mnist_r20_kurakin(), na.mnist_r20_bidirectional(), na.mnist_r20_pivot()]
    paired = [na.r20_bidirectional(), na.r20_pivot(), na.r20_pivot_ensemble(), na.r20_pivot_cascade()]
    replaced = [na.r20_kurakin(), na.r20_ensemble(), na.r20_cascade()]
    for recipe in [na.mnist_r20(), *on_mnist]:
        assert (recipe.data, recipe.architecture) == (MNIST(), ResNet(depth=20, mean="none"))
        assert recipe.schedule == Piecewise(at=(4 / 8, 6 / 8), factors=(0.1, 0.01))
        assert steps_of(recipe) == pytest.approx(8_000, abs=469)
        assert recipe.start == FromModel(Trained("na-mnist-pretrained"))
    for recipe in [na.r20(), *paired, *replaced]:
        assert (recipe.data, recipe.architecture) == (CIFAR10(), ResNet(depth=20, mean="pixel", crop=24))
        assert recipe.augmentation == RandomShift(most=4, flip=True)
        assert recipe.schedule == Piecewise(at=(48 / 94, 72 / 94), factors=(0.1, 0.01))
        assert steps_of(recipe) == pytest.approx(94_000, abs=391)
        assert recipe.start == FromModel(Trained("na-cifar10-pretrained"))
    for recipe in [*on_mnist, *paired, *replaced]:
        assert (recipe.weight, recipe.spread, recipe.beyond) == (0.3, 0.5, "clipped")
        assert recipe.ball == (Linf(0.3) if recipe in on_mnist else Linf(16 / 255))
    for recipe in [na.mnist_pretrained(), na.cifar10_pretrained(), na.r110_3(), na.mnist_r20(), *on_mnist, *paired]:
        assert (recipe.optimiser, recipe.weight_decay) == (SGD(0.1, momentum=0.9), 1e-4)
    for recipe in [*on_mnist[1:], *paired]:
        assert (recipe.batch, recipe.share, recipe.keep_clean) == (64, 1, True)
        assert (recipe.similarity.weight, recipe.similarity.units) == (1e-4, "authors' code")
    for recipe in [on_mnist[0], *replaced]:
        assert (recipe.batch, recipe.share, recipe.keep_clean) == (128, 0.5, False)
    assert (na.mnist_pretrained().epochs, na.cifar10_pretrained().epochs) == (2, 10)
    assert {each.source.defended for each in (na.r20_cascade(), na.r20_pivot_cascade())} == {Trained("na-r20-pivot")}
    assert na.r20_ensemble().source.models == (Trained("na-r20-3"), Trained("na-r110-3"))  # Table 6


def test_the_trainings_of_kurakin_are_the_papers():
    """§3 and §4; the schedule is in Tramèr et al. 2018, §4.2: 150,000 steps are 187 epochs."""
    recipe = kurakin.inception_step_ll()
    assert (recipe.batch, recipe.share * 32, recipe.weight, recipe.spread * 16) == (32 * 50, 16, 0.3, 8)
    assert (recipe.beyond, recipe.keep_clean, recipe.ball) == ("drawn again", False, Linf(16 / 255))
    assert (recipe.epochs, recipe.delay, recipe.optimiser.learning_rate) == (187, 10_000, 0.045)
    assert recipe.schedule.factor**2 == pytest.approx(0.94)
    assert (recipe.source, recipe.architecture) == (OwnExamples(StepLL()), Inception())
    assert min(recipe.label_smoothing, recipe.weight_decay, recipe.architecture.dropout) > 0
    assert kurakin.inception_deeper_step_ll().architecture == Inception(more_blocks=2)
    half = (kurakin.inception_fgsm(), kurakin.inception_step_ll_half_rate())  # Table 3
    assert [each.optimiser.learning_rate for each in half] == [0.0225, 0.0225]
    assert half[0].source == OwnExamples(FGSM(labels="true"))
    late = kurakin.inception_step_ll_from_start()
    assert (late.delay, late.start) == (0, FromModel(Trained("kurakin-inception-start")))


def steps_of(recipe):
    """The steps of a recipe on all of its published data."""
    return Plan(recipe.data.published.n_train, recipe.batch, recipe.epochs).steps


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Tiny data sets in the papers' formats, a home, and runs whose accuracies nobody measures."""
    with pytest.MonkeyPatch.context() as patch:
        data = tmp_path_factory.mktemp("data")
        patch.setenv("LAB_DATA", str(data))
        patch.setenv("LAB_HOME", str(tmp_path_factory.mktemp("home")))
        put(data / "MNIST" / "raw", mnist_files(20, 10))
        put(data / "cifar-10-batches-bin", cifar_files(4))
        for split in ("train", "test"):
            for name in "ab":
                (data / "imagenet" / split / name).mkdir(parents=True)
                Image.new("RGB", (75, 75), (name == "a" and "red") or "blue").save(
                    data / "imagenet" / split / name / "1.png"
                )
        measured = Measured(0.5, 0.5, 0.5, 0.5, 0.5, None, 10, Linf(0.3), PGD(), "", None, 0)
        patch.setattr(import_module("lab.training.train"), "measure", lambda *_: measured)
        patch.setattr("lab.training.loop.probe", lambda *_: {})
        yield


def smaller(recipe):
    """The same for tiny data, with fewer filters where the architecture is that of ImageNet, wide or deep."""
    if isinstance(recipe.data, ImageFolder):
        narrow = recipe.architecture.replace(scale=1 / 16)
        folder = ImageFolder(f"{os.environ['LAB_DATA']}/imagenet", size=75)
        recipe = recipe.replace(data=folder, architecture=narrow)
    if isinstance(recipe.architecture, WideResNet):
        recipe = recipe.replace(architecture=WideResNet(units=1, width=1))
    if isinstance(recipe.architecture, ResNet):
        recipe = recipe.replace(architecture=recipe.architecture.replace(depth=8, width=2))
    return recipe


def trained(name):
    """The recipe of a whole preset for one epoch on tiny data, trained with all that it builds on."""
    recipe = smaller(NAMED[name].build(epochs=1))
    if not (runs.folder(name) / "card.json").exists():
        for each in built_on(recipe):
            trained(each)
        train(recipe, Context(), runs.folder(name))
    return recipe


@pytest.mark.parametrize("preset", family(papers.WHOLE, OF_EACH_KIND.__contains__), ids=lambda each: each.name)
def test_every_whole_preset_trains(preset, tiny):
    recipe = trained(preset.name)
    model = load_model(Trained(preset.name))
    assert find_card(preset.name).recipe == to_dict(recipe)
    start = begin(recipe, load(recipe.data), Context(seed=recipe.seed), Group()).model
    moved = [not torch.equal(a, b) for a, b in zip(model.parameters(), start.parameters(), strict=True)]
    assert all(bool(torch.isfinite(each).all()) for each in model.parameters())
    assert np.mean(moved) > 0.5


@pytest.mark.usefixtures("tiny")
def test_a_missing_model_is_named_with_the_command_that_trains_it(monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    with pytest.raises(
        LabError, match=r"'tramer-mnist-a' .* missing: train it first with 'python -m lab train tramer-mnist-a'"
    ):
        train(tramer.mnist_a_adv_ens(), Context(), tmp_path / "runs" / "mine")
    assert not (tmp_path / "runs" / "mine").exists()
    other = tramer.mnist_a_adv(source=EnsembleExamples(models=(Trained("nobody"),)))
    with pytest.raises(LabError, match=r"The model 'nobody' on which this recipe builds is missing: train it first\."):
        train(other, Context())


@pytest.mark.parametrize("name", [each.name for each in papers.WHOLE])
def test_without_its_data_a_whole_preset_says_so(name, monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_DATA", str(tmp_path))
    with pytest.raises(LabError, match=r"There is no f\w+ "):
        train(NAMED[name].build(), Context(), tmp_path / "run")
    assert not (tmp_path / "run").exists()
