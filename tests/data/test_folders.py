"""Folders of images: which file is read, which folder is which label, and what is said of the rest."""

import os
import unicodedata

import pytest
from PIL import Image

from lab import datafiles
from lab.data import load
from lab.datafiles import walk
from lab.errors import DataError
from lab.specs import ImageFolder


@pytest.fixture
def root(tmp_path):
    return tmp_path / "imgs"


def put(path, size=(8, 8), level=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, level).save(path)
    return path


def classes(root, *names, splits=("train", "test")):
    for split in splits:
        for level, name in enumerate(names):
            put(root / split / name / "a.png", level=level)


def spec(root, **fields):
    return ImageFolder(str(root), **({"size": 8} | fields))


def outline(root, **fields):
    return datafiles.outline(spec(root, **fields))


@pytest.mark.parametrize(
    ("names", "order"),
    [
        (("10", "9", "1", "2"), ("1", "2", "9", "10")),
        (("007", "08", "9", "10"), ("007", "08", "9", "10")),
        (("class10", "class2"), ("class10", "class2")),
        (("10", "9", "b"), ("10", "9", "b")),
        (("b", "A", "a"), ("A", "a", "b")),
        (("²", "10", "9"), ("10", "9", "²")),
    ],
)
def test_class_folders_called_by_numbers_count_in_their_order(root, names, order):
    classes(root, *names)
    data = load(spec(root))
    assert data.class_names == order
    assert [int(x[0, 0, 0]) for x in data.test.x] == [names.index(name) for name in order]
    assert data.test.y.tolist() == list(range(len(names)))


def test_what_lies_beside_the_classes_and_is_not_read_is_named(root):
    classes(root, "cat", "dog", splits=("train", "test", "val"))
    assert outline(root).notes[-1] == "1 folder is not read: val."
    put(root / "extra" / "cat" / "a.png")
    assert outline(root).notes[-1] == "2 folders are not read, such as extra."
    put(root / "stray.png")
    (root / "labels.csv").touch()
    assert outline(root).notes[-1] == "3 files and folders are not read, such as extra."


def test_what_the_labels_mean_is_said_unless_the_names_say_it(root):
    classes(root, "cat", "dog")
    assert "Labels: 0 = cat, 1 = dog." in load(spec(root)).notes
    classes(root / "digits", *map(str, range(12)))
    assert not [each for each in outline(root / "digits").notes if each.startswith("Labels")]
    classes(root / "many", *(f"c{i}" for i in range(10, 30)))
    assert "Labels: 0 = c10, 1 = c11, 2 = c12, …, 19 = c29." in outline(root / "many").notes


@pytest.mark.parametrize("layout", ["", "val", "test"])
def test_without_training_images_folders_called_by_numbers_with_gaps_are_the_labels(root, layout):
    classes(root, "281", "207", "9", splits=(layout,))
    data = load(spec(root))
    assert (data.test.y.tolist(), data.classes, len(data.train)) == ([9, 207, 281], 282, 0)
    assert (data.class_names[207], data.class_names[208]) == ("207", "208")
    assert outline(root).labels == (9, 207, 281)
    assert "Labels: the class folders' own numbers, such as 9 (--labels 'in order' counts them)." in data.notes
    assert load(spec(root, labels="in order")).test.y.tolist() == [0, 1, 2]


def test_with_training_images_classes_count_in_order_unless_numbers_are_asked_for(root):
    classes(root, "10", "5", "20")
    assert load(spec(root)).test.y.tolist() == [0, 1, 2]
    assert not outline(root).untrainable
    assert "Labels: 0 = 5, 1 = 10, 2 = 20 (--labels numbers takes the class folders' own)." in outline(root).notes
    data = load(spec(root, labels="numbers"))
    assert (data.test.y.tolist(), data.train.y.tolist()) == ([5, 10, 20], [5, 10, 20])
    assert "no training image of class 0" in outline(root, labels="numbers").untrainable
    classes(root, "x")
    with pytest.raises(DataError, match="must be called by different numbers below 100,000 to be labels"):
        load(spec(root, labels="numbers"))


@pytest.mark.parametrize("names", [("1", "2", "3"), ("20240101", "20250101"), ("1", "01", "7"), ("1" * 90, "2" * 80)])
def test_numbers_from_1_on_and_ones_that_are_no_class_numbers_count_in_order(root, names):
    classes(root, *names, splits=("test",))
    assert sorted(load(spec(root)).test.y.tolist()) == list(range(len(names)))


@pytest.mark.parametrize("split", ["val", "Test", "validation", "testing", "Eval"])
def test_a_folder_val_serves_as_test(root, split):
    classes(root, "a", "b", splits=({"Test": "Train", "testing": "training"}.get(split, "train"), split))
    data = load(spec(root))
    assert (len(data.train), len(data.test)) == (2, 2)


