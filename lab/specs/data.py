"""Data sets, by name or by path. A published one is one class here: its row holds all that is known of it."""

import base64
import binascii
import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from lab.errors import FieldError, SpecError
from lab.specs.spec import Spec, family_of, param
from lab.specs.threat import in_grey_levels


@dataclass(frozen=True)
class DataSpec(Spec):
    """Images in [0, 1] with labels, split into training and test images."""

    wanted: ClassVar[str] = "data such as Digits(), or lab.live_data(x, y) for arrays of this process"


@dataclass(frozen=True)
class FileLayout:
    """Where a published data set's files lie: ``files``, in the order in which they are read, in one ``folder``.

    With ``packed`` each of them may also be packed with gzip, as ``NAME.gz``. ``part`` is how many training and test
    images they hold when that is not all: such files are read where nobody has put the whole.
    """

    folder: str
    files: tuple[str, ...]
    packed: bool = False
    part: tuple[int, int] | None = None


@dataclass(frozen=True)
class Download:
    """A file that is fetched for a published data set: its name behind a mirror's address, its MD5, its bytes."""

    name: str
    md5: str
    size: int


@dataclass(frozen=True)
class OpeningValues:
    """What requests on some data open with: their radius ``eps`` in L∞ and ``l2`` in L2; 0 leaves it to the request.

    ``large``: the images are photographs, whose perturbations are counted in steps of this ε, and of which one costs a
    model two hundred times what a digit does.
    """

    eps: float = 0.0
    large: bool = False
    l2: float = 0.0

    @property
    def grey_levels(self) -> float:
        """How many grey levels of 8 bits ``eps`` is, where it is written so (8/255 is, 0.1 is not), else 0."""
        return 255 * self.eps if in_grey_levels(self.eps) else 0.0


COLOUR_OPENING = OpeningValues(8 / 255, l2=0.5)
"""What requests on small colour images open with: Madry et al. 2017, §5, and RobustBench on CIFAR-10 and CIFAR-100."""


