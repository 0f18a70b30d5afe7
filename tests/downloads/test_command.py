"""``data fetch``, ``list data`` and ``--download``: what is said, and what is where afterwards."""

import json

import numpy as np
import pytest
from PIL import Image

from lab.cli.main import main
from lab.context import Cancelled
from tests.downloads.test_data_sets import FIRST


def test_fetch_says_what_comes_from_where_and_where_it_is(folder, mirror, capsys):
    assert main(["list", "data", "--json"]) == 0
    before = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    host = mirror.address.removeprefix("http://")
    size = sum(len(data) for name, data in mirror.files.items() if name.endswith("ubyte.gz"))
    assert before["mnist"]["download"] == {"bytes": size, "host": host, "folder": str(folder)}
    assert before["digits"]["download"] is None
    assert main(["data", "fetch", "mnist", "cifar10", "digits"]) == 0
    shown = capsys.readouterr()
    assert shown.err.splitlines()[0] == f"Downloading MNIST, 0 MB, from {host} into {folder}."
    assert shown.out.splitlines()[:2] == [f"mnist: in {folder}/MNIST/raw", f"cifar10: in {folder}/cifar-10-batches-bin"]
    mirror.asked.clear()
    assert main(["data", "fetch", "mnist", "--json"]) == 0
    [record] = json.loads(capsys.readouterr().out)
    assert len(record["files"]) == 4
    assert mirror.asked == []


@pytest.mark.parametrize("name", ["course", "mine.npz", "photographs"])
def test_what_is_published_nowhere_is_not_fetched(folder, mirror, capsys, monkeypatch, tmp_path, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "course").mkdir()
    (tmp_path / "photographs/cat").mkdir(parents=True)
    Image.new("L", (8, 8)).save(tmp_path / "photographs/cat/1.png")
    np.savez(tmp_path / "mine.npz", x_test=np.zeros((2, 8, 8), np.uint8), y_test=np.zeros(2, int))
    assert main(["data", "fetch", name]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"'{name}' is not a data set that can be downloaded: name one of mnist, fashion-mnist,")
    assert mirror.asked == []


def test_the_list_says_which_are_here_and_which_can_be_fetched(folder, mirror, capsys):
    assert main(["data", "fetch", "cifar10"]) == 0
    capsys.readouterr()
    assert main(["list", "data"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert lines["cifar10"].endswith("ready")
    assert f"not here; data fetch svhn downloads 246 MB, from ufldl.stanford.edu into {folder}" in lines["svhn"]


def test_a_failed_fetch_is_one_sentence(folder, mirror, capsys):
    del mirror.files[FIRST]
    assert main(["data", "fetch", "mnist"]) == 2
    assert "MNIST cannot be downloaded" in capsys.readouterr().err.splitlines()[-1]
    assert main(["data", "fetch", "mnits"]) == 2
    assert "but there is mnist" in capsys.readouterr().err
    assert main(["data", "fetch", "photos"]) in (0, 2)  # 2, and how to install them, where the package is not


def test_download_serves_the_command_that_asks_for_it(folder, mirror, capsys):
    ask = ["attack", "--data", "mnist", "--model", "standard", "--attack", "FGSM", "--images", "2"]
    assert main(ask) == 2
    assert "data fetch mnist" in capsys.readouterr().err
    assert main([*ask, "--download"]) == 0
    assert "on 2 test images of MNIST" in capsys.readouterr().out


@pytest.mark.parametrize("stopped", [KeyboardInterrupt, Cancelled])
def test_an_interrupted_fetch_says_that_it_goes_on(folder, mirror, capsys, monkeypatch, stopped):
    def interrupted(*_):
        raise stopped

    monkeypatch.setattr("lab.downloads.data_sets.receive", interrupted)
    assert main(["data", "fetch", "mnist"]) == 130
    assert "was interrupted: what has arrived is kept, and the same command goes on" in capsys.readouterr().err
