"""A file that is no data set is called by what it is, with the way to one."""

import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path

import pytest
import torch
from PIL import Image

from lab import catalogue, datafiles
from lab.data import load
from lab.specs import ImageFolder, NpzFile
from tests.data.npz_files import X, array, written
from tests.data.refused import refusal


def test_a_file_that_may_not_be_read_is_not_called_damaged(folder, monkeypatch):
    """Simulated, because whoever runs the tests may read everything."""
    picture = folder / "imgs" / "test" / "a" / "picture.png"
    picture.parent.mkdir(parents=True)
    Image.new("L", (8, 8)).save(picture)
    written(folder / "mine.npz")
    opened = Path.open

    def refuse(path, *rest, **options):
        if path.name in ("mine.npz", "picture.png"):
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *rest, **options)

    monkeypatch.setattr(Path, "open", refuse)
    for name, spec in (
        ("mine.npz", NpzFile(str(folder / "mine.npz"))),
        ("picture.png", ImageFolder(str(folder / "imgs"))),
    ):
        assert "cannot be read (Permission denied)" in refusal(lambda spec=spec: load(spec), name)


FOREIGN = {
    b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n": "fetch it with 'git lfs pull'",
    b"<!DOCTYPE html><html>404": "is a web page",
    b"\x1f\x8b\x08": "is packed with gzip",
}


@pytest.mark.parametrize(("content", "words"), FOREIGN.items(), ids=FOREIGN.values())
def test_a_file_that_is_something_else_is_called_by_what_it_is(folder, content, words):
    (folder / "mine.npz").write_bytes(content)
    assert words in refusal(lambda: datafiles.outline(NpzFile(str(folder / "mine.npz"))), "mine.npz")
    picture = folder / "imgs" / "test" / "a" / "picture.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(content)
    assert words in refusal(lambda: load(ImageFolder(str(folder / "imgs"), size=8)), "picture.png")


def test_arrays_are_read_by_content_and_what_is_no_data_set_is_said_to_be_none(folder):
    for name in ("MINE.NPZ", "mine", "mine.npz.bak"):
        assert datafiles.outline(catalogue.find_data(str(written(folder / name)))).n_test == 6
    os.mkfifo(folder / "pipe")
    os.symlink(folder / "gone", folder / "link")
    for name, words in (
        ("pipe", "is a named pipe, not a file"),
        ("link", "it is a link to "),
        ("gone/imgs", "There is no file or folder "),
        ("https://example.org/mine.npz", "is an address: download it"),
    ):
        where = name if "://" in name else str(folder / name)
        assert words in refusal(lambda where=where: catalogue.find_data(where), name)


def table(text, encoding="utf-8"):
    return text.encode(encoding)


def zipped(*names):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return file.getvalue()


def tarred():
    file = io.BytesIO()
    tarfile.open(fileobj=file, mode="w").close()
    header = tarfile.TarInfo("a.png").tobuf()
    return header + file.getvalue()


def encoded(form):
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, form)
    return file.getvalue()


def saved_by_torch(**options):
    file = io.BytesIO()
    torch.save({"x": torch.zeros(2, 8, 8)}, file, **options)
    return file.getvalue()


OTHER_KINDS = {
    "table.csv": (table("label,pixel\n0,255\n"), "text: read it with pandas.read_csv"),
    "excel.csv": (table("étiquette;ε\n" * 900, "utf-8-sig"), "text: read it with pandas.read_csv"),
    "wide.csv": (table("label\t1\n", "utf-16"), "text: read it with pandas.read_csv"),
    "records.json": (table('{"x": [1]}'), "text: read it with json.load"),
    "images.h5": (b"\x89HDF\r\n\x1a\n" + bytes(90), "an HDF5 file: read it with h5py"),
    "images.parquet": (b"PAR1" + bytes(90) + b"PAR1", "a Parquet file: read it with pandas.read_parquet"),
    "images.mat": (b"MATLAB 5.0 MAT-file".ljust(128), "a MATLAB file: read it with scipy.io.loadmat"),
    "new.mat": (b"MATLAB 7.3 MAT-file".ljust(512), "a MATLAB file of version 7.3: read it with h5py"),
    "bare.npy": (array(X), "one bare array: read it with numpy.load"),
    "images.pt": (saved_by_torch(), "a PyTorch file: read it with torch.load"),
    "old.pt": (saved_by_torch(_use_new_zipfile_serialization=False), "a PyTorch file: read it with torch.load"),
    "images.pkl": (pickle.dumps({"x": X}), "a pickle: read it with the program that wrote it"),
    "images.safetensors": (b"\x02" + bytes(7) + b"{}", "a safetensors file: read it with safetensors"),
    "images.idx3-ubyte": (bytes([0, 0, 8, 3, 0, 0, 0, 2]) + bytes(90), "an IDX file, as MNIST's are"),
    "images.zip": (zipped("train/a/1.png"), "an archive: unpack it"),
    "sheet.xlsx": (zipped("xl/workbook.xml"), "an Excel workbook: read it with pandas.read_excel"),
    "images.tar": (tarred(), "an archive: unpack it"),
    "images.7z": (b"7z\xbc\xaf'\x1c" + bytes(90), "an archive: unpack it"),
    "one.png": (encoded("PNG"), "one image: put it into a folder"),
    "one.webp": (encoded("WEBP"), "one image: put it into a folder"),
    "nothing.csv": (b"", "empty: name another"),
    "films.mp4": (b"\0\0\0\x18ftypmp42" + bytes(range(256)), "save the images as x_test"),
}


@pytest.mark.parametrize("name", OTHER_KINDS)
def test_a_file_of_another_kind_is_called_by_it_with_the_way_to_a_data_set(folder, name):
    content, words = OTHER_KINDS[name]
    (folder / name).write_bytes(content)
    sentence = refusal(lambda: datafiles.outline(catalogue.find_data(str(folder / name))), name)
    assert words in sentence
    assert "Traceback" not in sentence
    for cut in (len(content) // 2, len(content) - 9):
        (folder / name).write_bytes(
            content[:cut] + content[cut + 1 :]
        )  # damaged, it is refused in a sentence all the same
        refusal(lambda: datafiles.outline(catalogue.find_data(str(folder / name))), name)
    if not words.startswith(("text", "empty", "save")):
        (folder / "mine.npz").write_bytes(content)
        assert words in refusal(lambda: datafiles.outline(NpzFile(str(folder / "mine.npz"))), "mine.npz")
