"""The photographs, their models, and folders of photographs without labels."""

import hashlib
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.models import ResNet18_Weights

from lab import catalogue
from lab.catalogue import find_card, find_data, packaged
from lab.data import load
from lab.data.image_files import centre_crop
from lab.datafiles.packages import package_folder
from lab.errors import DataError, ModelError
from lab.models import build, load as load_model
from lab.pairing import fits, trained_elsewhere
from lab.specs import (
    EfficientNetLite,
    ImageFolder,
    Linf,
    LossSurface,
    Photos,
    Restarts,
    RobustnessCurves,
    Trained,
    UnlabelledFolder,
)
from lab.specs.data import IMAGENET_CLASSES, LABELLERS, PHOTO_OPENING, OpeningValues
from lab.specs.opening import opened
from lab.specs.surface import RandomSigns

NEEDED = ("foolbox", *(each.package for each in packaged.PACKAGED))
installed = pytest.mark.skipif(
    not all(map(package_folder, NEEDED)), reason="the extra `photos`, which brings the photographs, is not installed"
)
SIZES = [(300, 260), (224, 400)]


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Packages with 20 small photographs and the weights of a model that has never been trained."""
    data = tmp_path / "site" / "foolbox" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").touch()
    draws = np.random.default_rng(0)
    for number, label in enumerate(Photos.labels):
        pixels = draws.integers(0, 256, (40, 60, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(data / f"imagenet_{number:02d}_{label}.jpg")
    rows = []
    for row in packaged.PACKAGED[:1]:
        path = tmp_path / "site" / row.package / row.file
        path.parent.mkdir(parents=True)
        (path.parents[1] / "__init__.py").touch()
        torch.save(build(row.architecture, row.shape, row.classes).state_dict(), path)
        rows.append(replace(row, sha256=hashlib.sha256(path.read_bytes()).hexdigest()))
    monkeypatch.setattr(packaged, "PACKAGED", tuple(rows))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), *sys.path])
    return tmp_path / "site"


@pytest.fixture
def absent(monkeypatch):
    """No package is installed."""
    for module in ("lab.catalogue.packaged", "lab.datafiles.packages"):
        monkeypatch.setattr(f"{module}.package_folder", lambda _: None)


def folder_of_photos(path):
    for number, size in enumerate(SIZES):
        Image.effect_noise(size, 80).convert("RGB").save(path / f"{number}.png")
    return path


def test_the_class_names_are_torchvisions():
    assert list(IMAGENET_CLASSES) == ResNet18_Weights.DEFAULT.meta["categories"]


def test_a_label_of_each_photograph_is_in_its_files_name(fake):
    data = load(Photos())
    assert data.test.y.tolist() == list(Photos.labels)
    assert data.shape == (3, 224, 224)
    assert (data.classes, len(data.train)) == (1000, 0)
    assert data.class_names[data.test.y[9]] == "bottlecap"


def test_a_photograph_is_its_centre_crop():
    """Of a picture that is red but for its middle square, nothing red is left, and nothing is squeezed."""
    picture = np.zeros((256, 512, 3), np.uint8)
    picture[..., 0] = 255
    picture[16:240, 144:368] = (0, 255, 0)
    crop = np.asarray(centre_crop(Image.fromarray(picture), 224))
    assert crop.shape == (224, 224, 3)
    assert (crop == (0, 255, 0)).all()


def test_nothing_can_be_trained_on_photographs(fake):
    card = next(each for each in catalogue.data_sets() if each.name == "photos")
    assert card.available
    assert card.untrainable == "photos has no training images: it serves for everything but training."
    assert "224×224" in card.notes[0]


def test_a_model_of_a_package_is_listed_and_loaded(fake):
    card = find_card("efficientnet-lite0")
    assert (card.origin, card.data, card.shape, card.classes) == ("package", "photos", (3, 224, 224), 1000)
    with torch.no_grad():
        assert load_model(Trained("efficientnet-lite0"))(torch.rand(1, 3, 224, 224)).shape == (1, 1000)


def test_other_weights_than_the_published_ones_are_refused(fake):
    row = packaged.PACKAGED[0]
    with (fake / row.package / row.file).open("ab") as file:
        file.write(b"more")
    with pytest.raises(ModelError, match="install its package again"):
        load_model(Trained("efficientnet-lite0"))


def test_without_its_package_a_model_says_how_to_install_it(absent):
    assert not [each for each in catalogue.models() if each.origin == "package"]
    with pytest.raises(ModelError, match=r"which is not installed: pip install 'adversarial-robustness-lab\[photos\]'"):
        find_card("efficientnet-lite1")


def test_without_their_package_photographs_say_how_to_install_them(absent):
    with pytest.raises(DataError, match=r"which is not installed: pip install 'adversarial-robustness-lab\[photos\]'"):
        load(Photos())
    card = next(each for each in catalogue.data_sets() if each.name == "photos")
    assert not card.available
    assert "make install PHOTOS=1" in card.note


def test_photographs_without_labels_have_the_models_predictions(fake, tmp_path):
    (tmp_path / "mine").mkdir()
    spec = find_data(str(folder_of_photos(tmp_path / "mine")))
    assert spec == UnlabelledFolder(str(tmp_path / "mine"))
    data = load(spec)
    with torch.no_grad():
        predicted = load_model(Trained(LABELLERS[0]), "cpu")(data.test.images(slice(None))).argmax(1)
    assert data.test.y.tolist() == predicted.tolist()
    assert any("no labels: what efficientnet-lite0 predicts" in note for note in data.notes)


def test_a_model_of_photographs_is_at_home_on_a_folder_of_them(fake, tmp_path, monkeypatch):
    (tmp_path / "mine").mkdir()
    monkeypatch.setenv("LAB_OWN_DATA", f'["{folder_of_photos(tmp_path / "mine")}"]')
    card = next(each for each in catalogue.data_sets() if each.name == "mine")
    assert fits(find_card("efficientnet-lite0"), card)
    assert trained_elsewhere(find_card("efficientnet-lite0"), card.spec) == ""


def test_a_folder_of_classes_keeps_its_labels(tmp_path):
    (tmp_path / "7").mkdir()
    folder_of_photos(tmp_path / "7")
    assert isinstance(find_data(str(tmp_path)), ImageFolder)


def test_photographs_without_labels_take_no_size(tmp_path):
    with pytest.raises(DataError, match="put them into CLASS folders to choose --size"):
        find_data(str(folder_of_photos(tmp_path)), size=64)


def test_requests_on_photographs_open_in_steps_of_one_grey_level():
    assert opened(Restarts(), PHOTO_OPENING).ball == Linf(1 / 255)
    swept = opened(RobustnessCurves(), PHOTO_OPENING)
    assert np.allclose(np.diff(swept.eps), 1 / 255)
    assert opened(Restarts(), OpeningValues()) == Restarts()
    assert opened(LossSurface(), PHOTO_OPENING).across == RandomSigns()


@installed
@pytest.mark.parametrize("row", packaged.PACKAGED, ids=lambda each: each.name)
def test_the_recorded_accuracy_is_that_on_the_labelled_photographs(row):
    test = load(Photos()).test
    with torch.no_grad():
        right = load_model(Trained(row.name), "cpu")(test.images(slice(None))).argmax(1) == test.y
    assert right.double().mean().item() == pytest.approx(row.clean)


def test_images_of_any_size_are_padded_as_tensorflow_does():
    """An even side loses half its pixels with one zero on the right, an odd one with one zero on either side."""
    network = build(EfficientNetLite(), (1, 8, 8), 3)
    stem = network._conv_stem
    torch.nn.init.ones_(stem.weight)
    assert stem(torch.ones(1, 1, 4, 4))[0, 0].tolist() == [[9, 6], [6, 4]]
    assert stem(torch.ones(1, 1, 3, 3))[0, 0].tolist() == [[4, 4], [4, 4]]
