"""How a folder of images is read, from the command line: its size, its labels, and what is said of both."""

import argparse
import json

import numpy as np
import pytest
from PIL import Image

from lab import catalogue
from lab.cli import options as shared, serve
from lab.cli.main import main
from lab.specs import Custom, Digits, Trained

pytestmark = pytest.mark.usefixtures("home")

POOLED = """
from torch import nn

def build():
    return nn.Sequential(nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(48, 1000))
"""


@pytest.fixture
def photographs(tmp_path):
    """A folder of two classes of ImageNet, in images of 40×50 pixels and one that is no image."""
    folder = tmp_path / "imgs"
    for part in ("train", "test"):
        for name in ("207", "281"):
            (folder / part / name).mkdir(parents=True)
            Image.new("RGB", (40, 50), (int(name) % 256, 90, 9)).save(folder / part / name / "0.png")
    (folder / "test" / "207" / "phone.heic").touch()
    return folder


def test_the_size_of_images_is_said_and_chosen(say, photographs, tmp_path, monkeypatch):
    (tmp_path / "pooled.py").write_text(POOLED)
    monkeypatch.syspath_prepend(tmp_path)
    line = f"attack --data {photographs} --model pooled:build --attack FGSM --images 2"
    sentences = ["The images of imgs are scaled to 32×32 pixels (--size N chooses another size)."]
    sentences += ["Labels: 0 = 207, 1 = 281 (--labels numbers takes the class folders' own)."]
    sentences += ["1 file is not read: test/207/phone.heic."]
    said = say(line)[1]
    assert all(each in said for each in sentences)
    found = json.loads(say(f"{line} --size 40 --labels numbers --json")[1])
    assert (found["data"]["size"], found["data"]["labels"]) == (40, "numbers")
    assert found["data_notes"][0].startswith("The images of imgs are scaled to 40×40 pixels")
    analysis = f"analyse Preview --data {photographs} --set images=0 --size 24"
    assert "The images of imgs are scaled to 24×24 pixels" in say(analysis)[1]
    monkeypatch.setenv("LAB_OWN_DATA", "")
    serve.offer_data(str(photographs), 48)
    assert ("imgs", (3, 48, 48)) in [(each.name, each.shape) for each in catalogue.data_sets()]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("attack --size 64", "--size and --labels apply to a folder of images: name it with --data."),
        ("attack --data digits --size 64", "--size is for a folder of images, but digits has images"),
        ("analyse Preview --labels numbers", "name it with --data"),
        ("attack --data {folder} --size 4", "must lie between 8 and 512 px, but is 4"),
        ("attack --data {folder} --size 10000", "must lie between 8 and 512 px, but is 10000"),
        ("train standard-training --data {folder}/test --name mine", "no training images: it serves for everything"),
        ("train --resume --name mine --size 32", "leave --data, --size, --seed, --set and --vary out"),
    ],
)
def test_a_size_for_what_is_no_folder_is_refused(say, photographs, words, refusal):
    code, out, err = say(words.format(folder=photographs))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert refusal in err


def test_a_folder_is_scaled_as_the_model_takes_it(photographs, monkeypatch):
    options = argparse.Namespace(size=None, labels=None)
    card = catalogue.ModelCard("mine", Trained("mine"), "run", shape=(3, 20, 20))
    monkeypatch.setattr("lab.cli.options.listed_models", lambda: [card])
    assert shared.data_set(options, str(photographs), [Trained("mine")]).size == 20
    assert shared.data_set(options, str(photographs), [Custom("nets:build")]).size == 32
    assert shared.data_set(options, "digits", [Trained("mine")]) == Digits()
    assert shared.data_set(options, str(photographs), [Custom("torchvision:inception_v3")]).size == 299
    options.size = 64
    assert shared.data_set(options, str(photographs), [Trained("mine")]).size == 64


@pytest.mark.parametrize(("labels", "said"), [((207, 281), False), ((0, 1), True), ((3, 7, 11), False)])
def test_labels_that_are_a_larger_models_own_numbers_raise_no_question(tmp_path, monkeypatch, capsys, labels, said):
    (tmp_path / "wide_outputs.py").write_text(
        "from torch import nn\nimport torch\ndef build():\n    torch.manual_seed(0)\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(36, 1000))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    y = np.repeat(labels, 6)
    np.savez(tmp_path / "few.npz", x_test=np.random.default_rng(0).random((len(y), 6, 6), np.float32), y_test=y)
    line = [
        "attack",
        "--data",
        str(tmp_path / "few.npz"),
        "--model",
        "wide_outputs:build",
        "--attack",
        "FGSM",
        "--json",
    ]
    assert main(line) == 0
    warnings = json.loads(capsys.readouterr().out)["health"]["warnings"]
    assert any("1000 outputs" in each for each in warnings) == said
