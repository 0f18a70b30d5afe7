"""No file and no name takes the list of data sets down."""

import json
import os
import socket

import pytest
from PIL import Image

from lab import catalogue
from lab.data import load
from lab.specs import ImageFolder, NpzFile, Preview
from lab.specs.data import published_data
from lab.specs.spec import from_json, key, to_json
from tests.data.npz_files import LIES, written
from tests.data.refused import refusal, within

pytestmark = pytest.mark.usefixtures("folder")
LATIN = os.fsdecode(b"caf\xe9")


def hostile(folder):
    """One of each kind, by name."""
    (folder / "loop.npz").symlink_to("loop.npz")
    (folder / "round.npz").symlink_to("back.npz")
    (folder / "back.npz").symlink_to("round.npz")
    (folder / "gone.npz").symlink_to("nowhere.npz")
    os.mkfifo(folder / "pipe.npz")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(folder / "socket.npz"))
    (folder / "device.npz").symlink_to("/dev/zero")
    (folder / "empty.npz").touch()
    written(folder / "lies.npz", y_train=LIES["huge"])
    (folder / ("n" * 250 + ".npz")).write_bytes(b"PK\3\4")
    (folder / "two\nlines.npz").write_bytes(b"PK\3\4")
    (folder / f"{LATIN}.npz").write_bytes(b"PK\3\4")
    return 12


def test_no_file_takes_the_list_of_data_sets_down(folder):
    count = hostile(folder)
    (folder / "folder.npz").mkdir()
    (folder / "._mac.npz").write_bytes(b"\0\5\26\7")
    written(folder / "good.npz")
    cards = within(20, catalogue.data_sets)
    assert [each.name for each in cards if each.available] == ["digits", "good"]
    damaged = [each for each in cards if each.spec not in published_data()]
    assert len(damaged) == count + 1
    for card in damaged:
        assert len(card.note) <= 300
        assert (card.name + card.note).isprintable()
        json.dumps(card.note).encode()
    for card in damaged:
        if not card.available:
            refusal(lambda card=card: load(card.spec), "npz")


def test_names_that_are_not_utf8_are_data_sets_like_others(folder, tmp_path):
    path = written(folder / f"{LATIN}.npz")
    images = tmp_path / LATIN
    for part in ("train", "test"):
        for name in (LATIN, "b"):
            (images / part / name).mkdir(parents=True)
            Image.new("L", (8, 8)).save(images / part / name / f"{LATIN}.png")
    for spec in (NpzFile(str(path)), ImageFolder(str(images), size=8)):
        assert load(spec).name == "caf\\xe9"
        assert key(Preview(data=spec), *catalogue.fingerprints(Preview(data=spec)))
        assert from_json(to_json(spec)) == spec
        assert catalogue.find_data(spec.path, *([8] if isinstance(spec, ImageFolder) else [])) == spec
    assert load(ImageFolder(str(images), size=8)).class_names == ("b", "caf\\xe9")
    (images / "train" / LATIN / f"{LATIN}.png").write_bytes(b"")
    refusal(lambda: load(ImageFolder(str(images), size=8)), "caf\\xe9.png cannot be decoded as an image")


def denied(_):
    raise PermissionError(13, "Permission denied")  # which root, who may run the tests, never meets


@pytest.mark.parametrize("kind", ["loop", "pipe", "file", "unreadable"])
def test_a_folder_of_data_sets_that_is_none_leaves_the_digits(tmp_path, monkeypatch, kind):
    place = tmp_path / kind
    if kind == "loop":
        place.symlink_to(place)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "file":
        place.touch()
    else:
        place.mkdir()
        monkeypatch.setattr(os, "scandir", denied)
    monkeypatch.setenv("LAB_DATA", str(place))
    assert "digits" in [each.name for each in within(20, catalogue.data_sets) if each.available]
    [sentence] = catalogue.data_problems()
    assert place.name in sentence


@pytest.mark.parametrize(
    "text", ["{", "3", "[3]", "null", '[{"spec": "PGD"}]', '["~no-such-user/x.npz"]', "[" * 100_000]
)
def test_what_a_server_offers_must_be_data_sets(monkeypatch, text):
    monkeypatch.setenv("LAB_OWN_DATA", text)
    refusal(catalogue.data_sets, "LAB_OWN_DATA should be a JSON list of paths")