@dataclass(frozen=True)
class Publication:
    """Facts about a published data set that are known before any of its files is there.

    ``name`` on the command line and in lists; ``shape`` (channels, height, width) of an image; the names of the
    ``classes``, by label; ``layouts`` in which its files are found below ``LAB_DATA``; ``downloads``, which make up the
    first of these once unpacked, fetched from the first of ``mirrors`` that has them; ``remedy`` what to do when a file
    is missing that cannot be downloaded. ``opening`` is what requests on these data open with.
    """

    name: str
    shape: tuple[int, int, int]
    classes: tuple[str, ...]
    n_train: int
    n_test: int
    layouts: tuple[FileLayout, ...] = ()
    mirrors: tuple[str, ...] = ()
    downloads: tuple[Download, ...] = ()
    remedy: str = ""
    opening: OpeningValues = OpeningValues()

    def most_bytes(self, training_files: int = 1) -> int:
        """More than one of the files holds, unpacked, when the training images are in so many: else it is another."""
        images = max(self.n_train // training_files, self.n_test)
        return images * (math.prod(self.shape) + _BESIDE_PIXELS) + 2**20


_BESIDE_PIXELS = 64
"""Bytes for each image beside its pixels: its label, in the Python versions its name."""


@dataclass(frozen=True)
class PublishedData(DataSpec):
    """A data set of which everything is known beforehand: a subclass states it as ``published``, its row."""

    published: ClassVar[Publication]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(getattr(type(self), "published", None), Publication):
            raise SpecError(f"{type(self).__name__} states no files: give its class published = Publication(…).")


@dataclass(frozen=True)
class Digits(PublishedData, title="Digits"):
    """scikit-learn's 1,797 handwritten digits, enlarged to 28×28: embedded, so that nothing is downloaded."""

    published = Publication("digits", (1, 28, 28), tuple("0123456789"), 1437, 360)


@dataclass(frozen=True)
class IdxData(PublishedData):
    """Published in LeCun's IDX format: training images, their labels, test images, their labels; bytes."""


@dataclass(frozen=True)
class BatchData(PublishedData):
    """Published as Krizhevsky's batches, of which the last holds the test images.

    A file ``NAME.bin`` has a byte for the label and one for each pixel of every image; any other is of the Python
    version, a pickled dictionary of which ``data`` and ``labels``, or ``fine_labels``, are read. Nothing is unpickled.
    A part of the images may be in one ``NAME.npz`` instead, as custom data are.
    """


@dataclass(frozen=True)
class MatData(PublishedData):
    """Published as MATLAB files of training and test images: ``X`` (H, W, C, N) bytes, ``y`` their labels from 1 on.

    The last label stands for class 0.
    """


IDX_FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


@dataclass(frozen=True)
class MNIST(IdxData, title="MNIST"):
    """60,000 + 10,000 handwritten digits, 28×28, grey."""

    published = Publication(
        "mnist",
        (1, 28, 28),
        tuple("0123456789"),
        60_000,
        10_000,
        (FileLayout("MNIST/raw", IDX_FILES, packed=True),),
        ("https://ossci-datasets.s3.amazonaws.com/mnist/", "http://yann.lecun.com/exdb/mnist/"),
        (
            Download("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873", 9_912_422),
            Download("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432", 28_881),
            Download("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3", 1_648_877),
            Download("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c", 4_542),
        ),
    )


@dataclass(frozen=True)
class FashionMNIST(IdxData, title="Fashion-MNIST"):
    """60,000 + 10,000 pieces of clothing, 28×28, grey."""

    published = Publication(
        "fashion-mnist",
        (1, 28, 28),
        (
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag"),
            "Ankle boot",
        ),
        60_000,
        10_000,
        (FileLayout("FashionMNIST/raw", IDX_FILES, packed=True),),
        ("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        (
            Download("train-images-idx3-ubyte.gz", "8d4fb7e6c68d591d4c3dfef9ec88bf0d", 26_421_880),
            Download("train-labels-idx1-ubyte.gz", "25c81989df183df01b3e8a0aad5dffbe", 29_515),
            Download("t10k-images-idx3-ubyte.gz", "bef4ecab320f06d8554ea6380940ec79", 4_422_102),
            Download("t10k-labels-idx1-ubyte.gz", "bb300cfdad3c16e7a12a480ee83cd310", 5_148),
        ),
        opening=OpeningValues(0.1),  # what the models that ship were trained and are measured at
    )


_KRIZHEVSKY = ("https://www.cs.toronto.edu/~kriz/",)
_BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")


@dataclass(frozen=True)
class CIFAR10(BatchData, title="CIFAR-10"):
    """50,000 + 10,000 small photographs, 32×32, colour."""

    published = Publication(
        "cifar10",
        (3, 32, 32),
        ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        50_000,
        10_000,
        (
            FileLayout("cifar-10-batches-bin", tuple(f"{name}.bin" for name in _BATCHES)),
            FileLayout("cifar-10-batches-py", _BATCHES),
            FileLayout("", ("cifar10_10k_2k.npz",), part=(10_000, 2_000)),
        ),
        _KRIZHEVSKY,
        (Download("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 170_052_171),),
        opening=COLOUR_OPENING,
    )


@dataclass(frozen=True)
class CIFAR100(BatchData, title="CIFAR-100"):
    """50,000 + 10,000 small photographs of 100 classes, 32×32, colour."""

    published = Publication(
        "cifar100",
        (3, 32, 32),
        (
            *("apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle"),
            *("bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle"),
            *("chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur"),
            *("dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard"),
            *("lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle"),
            *("mountain", "mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear"),
            *("pickup_truck", "pine_tree", "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon"),
            *("ray", "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail"),
            *("snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone"),
            *("television", "tiger", "tractor", "train", "trout", "tulip", "turtle", "wardrobe", "whale"),
            *("willow_tree", "wolf", "woman", "worm"),
        ),
        50_000,
        10_000,
        (FileLayout("cifar-100-python", ("train", "test")),),
        _KRIZHEVSKY,
        (Download("cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85", 169_001_437),),
        opening=COLOUR_OPENING,
    )


_HOUSE_NUMBERS = ("train_32x32.mat", "test_32x32.mat")


@dataclass(frozen=True)
class SVHN(MatData, title="SVHN"):
    """73,257 + 26,032 digits from photographs of house numbers, 32×32, colour. Netzer et al. 2011."""

    published = Publication(
        "svhn",
        (3, 32, 32),
        tuple("0123456789"),
        73_257,
        26_032,
        (FileLayout("SVHN", _HOUSE_NUMBERS), FileLayout("", _HOUSE_NUMBERS)),
        ("http://ufldl.stanford.edu/housenumbers/",),
        (
            Download("train_32x32.mat", "e26dedcc434d2e4c54c9b2d4a06d8373", 182_040_794),
            Download("test_32x32.mat", "eb5a983be6a315427106f1b164d9cef3", 64_275_384),
        ),
        opening=COLOUR_OPENING,
    )


PHOTO_SIDE = 224
"""Height and width in pixels of the photographs' centre crop."""

PHOTO_EPS = 1 / 255
"""L∞ radius that photographs open with: the smallest change of a pixel that 8 bits can hold."""

PHOTO_OPENING = OpeningValues(PHOTO_EPS, large=True)
"""What requests on photographs open with."""

IMAGENET_CLASSES = tuple((Path(__file__).parent / "imagenet_classes.txt").read_text("utf-8").splitlines())
"""The names of ImageNet's 1,000 classes, by label, as torchvision has them."""


@dataclass(frozen=True)
class Photos(PublishedData, title="Photographs"):
    """20 of ImageNet's photographs with their labels, as foolbox's package holds them; for tests only.

    Of each the centre crop of 224×224 pixels after scaling it to a shorter side of 256 (bicubic). Russakovsky et al.
    2015.
    """

    published = Publication(
        "photos", (3, PHOTO_SIDE, PHOTO_SIDE), IMAGENET_CLASSES, 0, 20, remedy="install foolbox", opening=PHOTO_OPENING
    )
    labels: ClassVar[tuple[int, ...]] = (
        *(243, 559, 438, 990, 949, 853, 609, 609, 915, 455),
        *(541, 630, 741, 471, 129, 99, 251, 22, 317, 305),
    )
    """(20,) the label of each photograph, in their order."""


@dataclass(frozen=True)
class NpzFile(DataSpec, title=".npz file"):
    """Custom arrays in one .npz file: ``x_test, y_test`` and, to train on them, ``x_train, y_train``."""

    path: str = param("", meaning="the .npz file")


@dataclass(frozen=True)
class LiveData(DataSpec, title="Images of this notebook"):
    """Test images that a notebook or program holds, by the name it registered them under.

    Made by ``lab.live_data``. They can be read only in the process that registered them.
    """

    name: str = param("", meaning="name they were registered under in this process")
    sha256: str = param("", meaning="hash over images and labels")


@dataclass(frozen=True)
class ImageFolder(DataSpec, title="Folder of images"):
    """Custom images: ``train/CLASS/*.png`` and ``test/CLASS/*.png``, scaled to one size.

    Without train/, they serve for everything but training. Labels count the class folders in order; without train/,
    class folders called by numbers with gaps, such as those of some of ImageNet's classes, are labels themselves.
    """

    path: str = param("", meaning="the folder that holds train/ and test/")
    size: int = param(32, 8, 512, "height and width every image is scaled to", unit="px")
    labels: str = param(
        "automatic",
        choices=("automatic", "in order", "numbers"),
        meaning="number the class folders in order, or take the numbers in their names as labels",
    )


LABELLERS = ("efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2")
"""Models whose predictions can stand in for the labels of photographs that have none."""


@dataclass(frozen=True)
class UnlabelledFolder(DataSpec, title="Folder of photographs without labels"):
    """Custom photographs that lie in one folder, as centre crops of 224×224 pixels; for tests only.

    They have no labels: what a model of ImageNet's classes predicts on the clean image counts as the label, so
    that the clean accuracy of that model says nothing, and robust accuracy counts the predictions that stay.
    """

    path: str = param("", meaning="the folder that holds the photographs")
    labeller: str = param(LABELLERS[0], choices=LABELLERS, meaning="model whose clean prediction counts as the label")


DRAWING_SIDE = 28
"""Height and width in pixels of a drawing, and of the grey images that it can be added to."""


@dataclass(frozen=True)
class Drawn(DataSpec, title="Your drawing"):
    """A drawn digit or piece of clothing, as one more test image: the last one, behind those of a published data set.

    A visitor's only way of bringing pixels. They are in the spec itself, so that a link holds them, and are scaled and
    centred as the images of ``data`` are.
    """

    data: PublishedData = param(Digits(), meaning="data set whose test images it is added to")
    label: int = param(0, 0, 9, "the class that was drawn")
    pixels: str = param(
        "", meaning="28×28 bytes row by row, 255 for a full stroke, in URL-safe base64; none: nothing is drawn"
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        row = self.data.published
        if row.shape != (1, DRAWING_SIDE, DRAWING_SIDE) or self.label >= len(row.classes):
            raise FieldError(
                "Drawn", "data", f"has no grey images of {DRAWING_SIDE}×{DRAWING_SIDE} pixels for a drawing."
            )
        self.strokes()

    def strokes(self) -> bytes:
        """The (28 × 28) bytes of the pixels. Raises :class:`SpecError` when they are something else."""
        try:
            found = base64.b64decode(self.pixels, altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            found = b"?"
        if len(found) not in (0, DRAWING_SIDE**2):
            raise FieldError("Drawn", "pixels", f"must be {DRAWING_SIDE}×{DRAWING_SIDE} bytes in URL-safe base64.")
        return found or bytes(DRAWING_SIDE**2)


def without_drawing(spec: DataSpec) -> DataSpec:
    """The data set whose images a drawing was added to; a data set without one as it is."""
    return spec.data if isinstance(spec, Drawn) else spec


def published_data() -> list[PublishedData]:
    """Every published data set, in the order of definition."""
    return [kind() for kind in family_of(PublishedData)]
