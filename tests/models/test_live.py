"""Live models and data: as every other model and data set, but in this process only, and never changed."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

import lab
from lab import catalogue, links
from lab.errors import DataError, ModelError
from lab.keys import asked_key, stored_key
from lab.models import load
from lab.specs import (
    PGD,
    Digits,
    Embeddings,
    Evaluation,
    Explore,
    Linf,
    Live,
    LossSurface,
    Masking,
    Preview,
    RandomSigns,
    Restarts,
    RobustnessCurves,
    Trained,
    TransferMatrix,
    from_json,
    to_json,
)


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    """Results of these tests are gone after them."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))


def linear(seed=0):
    """A linear model of 6×6 images with three classes, in training mode."""
    generator = torch.Generator().manual_seed(seed)
    module = nn.Sequential(nn.Flatten(), nn.Linear(36, 3), nn.Dropout(0.5))
    with torch.no_grad():
        module[1].weight.copy_(torch.randn(3, 36, generator=generator))
    return module.train()


def images(count=12):
    x = np.random.default_rng(0).random((count, 1, 6, 6), np.float32)
    return x, np.arange(count) % 3


def restarts(name):
    return Restarts(
        models=(Live(name),), data=lab.live_data(*images(), "tiny"), images=(0, 1), attack=PGD(steps=3, restarts=4)
    )


@pytest.mark.parametrize(
    "spec",
    [
        Restarts(images=(0, 1), attack=PGD(steps=2, restarts=3)),
        pytest.param(Explore(image=1), marks=pytest.mark.slow),
        LossSurface(points=11, image=1, across=RandomSigns()),
        Masking(images=8, steps=2),
        TransferMatrix(images=4),
        Embeddings(count=10, images=(0,), averaged=4, t_sne=False),
        RobustnessCurves(images=4, levels=2, attacks=(PGD(steps=2),), searched=0),
        Evaluation(images=4),
    ],
    ids=lambda spec: type(spec).__name__,
)
def test_every_analysis_takes_live_models_and_data_and_leaves_them_as_they_are(spec):
    modules = [linear(), linear(1)]
    before = [{name: value.clone() for name, value in each.state_dict().items()} for each in modules]
    models = tuple(lab.live(each, name) for each, name in zip(modules, ("mine", "other"), strict=True))
    result = lab.analyse(spec.replace(models=models, data=lab.live_data(*images(), "tiny")))
    assert result.spec.models == models
    for module, state in zip(modules, before, strict=True):
        assert module.training
        assert all(each.requires_grad and each.grad is None for each in module.parameters())
        assert all(torch.equal(value, state[name]) for name, value in module.state_dict().items())


def test_the_numbers_are_those_of_the_same_model_given_directly():
    module, (x, y) = linear(), images()
    spec = restarts("mine")
    result = lab.analyse(spec.replace(models=(lab.live(module, "mine"),)))
    with torch.no_grad():
        logits = module.eval()(torch.from_numpy(x[:2]))
    expected = nn.functional.cross_entropy(logits, torch.from_numpy(y[:2]), reduction="none")
    at_start = replace(spec.attack, random_start=False, restarts=1)
    start = lab.analyse(spec.replace(attack=at_start)).models[0].loss[0, 0]
    assert np.allclose(start, expected, atol=1e-5)
    assert result.models[0].loss.max() > expected.max()


def test_a_changed_module_is_another_one_and_the_last_copy_is_let_go():
    module = linear()
    spec = lab.live(module, "mine")
    first, key = load(spec), asked_key(restarts("mine"))
    assert load(spec) is first
    with torch.no_grad():
        module[1].bias.data.add_(1.0)  # by way of .data, which PyTorch's own counter of versions does not see
    assert asked_key(restarts("mine")) != key
    assert not torch.equal(load(spec)[1].bias, first[1].bias)
    assert load(lab.live(linear(5), "mine"))[1].weight.sum() != first[1].weight.sum()


def test_results_of_live_models_have_no_place_in_the_store_and_those_on_live_data_do():
    lab.live(linear(), "mine")
    spec = restarts("mine")
    assert stored_key(spec, asked_key(spec)) is None
    other = spec.replace(models=(Trained("standard"),))
    assert stored_key(other, asked_key(other)) == asked_key(other)


def test_a_live_model_is_listed_like_the_others_but_gives_way_to_their_names():
    assert lab.live(linear()) == Live("Sequential")
    [card] = [each for each in catalogue.models() if each.origin == "live"]
    assert (card.name, card.spec, card.data) == ("Sequential", Live("Sequential"), "")
    with pytest.raises(ModelError, match="already a model called 'standard'"):
        lab.live(linear(), "standard")
    with pytest.raises(DataError, match="already a data set called 'digits'"):
        lab.live_data(*images(), "digits")