def test_classes_without_splits_serve_for_tests_only(root):
    classes(root, "cat", "dog", splits=("",))
    put(root / "train" / "locomotive.png")
    (root / "README.md").write_text("")
    (root / "notes" / "more").mkdir(parents=True)
    data = load(spec(root))
    assert (data.class_names, len(data.train), data.test.y.tolist()) == (("cat", "dog", "train"), 0, [0, 1, 2])
    assert data.train.x.shape == (0, 3, 8, 8)
    with pytest.raises(DataError, match="no training images: it serves for everything but training"):
        datafiles.require_trainable(spec(root))


HIDDEN = [".ipynb_checkpoints", "@eaDir", "__MACOSX", "#recycle", "lost+found", "$RECYCLE.BIN", ".trash", "@Recycle"]


@pytest.mark.parametrize("depth", ["", "train", "train/a", "train/a/deeper"])
def test_hidden_and_system_files_are_skipped_at_every_depth(root, depth):
    classes(root, "a", "b")
    put(root / "train/a/deeper/more.png")
    for name in HIDDEN:
        put(root / depth / name / "b" / "a.png")
    for name in ("._a.png", ".DS_Store", "Thumbs.db", "desktop.ini", ".hidden.png"):
        (root / depth / name).write_bytes(b"\0\5\26\7")
    data = load(spec(root))
    assert (len(data.train), len(data.test), data.class_names) == (3, 2, ("a", "b"))
    assert not [each for each in data.notes if "not read" in each]


def test_files_that_are_not_read_are_counted_and_named(root):
    classes(root, "a", "b")
    assert len(outline(root).notes) == 2
    (root / "train/a/phone.heic").write_bytes(b"")
    assert outline(root).notes[-1] == "1 file is not read: train/a/phone.heic."
    os.mkfifo(root / "train/a/pipe.png")
    (root / "test/b/gone.png").symlink_to("nowhere.png")
    (root / "test/b/loop.png").symlink_to("loop.png")
    put(root / "test/beside.png")
    assert load(spec(root)).notes[-1] == "5 files are not read, such as train/a/phone.heic."
    (root / "train/c").mkdir()
    (root / "train/c/x.heic").write_bytes(b"")
    with pytest.raises(DataError, match=r"train/c has no images \(1 not read, such as x\.heic\): add some"):
        load(spec(root))


def test_links_to_folders_are_followed_once(root, tmp_path):
    classes(root, "a", "b")
    put(tmp_path / "elsewhere" / "one.png")
    (root / "train/a/link").symlink_to(tmp_path / "elsewhere")
    (root / "train/a/again").symlink_to(tmp_path / "elsewhere")
    (root / "train/a/up").symlink_to(root / "train/a")
    (tmp_path / "elsewhere" / "round").symlink_to(tmp_path / "elsewhere")
    (root / "train/c").symlink_to(tmp_path / "elsewhere")
    data = load(spec(root))
    assert data.train.y.tolist() == [0, 0, 1, 2]


def test_a_folder_called_like_an_image_is_a_folder(root):
    classes(root, "a", "b")
    put(root / "train" / "a" / "x.png" / "inner.png")
    assert len(load(spec(root)).train) == 3


@pytest.mark.parametrize("name", ["a.jfif", "a.JPG", "a.webp", "a.avif", "a.TIFF", "a.jp2", "a.pbm"])
def test_every_ending_that_pillow_reads_is_read(root, name):
    classes(root, "a", "b")
    form = {".jfif": "JPEG", ".pbm": "PPM"}.get(name[1:].lower() and f".{name.rpartition('.')[2].lower()}")
    try:
        Image.new("L", (8, 8)).save(root / "train" / "a" / name, form)
    except (KeyError, ValueError, OSError):
        pytest.skip(f"this Pillow has no {name}")
    assert len(load(spec(root)).train) == 3


def test_composed_and_decomposed_names_are_one_class(root):
    composed, decomposed = (unicodedata.normalize(form, "café") for form in ("NFC", "NFD"))
    classes(root, decomposed, "b", splits=("train",))
    classes(root, composed, "b", splits=("test",))
    put(root / "train" / composed / "second.png")
    data = load(spec(root))
    assert data.class_names == ("b", composed)
    assert (data.train.y.tolist(), data.test.y.tolist()) == ([0, 1, 1], [0, 1])


