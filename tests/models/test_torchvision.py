"""torchvision's classifiers, and their weights when they have been fetched."""

import hashlib
import json
import re
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torchvision import models

from lab import catalogue
from lab.errors import ModelError
from lab.models import Dropout, build, embed, load, pretrained, torchvision_classifiers
from lab.models.build import blank
from lab.models.pretrained import fetch_pretrained
from lab.specs import Torchvision, Trained, to_dict

SMALL = "shufflenet_v2_x0_5"
PIXELS = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def ours(name=SMALL, classes=1000):
    return build(Torchvision(name), (3, 64, 64), classes, torch.Generator().manual_seed(1)).eval()


def theirs(name=SMALL, classes=1000):
    """torchvision's own network, with the same weights."""
    with torch.device("meta"):
        network = models.get_model(name, num_classes=classes)
    network.load_state_dict(ours(name, classes)[1].state_dict(), assign=True)
    return network.eval()


def publish(monkeypatch, path, name=SMALL):
    """Let torchvision's weights be found in a file, under the name that its content gives it."""
    named = path.with_name(f"{name}-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.pth")
    path.rename(named)
    real = models.get_model_weights(name).DEFAULT
    default = SimpleNamespace(url=named.as_uri(), meta=real.meta, transforms=real.transforms)
    monkeypatch.setattr(models, "get_model_weights", lambda _: SimpleNamespace(DEFAULT=default))
    return named


@pytest.mark.parametrize("name", ["resnet18", "vgg11", "mobilenet_v3_small", "googlenet", "vit_b_32", "swin_t"])
def test_the_sizes_are_the_published_ones(name):
    published = models.get_model_weights(name).DEFAULT.meta["num_params"]
    assert sum(each.numel() for each in blank(Torchvision(name), (3, 224, 224), 1000).parameters()) == published


def test_pixels_are_standardised_as_torchvision_does():
    network = ours()
    preset = models.get_model_weights(SMALL).DEFAULT.transforms()
    mean, std = (torch.tensor(each).view(1, 3, 1, 1) for each in (preset.mean, preset.std))
    embedding, logits = embed(network, PIXELS)
    torch.testing.assert_close(logits, theirs()((PIXELS - mean) / std))
    assert torch.equal(network[1].fc(embedding), logits)


def test_grey_images_are_seen_in_three_equal_channels():
    network = build(Torchvision(SMALL), (1, 64, 64)).eval()
    grey = PIXELS[:, :1]
    torch.testing.assert_close(network(grey), network(grey.expand(-1, 3, -1, -1)))


def test_no_auxiliary_classifier_speaks_in_training():
    network = blank(Torchvision("googlenet"), (3, 64, 64), 10).train()
    assert network(torch.empty(2, 3, 64, 64, device="meta")).shape == (2, 10)


def test_dropout_can_be_given_a_generator():
    kinds = {type(each) for each in blank(Torchvision("alexnet"), (3, 64, 64), 10).modules()}
    assert Dropout in kinds
    assert nn.Dropout not in kinds


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        (
            "resnet81",
            (3, 64, 64),
            "'resnet81' is not one of torchvision's classifiers that the lab can build: there is",
        ),
        ("__import__", (3, 64, 64), "see torchvision.models"),
        ("regnet_x_8gf", (3, 64, 64), "that the lab can build"),
        ("alexnet", (3, 16, 16), "cannot be built for images of shape (3, 16, 16)"),
        ("vit_b_16", (3, 30, 30), "cannot be built for images of shape (3, 30, 30)"),
        (SMALL, (2, 64, 64), "cannot be built for images of shape (2, 64, 64)"),
        ("vit_b_32", (3, 32, 32), "There is no rule to initialise 1 (VisionTransformer): choose an architecture of "),
    ],
)
def test_what_cannot_be_built_is_said(name, shape, words):
    with pytest.raises(ModelError, match=re.escape(words)):
        build(Torchvision(name), shape)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "zipped"), [(SMALL, True), (SMALL, False), ("mnasnet0_5", True)])
def test_fetched_weights_stand_in_the_list_and_classify(home, tmp_path, monkeypatch, name, zipped):
    state = theirs(name).state_dict()
    state["aux1.conv.weight"] = torch.zeros(1)
    torch.save(state, tmp_path / "w.pth", _use_new_zipfile_serialization=zipped)
    published = publish(monkeypatch, tmp_path / "w.pth", name)
    folder = fetch_pretrained(name)
    assert sorted(each.name for each in folder.iterdir()) == ["card.json", "weights.safetensors"]
    assert [each.name for each in folder.parent.iterdir()] == [name]
    card = catalogue.find_card(name)
    assert (card.origin, card.data, card.shape, card.classes) == ("torchvision", "imagenet", (3, 224, 224), 1000)
    assert card.measured == {}
    assert json.loads((folder / "card.json").read_text())["architecture"] == to_dict(Torchvision(name))
    assert torch.equal(load(Trained(name), "cpu")(PIXELS), ours(name)(PIXELS))
    published.unlink()
    assert fetch_pretrained(name) == folder  # nothing is asked again


def test_what_was_not_published_is_not_kept(home, tmp_path, monkeypatch):
    def refused():
        with pytest.raises(ModelError) as found:
            fetch_pretrained(SMALL)
        assert not list((home / "pretrained").iterdir())
        assert catalogue.problems() == []
        return str(found.value)

    torch.save(theirs().state_dict(), tmp_path / "w.pth")
    published = publish(monkeypatch, tmp_path / "w.pth")
    content = published.read_bytes()
    published.write_bytes(content[:-1] + b"x")
    assert "is not the published file" in refused()
    published.unlink()
    assert "cannot be downloaded" in refused()
    torch.save(theirs(), tmp_path / "w.pth")
    publish(monkeypatch, tmp_path / "w.pth")
    assert "nothing is unpickled here" in refused()
    torch.save(theirs(classes=7).state_dict(), tmp_path / "w.pth")
    publish(monkeypatch, tmp_path / "w.pth")
    assert "do not fit this version of torchvision" in refused()
    with pytest.raises(ModelError, match="resnet18"):
        fetch_pretrained("resnet81")


def test_old_densenet_weights_have_todays_names():
    with torch.device("meta"):
        names = list(models.densenet121().state_dict())
    old = [re.sub(r"(denselayer\d+\.(?:norm|conv))([12])\.", r"\1.\2.", each) for each in names]
    assert old != names
    assert [pretrained._OLD_DENSENET.sub(pretrained._AS_TODAY, each) for each in old] == names


def test_every_published_file_names_its_hash():
    names = [each for each in models.list_models(module=models) if not each.startswith("regnet")]
    for name in names:
        torchvision_classifiers.check_name(name)
        assert re.search(r"-[0-9a-f]{8,}\.pth$", models.get_model_weights(name).DEFAULT.url)