@pytest.mark.parametrize("thing", [lambda x: x, nn.Linear, None, "standard"])
def test_what_is_no_module_is_refused(thing):
    with pytest.raises(ModelError, match=r"must be a torch\.nn\.Module"):
        lab.live(thing, "mine")


def test_a_module_that_cannot_be_copied_is_one_sentence():
    module = linear()
    module.kept = module[1].weight * 2  # not a leaf, which PyTorch does not copy
    with pytest.raises(ModelError, match="'mine' cannot be copied") as found:
        load(lab.live(module, "mine"))
    assert len(str(found.value)) <= 300


def test_no_other_process_has_a_live_model_whatever_it_is_sent():
    """As a visitor's kernel, or a worker, which get nothing but a spec."""
    lab.live(linear(), "mine")
    spec = restarts("mine")
    assert from_json(to_json(spec)) == spec
    link = links.write(links.PageState(spec))
    assert links.read(link).asked == spec
    program = (
        "import sys\nfrom lab import catalogue, links\nfrom lab.errors import LabError\n"
        "from lab.keys import asked_key\nfrom lab.specs import Live, Restarts\n"
        "for call in (lambda: links.read(sys.argv[1]), lambda: catalogue.require_listed(Live('mine')),"
        " lambda: asked_key(Restarts(models=(Live('mine'),)))):\n"
        "    try:\n        print('named', call())\n    except LabError as error:\n        print(error)\n"
    )
    ran = subprocess.run([sys.executable, "-c", program, link], capture_output=True, text=True, check=True)
    first, second, third = ran.stdout.splitlines()
    assert "is not among the models and data sets of this lab" in first
    assert "'mine' is not among the models and data sets" in second
    assert "This process has no live model called 'mine'" in third


@pytest.mark.parametrize(
    "form", [torch.from_numpy, np.asarray, np.ndarray.tolist, lambda x: (x * 255).astype(np.uint8)]
)
def test_data_are_tensors_arrays_or_lists(form):
    x, y = images()
    x = (x * 255).round() / np.float32(255)
    spec = lab.live_data(form(x), y, "tiny")
    result = lab.analyse(Preview(spec, (0, 5)))
    assert np.array_equal(result.x[..., 0], (x[[0, 5], 0] * 255).round().astype(np.uint8))
    assert result.y.tolist() == [0, 2]


def test_data_are_copied_and_known_by_their_content():
    x, y = images()
    spec = lab.live_data(x, y, "tiny")
    x[:] = 0
    assert lab.analyse(Preview(spec, (0,))).x.any()
    other = lab.live_data(x, y, "tiny")
    assert other.sha256 != spec.sha256
    with pytest.raises(DataError, match="does not hold the images 'tiny'"):
        lab.analyse(Preview(spec, (0,)))


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (np.zeros((3, 6, 6)) + 2, [0, 1, 2], "has values from 2 to 2"),
        (np.zeros((3, 6, 6)), [0, 1], "are 2 for 3 images"),
        (np.zeros((3, 6, 6)), [0.5, 1, 2], "save the class numbers as whole numbers"),
        (np.zeros((3, 6, 6)), [0, -1, 2], "contain -1"),
        (np.full((3, 6, 6), np.nan), [0, 1, 2], "contains NaN"),
        (np.zeros((3, 5)), [0, 1, 2], "give images as"),
        (torch.zeros(3, 6, 6, dtype=torch.bfloat16), [0, 1, 2], "give a float32 tensor"),
        ([[0.1], [0.2, 0.3]], [0, 1], "cannot be read as an array"),
    ],
)
def test_what_are_not_images_and_labels_is_refused(x, y, words):
    with pytest.raises(DataError, match=words) as found:
        lab.live_data(x, y, "tiny")
    assert "tiny" in str(found.value)


def test_nothing_is_trained_on_live_data():
    assert catalogue.find_data("digits") == Digits()
    lab.live_data(*images(), "tiny")
    [card] = [each for each in catalogue.data_sets() if each.name == "tiny"]
    assert (card.shape, card.classes, card.n_test, card.n_train) == ((1, 6, 6), 3, 12, 0)
    assert "serves for everything but training" in card.untrainable


def test_the_package_offers_what_notebooks_use():
    assert {"analyse", "attack", "judge", "judge_peer", "live", "live_data"} <= set(dir(lab))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        lab.nothing  # noqa: B018
    x, y = map(torch.from_numpy, images())
    result = lab.judge(x, y, lab.attack(PGD(steps=3), linear(), x, y, Linf(0.1)), linear(), Linf(0.1))
    assert 0 <= result.robust_accuracy <= result.clean_accuracy