@pytest.mark.parametrize(
    ("sizes", "natural"),
    [
        ([(28, 28)], 28),
        ([(224, 224)], 224),
        ([(256, 224), (500, 375)], 224),
        ([(256, 256)], 224),
        ([(200, 300), (130, 140)], 128),
        ([(10, 20), (300, 300)], 32),
        ([(100, 100), (100, 60)], 32),
        ([(4, 4)], 32),
        ([], 32),
    ],
)
def test_the_usual_size_enlarges_nothing(root, sizes, natural):
    (root / "a").mkdir(parents=True)
    for i, size in enumerate(sizes):
        put(root / "a" / f"{i}.png", size)
    assert datafiles.natural_size(root) == natural


def test_the_size_is_said(root):
    classes(root, "a", "b")
    assert (
        "The images of imgs are scaled to 12×12 pixels (--size N chooses another size)." in outline(root, size=12).notes
    )


def test_a_folder_of_data_sets_is_none_of_images(root, tmp_path):
    classes(root, "a", "b", splits=("",))
    assert datafiles.is_image_folder(root)
    (root / "mine.npz").write_bytes(b"")
    assert not datafiles.is_image_folder(root)
    assert not datafiles.is_image_folder(tmp_path / "nothing")
    classes(root, "a", splits=("train",))
    assert datafiles.is_image_folder(root)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: None, "There is no folder"),
        (lambda root: root.write_text(""), "There is no folder"),
        (lambda root: root.symlink_to(root), "There is no folder"),
        (lambda root: root.mkdir(), "has no images in CLASS folders"),
        (lambda root: put(root / "a.png"), "has no images in CLASS folders (1 not read, such as a.png)"),
        (lambda root: classes(root, "a", "b", splits=("train",)), "has no folder test or val"),
        (
            lambda root: put(root / "train/a/a.png") and put(root / "test" / ("z" * 250) / "a.png"),
            "is not a class of train",
        ),
    ],
)
def test_folders_without_classes_are_refused_in_one_sentence(root, make, words):
    make(root)
    with pytest.raises(DataError) as refusal:
        load(spec(root))
    assert words in str(refusal.value)
    assert len(str(refusal.value)) <= 300


def test_images_in_the_splits_themselves_are_refused(root):
    for split in ("train", "test"):
        put(root / split / "a.png")
    with pytest.raises(DataError, match=r"imgs has images in test and train themselves: .*test/CLASS"):
        outline(root)


@pytest.mark.parametrize(
    ("splits", "words"),
    [
        (("seg_train/seg_train", "seg_test/seg_test"), "has folders seg_test and seg_train, which sound like splits"),
        (("Train-Images", "val.images"), "has folders Train-Images and val.images, which sound like splits"),
        (("train_set",), "has folders train_set, which sound like splits"),
        (("download/train", "download/test"), "but download in it has train and test: name that"),
        (("a b/Training", "a b/Validation"), "but a b in it has train and test: name that"),
    ],
)
def test_splits_are_never_taken_for_classes(root, splits, words):
    classes(root, "cat", "dog", splits=splits)
    with pytest.raises(DataError) as refusal:
        outline(root)
    assert words in str(refusal.value)


@pytest.mark.parametrize("names", [("train", "plane"), ("tests", "trains"), ("rocket", "rocket_test")])
def test_classes_that_sound_like_splits_are_classes(root, names):
    classes(root, *names, splits=("",))
    assert set(outline(root).names) == set(names)
    classes(root, *names)
    assert set(outline(root).names) == set(names)


def test_a_class_without_images_is_named_as_its_split_is_written(root):
    classes(root, "cat", splits=("Train", "Test"))
    (root / "Train/dog").mkdir()
    (root / "Train/dog/readme.txt").touch()
    with pytest.raises(DataError, match=r"imgs/Train/dog has no images \(1 not read, such as readme.txt\)"):
        outline(root)


@pytest.mark.parametrize("deep", [False, True])
def test_a_folder_of_almost_everything_else_is_not_walked_to_its_end(root, monkeypatch, deep):
    monkeypatch.setattr(walk, "MOST_OTHERS", 20)
    put(root / "home/a.png")
    for number in range(30):
        other = root / "home" / (f"{number}/{number}" if deep else f"{number}.txt")
        other.parent.mkdir(parents=True, exist_ok=True)
        other.touch()
    with pytest.raises(
        DataError, match="home holds more than 20 folders and files that are not images, and few images"
    ):
        outline(root)


def test_many_images_are_no_reason_to_stop(root, monkeypatch):
    monkeypatch.setattr(walk, "MOST_OTHERS", 5)
    for number in range(10):
        put(root / "cat" / f"{number}.png")
    assert outline(root).n_test == 10


def test_a_whole_disk_has_a_name():
    assert datafiles.name_of(ImageFolder(os.sep)) == os.sep
