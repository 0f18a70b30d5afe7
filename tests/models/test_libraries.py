"""Classifiers of timm and torchvision by name: their own images, normalisation and weights, and no download."""

import socket
import sys
import warnings

import pytest
import torch
from torch import nn
from torchvision import models

from lab.errors import ModelError
from lab.models import libraries, load
from lab.models.inputs import Resize
from lab.models.libraries import Blueprint, blueprint, library_model
from lab.specs import Custom

SMALL = "squeezenet1_1"
MEAN, STD = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
PIXELS = torch.rand(2, 3, 40, 40, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Whoever opens a connection fails."""

    def refuse(*_, **__):
        raise AssertionError("a model was to be downloaded")

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def timm():
    with warnings.catch_warnings(action="ignore"):
        return pytest.importorskip("timm")


def normalised(x):
    return (x - MEAN.view(1, 3, 1, 1)) / STD.view(1, 3, 1, 1)


def complaint(builder, weights=""):
    with pytest.raises(ModelError) as found:
        library_model(builder, weights)
    assert len(str(found.value)) <= 300
    return str(found.value)


def test_torchvisions_classifier_with_weights_is_its_own_behind_its_normalisation(tmp_path):
    theirs = models.get_model(SMALL, num_classes=7).eval()
    torch.save({"model": theirs.state_dict(), "epoch": 3}, tmp_path / "w.pth")
    ours = load(Custom(f"torchvision:{SMALL}", str(tmp_path / "w.pth")), "cpu")
    assert torch.equal(ours(PIXELS), theirs(normalised(PIXELS)))


def test_the_classes_are_those_of_the_weights_whatever_their_names_begin_with(tmp_path):
    theirs = nn.DataParallel(models.get_model("shufflenet_v2_x0_5", num_classes=3)).eval()
    torch.save({"state_dict": theirs.state_dict()}, tmp_path / "w.pth")
    assert library_model("torchvision:shufflenet_v2_x0_5", str(tmp_path / "w.pth"))[0](PIXELS).shape == (2, 3)


def test_without_weights_it_is_as_its_builder_makes_it():
    assert library_model(f"torchvision:{SMALL}")[0].eval()(PIXELS).shape == (2, 1000)


def test_weights_of_another_model_are_refused(tmp_path):
    torch.save(models.get_model("shufflenet_v2_x0_5", num_classes=2).state_dict(), tmp_path / "w.pth")
    assert "w.pth" in complaint(f"torchvision:{SMALL}", str(tmp_path / "w.pth"))


@pytest.mark.parametrize("name", ["resnet18", "inception_v3", "vit_b_16", "swin_t"])
def test_the_last_layer_is_the_one_with_the_classes(name):
    with torch.device("meta"):
        network = blueprint(f"torchvision:{name}").make(num_classes=13)
    assert libraries._outputs(network) == 13


def test_size_and_normalisation_are_those_of_the_published_weights():
    assert blueprint("torchvision:inception_v3").size == 299
    plan = blueprint(f"torchvision:{SMALL}")
    assert (plan.size, plan.fixed) == (224, False)
    assert torch.allclose(torch.tensor([plan.mean, plan.std]), torch.stack([MEAN, STD]))
    assert blueprint("torchvision:vit_b_16").fixed


def test_a_model_of_one_size_scales_other_images_to_it_and_passes_gradients(monkeypatch):
    plan = Blueprint(lambda: nn.Sequential(nn.Flatten(), nn.Linear(3 * 8 * 8, 4)), (0.5,) * 3, (0.5,) * 3, 8, True)
    monkeypatch.setitem(libraries._BLUEPRINTS, "timm", lambda name: plan)
    model, _ = library_model("timm:any")
    x = PIXELS.clone().requires_grad_()
    model(x).sum().backward()
    assert (x.grad != 0).all()
    exact = torch.rand(2, 3, 8, 8)
    assert torch.equal(Resize(8)(exact), exact)
    assert model(torch.rand(2, 1, 8, 8)).shape == (2, 4)  # grey images become colour


def test_what_the_library_does_not_have_is_said_with_the_nearest_names():
    assert "'resnet81', but there is resnet" in complaint("torchvision:resnet81")
    assert "There is no torchvision classifier called ''" in complaint("torchvision:")


def test_a_library_that_is_not_there_is_said_with_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    assert complaint("timm:resnet18").endswith("pip install timm.")


def test_what_the_library_cannot_build_is_one_sentence(monkeypatch):
    def make(**_):
        raise RuntimeError("it needs\nanother package")

    plan = Blueprint(make, (0.5,), (0.5,), 8, False)
    monkeypatch.setitem(libraries._BLUEPRINTS, "timm", lambda name: plan)
    assert "timm:odd cannot be built (RuntimeError: it needs)" in complaint("timm:odd")


def test_timms_classifier_is_its_own_behind_its_normalisation(timm, tmp_path):
    theirs = timm.create_model("resnet10t", num_classes=5).eval()
    torch.save(theirs.state_dict(), tmp_path / "w.pth")
    ours = load(Custom("timm:resnet10t", str(tmp_path / "w.pth")), "cpu")
    plan = blueprint("timm:resnet10t")
    assert torch.equal(ours(PIXELS), theirs((PIXELS - _column(plan.mean)) / _column(plan.std)))


def test_timm_says_which_images_a_model_takes(timm):
    vit = blueprint("timm:vit_tiny_patch16_224")
    assert (vit.mean, vit.size, vit.fixed) == ((0.5, 0.5, 0.5), 224, True)
    assert blueprint("timm:resnet18.a1_in1k").size == 224
    assert not blueprint("timm:resnet18").fixed


@pytest.mark.parametrize("name", ["resnet19", "resnet18.nobody", "hf-hub:someone/model", "local-dir:/tmp", ""])
def test_what_timm_does_not_have_is_never_looked_for_elsewhere(timm, name):
    assert "There is no timm model called" in complaint(f"timm:{name}")


def _column(values):
    return torch.tensor(values).view(1, -1, 1, 1)
